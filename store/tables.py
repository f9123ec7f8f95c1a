"""The tables. Moments are integer microseconds since the epoch, UTC; ids of records and profiles are integers."""

from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Double,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from store.statuses import (
    BEING_REVOKED,
    BULK_RUNNING,
    OPEN_LITERALS,
    PENDING,
    QUARANTINED,
    QUEUED,
    RUNNING,
    UNSENT,
)

#: A JSON document that SQL may look into.
Json = JSON().with_variant(JSONB(), "postgresql")
#: Row ids: SQLite counts up only in INTEGER keys.
RowId = BigInteger().with_variant(Integer(), "sqlite")


def table(model: type[SQLModel]) -> Table:
    """The Core table of a table model."""
    core: Table = model.__table__  # type: ignore[attr-defined]
    return core


def _moment(*, null: bool = False) -> Any:
    return Field(default=None if null else ..., sa_type=BigInteger, nullable=null)


def _text(*, null: bool = False) -> Any:
    return Field(default=None if null else ..., sa_type=Text, nullable=null)


def _partial(name: str, *columns: str, where: str) -> Index:
    """An index of the rows for which a test holds."""
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


#: Ids of erased records are not given to others.
_NEVER_AGAIN = {"sqlite_autoincrement": True}


class Meta(SQLModel, table=True):
    """Facts about the installation: its number of shards, whether new starts are held, counters."""

    __tablename__: ClassVar[Any] = "meta"
    key: str = Field(primary_key=True, sa_type=Text)
    value: str = _text()


class Shard(SQLModel, table=True):
    """One row to lock per shard: who holds it is the only writer of the shard's scores.

    `version` grows with every transaction that held it, so that what was read before can be known to be still so.
    """

    __tablename__: ClassVar[Any] = "shards"
    id: int = Field(primary_key=True, sa_type=Integer, sa_column_kwargs={"autoincrement": False})
    version: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": "0"})


class Contact(SQLModel, table=True):
    """`touched`: above 0 when fields have changed since the last scoring; one more than the depth of the change.
    `before_touch`: what those fields held then, by the names that conditions have for them.

    `merged_into`: the contact that has taken over all of this one; its key is an alias, and nothing else is left.
    `search`, `email_folded` and `key_folded` are made by `store.search` of key, name and e-mail.
    """

    __tablename__: ClassVar[Any] = "contacts"
    __table_args__: ClassVar[Any] = (
        _partial("ix_contacts_touched", "shard", "id", where="touched > 0"),
        Index("ix_contacts_shard", "shard", "id"),
        _partial("ix_contacts_email_folded", "email_folded", "id", where="email_folded IS NOT NULL"),
        _partial("ix_contacts_key_folded", "key_folded", "id", where="key_folded IS NOT NULL"),
        _partial("ix_contacts_owner", "owner", "id", where="owner IS NOT NULL"),
        _partial("ix_contacts_stage", "stage", "id", where="stage IS NOT NULL"),
        _partial("ix_contacts_merged", "merged_into", where="merged_into IS NOT NULL"),
        _NEVER_AGAIN,
    )
    id: int | None = Field(default=None, sa_column=Column(RowId, primary_key=True, autoincrement=True))
    key: str = Field(sa_type=Text, unique=True)
    shard: int
    name: str | None = _text(null=True)
    email: str | None = _text(null=True)
    phone: str | None = _text(null=True)
    stage: str | None = _text(null=True)
    owner: str | None = _text(null=True)
    tags: list[str] = Field(sa_type=Json)
    dnd: list[str] | str = Field(sa_type=Json)
    fields: dict[str, Any] = Field(sa_type=Json)
    created_at: int = _moment()
    updated_at: int = _moment()
    touched: int = Field(default=0, sa_type=SmallInteger)
    before_touch: dict[str, Any] | None = Field(default=None, sa_type=Json, nullable=True)
    merged_into: int | None = Field(default=None, sa_type=BigInteger)
    search: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": ""})
    email_folded: str | None = _text(null=True)
    key_folded: str | None = _text(null=True)


class Deal(SQLModel, table=True):
    """`shard` is that of its contact. `touched` as of contacts. `search` is made by `store.search`."""

    __tablename__: ClassVar[Any] = "deals"
    __table_args__: ClassVar[Any] = (
        _partial("ix_deals_touched", "shard", "id", where="touched > 0"),
        Index("ix_deals_shard", "shard", "id"),
        Index("ix_deals_contact", "contact_id", "id"),
        _partial("ix_deals_owner", "owner", "id", where="owner IS NOT NULL"),
        _partial("ix_deals_stage", "stage", "id", where="stage IS NOT NULL"),
        _NEVER_AGAIN,
    )
    id: int | None = Field(default=None, sa_column=Column(RowId, primary_key=True, autoincrement=True))
    key: str = Field(sa_type=Text, unique=True)
    contact_id: int = Field(sa_type=BigInteger)
    shard: int
    name: str | None = _text(null=True)
    pipeline: str | None = _text(null=True)
    stage: str | None = _text(null=True)
    status: str = _text()
    value: float | None = Field(default=None, sa_type=Double)
    currency: str | None = _text(null=True)
    owner: str | None = _text(null=True)
    tags: list[str] = Field(default=[], sa_type=Json, sa_column_kwargs={"server_default": "[]"})
    fields: dict[str, Any] = Field(sa_type=Json)
    created_at: int = _moment()
    updated_at: int = _moment()
    touched: int = Field(default=0, sa_type=SmallInteger)
    before_touch: dict[str, Any] | None = Field(default=None, sa_type=Json, nullable=True)
    search: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": ""})


class Event(SQLModel, table=True):
    """`properties` is JSON text. `depth`: how many follow-ups led here. `source`: the import that it came with;
    `brought_by`: what else brought it with others, see `runtime.beginnings`.
    """

    __tablename__: ClassVar[Any] = "events"
    __table_args__ = (
        Index("ix_events_contact", "contact_id", "occurred_at", "id"),
        _partial("ix_events_pending", "shard", "received_at", "id", where=f"status = {PENDING}"),
        _partial("ix_events_quarantined", "id", where=f"status = {QUARANTINED}"),
        _partial("ix_events_revoking", "shard", "revoked_at", "id", where=BEING_REVOKED),
        _partial("ix_events_deal", "deal_id", "occurred_at", "id", where="deal_id IS NOT NULL"),
        _partial("ix_events_source", "source", "id", where="source IS NOT NULL"),
    )
    id: str = Field(primary_key=True, sa_type=Text)
    contact_id: int = Field(sa_type=BigInteger)
    deal_id: int | None = Field(default=None, sa_type=BigInteger)
    shard: int
    type: str = _text()
    occurred_at: int = _moment()
    received_at: int = _moment()
    properties: str = _text()
    status: int = Field(default=0, sa_type=SmallInteger)
    silent: bool = False
    depth: int = Field(default=0, sa_type=SmallInteger)
    source: str | None = _text(null=True)
    brought_by: str | None = _text(null=True)
    error: str | None = _text(null=True)
    revoked_at: int | None = _moment(null=True)


class EventType(SQLModel, table=True):
    __tablename__: ClassVar[Any] = "event_types"
    type: str = Field(primary_key=True, sa_type=Text)
    first_seen_at: int = _moment()


class Profile(SQLModel, table=True):
    """`version` is the published one (null: none is); `latest` the highest ever published. `emptied`: scores of
    this version and older ones became empty when the profile was unpublished. `applied`: the draft that `kindling
    apply` saved last, to notice edits made since; `source`: the text of its file.
    """

    __tablename__: ClassVar[Any] = "profiles"
    id: int | None = Field(default=None, sa_column=Column(RowId, primary_key=True, autoincrement=True))
    key: str = Field(sa_type=Text, unique=True)
    applies_to: str = _text()
    draft: dict[str, Any] = Field(sa_type=Json)
    applied: dict[str, Any] | None = Field(default=None, sa_type=Json)
    source: str | None = _text(null=True)
    version: int | None = None
    latest: int = 0
    emptied: int = 0
    archived: bool = False
    updated_at: int = _moment()


class ProfileVersion(SQLModel, table=True):
    __tablename__: ClassVar[Any] = "profile_versions"
    profile_id: int = Field(primary_key=True, sa_type=BigInteger)
    version: int = Field(primary_key=True)
    definition: dict[str, Any] = Field(sa_type=Json)
    published_at: int = _moment()
    author: str | None = _text(null=True)
    comment: str | None = _text(null=True)


class Publication(SQLModel, table=True):
    """One publish; `total` records have to be re-scored."""

    __tablename__: ClassVar[Any] = "publications"
    __table_args__ = (Index("ix_publications_profile", "profile_id", "version"),)
    id: str = Field(primary_key=True, sa_type=Text)
    profile_id: int = Field(sa_type=BigInteger)
    version: int
    silent: bool = True
    status: str = _text()
    total: int = 0
    started_at: int = _moment()
    finished_at: int | None = _moment(null=True)


class Sweep(SQLModel, table=True):
    """How far a publish has come in one shard: contacts up to the id `cursor` are re-scored, `done` of them."""

    __tablename__: ClassVar[Any] = "sweeps"
    publication_id: str = Field(primary_key=True, sa_type=Text)
    shard: int = Field(primary_key=True)
    cursor: int = Field(default=0, sa_type=BigInteger)
    done: int = 0


class Automation(SQLModel, table=True):
    __tablename__: ClassVar[Any] = "automations"
    id: int | None = Field(default=None, sa_column=Column(RowId, primary_key=True, autoincrement=True))
    key: str = Field(sa_type=Text, unique=True)
    draft: dict[str, Any] = Field(sa_type=Json)
    applied: dict[str, Any] | None = Field(default=None, sa_type=Json)
    source: str | None = _text(null=True)
    version: int | None = None
    latest: int = 0
    paused: bool = False
    archived: bool = False
    updated_at: int = _moment()


class AutomationVersion(SQLModel, table=True):
    __tablename__: ClassVar[Any] = "automation_versions"
    automation_id: int = Field(primary_key=True, sa_type=BigInteger)
    version: int = Field(primary_key=True)
    definition: dict[str, Any] = Field(sa_type=Json)
    published_at: int = _moment()
    author: str | None = _text(null=True)
    comment: str | None = _text(null=True)


class Recipient(SQLModel, table=True):
    __tablename__: ClassVar[Any] = "recipients"
    key: str = Field(primary_key=True, sa_type=Text)
    name: str = _text()
    channels: list[str] = Field(sa_type=Json)
    applied: dict[str, Any] | None = Field(default=None, sa_type=Json)
    source: str | None = _text(null=True)


class Entry(SQLModel, table=True):
    """The ledger: points that one cause gave one record, live in [starts_at, ends_at)."""

    __tablename__: ClassVar[Any] = "entries"
    __table_args__: ClassVar[Any] = ({"sqlite_with_rowid": False},)
    profile_id: int = Field(primary_key=True, sa_type=BigInteger)
    record_id: int = Field(primary_key=True, sa_type=BigInteger)
    starts_at: int = Field(primary_key=True, sa_type=BigInteger)
    cause_id: str = Field(primary_key=True, sa_type=Text)
    rule: str = Field(primary_key=True, sa_type=Text)
    points: int = Field(sa_type=BigInteger)
    ends_at: int | None = _moment(null=True)
    limit_window: int | None = Field(default=None, sa_type=Integer)


class Score(SQLModel, table=True):
    """One record's score under one profile. `standing` is the ledger's kept state, `seq` counts its changes."""

    __tablename__: ClassVar[Any] = "scores"
    __table_args__: ClassVar[Any] = (
        Index("ix_scores_list", "profile_id", "score", "record_id"),
        _partial("ix_scores_due", "shard", "due_at", where="due_at IS NOT NULL"),
        {"sqlite_with_rowid": False},
    )
    profile_id: int = Field(primary_key=True, sa_type=BigInteger)
    record_id: int = Field(primary_key=True, sa_type=BigInteger)
    shard: int
    version: int
    score: int | None = Field(default=None, sa_type=BigInteger)
    standing: str = _text()
    scored_at: int = _moment()
    changed_at: int | None = _moment(null=True)
    due_at: int | None = _moment(null=True)
    seq: int = 0


class Fold(SQLModel, table=True):
    """How far the fold of a long history has come: events up to the place (`place_at`, `place_id`) are in `standing`,
    a ledger's kept state as of `at`, and the entries that they give are written. `done`: all of them.

    What needs the fold is marked elsewhere, so that a row may go at any time. `reads`: rules on events read fields.
    """

    __tablename__: ClassVar[Any] = "folds"
    __table_args__ = (Index("ix_folds_contact", "contact_id"),)
    profile_id: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    record_id: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    contact_id: int = Field(sa_type=BigInteger)
    shard: int
    version: int
    at: int = _moment()
    place_at: int = _moment()
    place_id: str = _text()
    standing: str = _text()
    reads: bool
    done: bool = False


class Leftover(SQLModel, table=True):
    """A contact or deal that is gone, of which there are still rows: they become those of the contact `into_id`, or
    are deleted where it is null. `from_id`: the contact that it is, or whose deal it was.
    """

    __tablename__: ClassVar[Any] = "leftovers"
    kind: str = Field(primary_key=True, sa_type=Text)
    record_id: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    from_id: int = Field(sa_type=BigInteger)
    into_id: int | None = Field(default=None, sa_type=BigInteger)
    shard: int


class Change(SQLModel, table=True):
    """A score moved from `previous` to `current`, either may be empty (null). `cause_id` names what moved it."""

    __tablename__: ClassVar[Any] = "changes"
    __table_args__: ClassVar[Any] = (
        UniqueConstraint("profile_id", "cause_id", name="uq_changes_cause"),
        {"sqlite_with_rowid": False},
    )
    profile_id: int = Field(primary_key=True, sa_type=BigInteger)
    record_id: int = Field(primary_key=True, sa_type=BigInteger)
    seq: int = Field(primary_key=True)
    version: int
    previous: int | None = Field(default=None, sa_type=BigInteger)
    current: int | None = Field(default=None, sa_type=BigInteger)
    cause: str = _text()
    cause_id: str = _text()
    at: int = _moment()
    silent: bool = False
    depth: int = Field(default=0, sa_type=SmallInteger)


class Adjustment(SQLModel, table=True):
    """Points given by hand or by a step. `set_to` gets its `points` when it is applied."""

    __tablename__: ClassVar[Any] = "adjustments"
    __table_args__ = (
        Index("ix_adjustments_record", "profile_id", "record_id"),
        _partial("ix_adjustments_pending", "shard", "at", where=f"status = {PENDING}"),
    )
    id: str = Field(primary_key=True, sa_type=Text)
    profile_id: int = Field(sa_type=BigInteger)
    record_id: int = Field(sa_type=BigInteger)
    shard: int
    points: int | None = Field(default=None, sa_type=BigInteger)
    set_to: int | None = Field(default=None, sa_type=BigInteger)
    reason: str = _text()
    author: str = _text()
    at: int = _moment()
    ends_at: int | None = _moment(null=True)
    status: int = Field(default=0, sa_type=SmallInteger)
    silent: bool = False
    depth: int = Field(default=0, sa_type=SmallInteger)
    error: str | None = _text(null=True)


class Enrollment(SQLModel, table=True):
    """One record entering one automation version. `origin` names the change or event that caused it, `started_by` what
    brought it about with others, where something did: see `runtime.beginnings`.

    `closing`: its workflow has still to be told that the enrollment is over (replaced or cancelled here). `waking`:
    above 0 when it has still to be told to look again. `workflow_id`: the workflow that carries it out, alone or among
    others; null before there is one. `watching`: above 0 when changes of the record may end it early
    (`exit_when`) or what it waits for. `start_at`: when the storm limit lets it start. `after_id`: the enrollment that
    the same change made and whose first steps come before its own; `settled`: those are done, and somebody waits for
    that. While it is open, `paused`: its next step waits until it is resumed; `tries` of its present step have failed
    so far, and `next_attempt_at` is when the next begins.

    Of one that was enrolled by hand, `author` is who did it, if that was said, and `chosen` how: `named`, `matching` or
    `list <key>`.
    """

    __tablename__: ClassVar[Any] = "enrollments"
    __table_args__ = (
        UniqueConstraint("automation_id", "origin", name="uq_enrollments_origin"),
        Index("ix_enrollments_contact", "contact_id", "automation_id", "created_at"),
        Index("ix_enrollments_automation", "automation_id", "id"),
        _partial("ix_enrollments_queued", "shard", "start_at", "id", where=f"status = {QUEUED}"),
        _partial("ix_enrollments_closing", "shard", "id", where="closing"),
        _partial("ix_enrollments_running", "id", where=f"status = {RUNNING}"),
        _partial("ix_enrollments_retrying", "id", where="next_attempt_at IS NOT NULL"),
        _partial("ix_enrollments_waking", "shard", "id", where="waking > 0"),
        _partial("ix_enrollments_after", "after_id", where="after_id IS NOT NULL"),
        _partial("ix_enrollments_workflow", "workflow_id", "id", where="workflow_id IS NOT NULL"),
        _partial("ix_enrollments_started_by", "started_by", "id", where="started_by IS NOT NULL"),
        _partial(
            "ix_enrollments_watching",
            "contact_id",
            where=f"watching > 0 AND status IN {OPEN_LITERALS}",
        ),
    )
    id: str = Field(primary_key=True, sa_type=Text)
    automation_id: int = Field(sa_type=BigInteger)
    version: int
    contact_id: int = Field(sa_type=BigInteger)
    deal_id: int | None = Field(default=None, sa_type=BigInteger)
    shard: int
    origin: str = _text()
    profile_id: int | None = Field(default=None, sa_type=BigInteger)
    change_seq: int | None = None
    event_id: str | None = _text(null=True)
    cause: str = _text()
    previous: int | None = Field(default=None, sa_type=BigInteger)
    current: int | None = Field(default=None, sa_type=BigInteger)
    depth: int = Field(default=0, sa_type=SmallInteger)
    status: str = _text()
    attempt: int = 1
    workflow_id: str | None = _text(null=True)
    closing: bool = False
    waking: int = Field(default=0, sa_type=Integer, sa_column_kwargs={"server_default": "0"})
    watching: int = Field(default=0, sa_type=SmallInteger, sa_column_kwargs={"server_default": "0"})
    paused: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    step: str | None = _text(null=True)
    last_error: str | None = _text(null=True)
    tries: int = Field(default=0, sa_type=Integer, sa_column_kwargs={"server_default": "0"})
    next_attempt_at: int | None = _moment(null=True)
    created_at: int = _moment()
    start_at: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": "0"})
    after_id: str | None = _text(null=True)
    settled: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    started_by: str | None = _text(null=True)
    started_at: int | None = _moment(null=True)
    finished_at: int | None = _moment(null=True)
    author: str | None = _text(null=True)
    chosen: str | None = _text(null=True)


class Pace(SQLModel, table=True):
    """The storm limit of an automation: the window that is being filled, from when, and how many starts are in it."""

    __tablename__: ClassVar[Any] = "paces"
    automation_id: int = Field(
        primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False}
    )
    window_at: int = _moment()
    used: int


class Skip(SQLModel, table=True):
    """A trigger that matched but did not enroll, with the reason."""

    __tablename__: ClassVar[Any] = "skips"
    __table_args__: ClassVar[Any] = (
        Index("ix_skips_contact", "contact_id", "automation_id", "at"),
        _partial("ix_skips_loops", "at", where="reason = 'loop'"),
        {"sqlite_with_rowid": False},
    )
    automation_id: int = Field(primary_key=True, sa_type=BigInteger)
    origin: str = Field(primary_key=True, sa_type=Text)
    version: int
    contact_id: int = Field(sa_type=BigInteger)
    deal_id: int | None = Field(default=None, sa_type=BigInteger)
    reason: str = _text()
    at: int = _moment()


class Cancellation(SQLModel, table=True):
    """A follow-up whose enrollment has been erased; its workflow has still to be told."""

    __tablename__: ClassVar[Any] = "cancellations"
    __table_args__ = (Index("ix_cancellations_shard", "shard"),)
    workflow_id: str = Field(primary_key=True, sa_type=Text)
    shard: int


class Outcome(SQLModel, table=True):
    """What a step of an enrollment came to. Written with the step's effect, in one transaction."""

    __tablename__: ClassVar[Any] = "outcomes"
    enrollment_id: str = Field(primary_key=True, sa_type=Text)
    path: str = Field(primary_key=True, sa_type=Text)
    kind: str = _text()
    result: dict[str, Any] = Field(sa_type=Json)
    attempt: int
    at: int = _moment()


class Wait(SQLModel, table=True):
    """What a step waits for: that filters hold, or a date in a field (`event_type` null), or an event.

    `met_at`: when that was. An event counts that came after (`since_at`, `since_id`); null: that arrives from
    `registered_at` on.
    """

    __tablename__: ClassVar[Any] = "waits"
    enrollment_id: str = Field(primary_key=True, sa_type=Text)
    path: str = Field(primary_key=True, sa_type=Text)
    event_type: str | None = _text(null=True)
    since_at: int | None = _moment(null=True)
    since_id: str | None = _text(null=True)
    registered_at: int = _moment()
    deadline_at: int | None = _moment(null=True)
    met_at: int | None = _moment(null=True)
    event_id: str | None = _text(null=True)


class Task(SQLModel, table=True):
    """`enrollment_id` null: created by hand, as a caller named it by `request`. `step`: the key of the step
    that created it. `shard` is its contact's. `alarm_at`: when `task.overdue` is still to be told; null where it has
    been, or there is nothing to tell.
    """

    __tablename__: ClassVar[Any] = "tasks"
    __table_args__ = (
        UniqueConstraint("enrollment_id", "path", name="uq_tasks_step"),
        Index("ix_tasks_request", "request", unique=True),
        Index("ix_tasks_contact", "contact_id", "id"),
        Index("ix_tasks_due", "status", "due_at", "id"),
        Index("ix_tasks_assign_to", "assign_to", "status", "id"),
        _partial("ix_tasks_alarm", "shard", "alarm_at", where="alarm_at IS NOT NULL"),
    )
    id: str = Field(primary_key=True, sa_type=Text)
    enrollment_id: str | None = _text(null=True)
    path: str | None = _text(null=True)
    step: str | None = _text(null=True)
    request: str | None = Field(default=None, sa_type=Text, nullable=True)
    shard: int = Field(default=0, sa_type=Integer, sa_column_kwargs={"server_default": "0"})
    automation_id: int | None = Field(default=None, sa_type=BigInteger)
    contact_id: int = Field(sa_type=BigInteger)
    deal_id: int | None = Field(default=None, sa_type=BigInteger)
    title: str = _text()
    description: str = _text()
    assign_to: str | None = _text(null=True)
    due_at: int | None = _moment(null=True)
    alarm_at: int | None = _moment(null=True)
    status: str = _text()
    created_at: int = _moment()
    updated_at: int = _moment()


class Notification(SQLModel, table=True):
    """`targets` are the addresses still to be served, `served` counts those that were, `refused` are the others,
    `tries` counts those that failed. `passed_over`: why it is not for the first that the step names.

    `status` is recorded, pending, sent, failed, withheld or skipped.
    """

    __tablename__: ClassVar[Any] = "notifications"
    __table_args__ = (
        UniqueConstraint("enrollment_id", "path", name="uq_notifications_step"),
        Index("ix_notifications_contact", "contact_id", "id"),
    )
    id: str = Field(primary_key=True, sa_type=Text)
    enrollment_id: str = _text()
    path: str = _text()
    automation_id: int = Field(sa_type=BigInteger)
    contact_id: int = Field(sa_type=BigInteger)
    deal_id: int | None = Field(default=None, sa_type=BigInteger)
    recipient: str = _text()
    targets: list[str] = Field(sa_type=Json)
    refused: list[str] = Field(default=[], sa_type=Json, sa_column_kwargs={"server_default": "[]"})
    served: int = Field(default=0, sa_type=Integer, sa_column_kwargs={"server_default": "0"})
    tries: int = Field(default=0, sa_type=Integer, sa_column_kwargs={"server_default": "0"})
    subject: str = _text()
    message: str = _text()
    status: str = _text()
    reason: str | None = _text(null=True)
    passed_over: str | None = _text(null=True)
    created_at: int = _moment()
    sent_at: int | None = _moment(null=True)


class Alert(SQLModel, table=True):
    """An e-mail to somebody who is no contact, for as long as the hourly limit counts it, whatever became of what it
    was about. A digest has one from its first message on, at the time when it is due: its place is kept.
    """

    __tablename__: ClassVar[Any] = "alerts"
    __table_args__ = (Index("ix_alerts_recipient", "recipient", "at"),)
    id: str = Field(primary_key=True, sa_type=Text)
    recipient: str = _text()
    at: int = _moment()


class Digest(SQLModel, table=True):
    """One e-mail in place of all that the hourly limit held back within an hour: `held` of them, from `opened_at` to
    `due_at`, by the keys of their `automations`. It holds nothing about whom they were about.

    While it is `counting` it has no `targets`: these are the addresses still to be served, once it is due. `refusal`:
    why one of them never will be. `next_at`: when it is tried next. `status` is pending, sent, recorded or failed.
    """

    __tablename__: ClassVar[Any] = "digests"
    __table_args__ = (
        Index("ix_digests_recipient", "recipient", "due_at"),
        _partial("ix_digests_unsent", "next_at", where=f"status = {UNSENT}"),
    )
    id: str = Field(primary_key=True, sa_type=Text)
    recipient: str = _text()
    opened_at: int = _moment()
    due_at: int = _moment()
    held: int = Field(sa_type=Integer)
    automations: dict[str, int] = Field(sa_type=Json)
    counting: bool = True
    targets: list[str] = Field(default=[], sa_type=Json)
    served: int = Field(default=0, sa_type=Integer)
    tries: int = Field(default=0, sa_type=Integer)
    status: str = _text()
    next_at: int = _moment()
    reason: str | None = _text(null=True)
    refusal: str | None = _text(null=True)
    sent_at: int | None = _moment(null=True)


class Webhook(SQLModel, table=True):
    """A webhook of a step. `status` is recorded, pending, delivered, failed or skipped; secrets are placeholders.

    `tries` counts those that failed; `response` is what the other side answered, as JSON text, for later steps.
    """

    __tablename__: ClassVar[Any] = "webhooks"
    __table_args__ = (
        UniqueConstraint("enrollment_id", "path", name="uq_webhooks_step"),
        Index("ix_webhooks_contact", "contact_id", "id"),
    )
    id: str = Field(primary_key=True, sa_type=Text)
    enrollment_id: str = _text()
    path: str = _text()
    automation_id: int = Field(sa_type=BigInteger)
    contact_id: int = Field(sa_type=BigInteger)
    deal_id: int | None = Field(default=None, sa_type=BigInteger)
    method: str = _text()
    url: str = _text()
    headers: dict[str, str] = Field(sa_type=Json)
    body: str = _text()
    status: str = _text()
    reason: str | None = _text(null=True)
    tries: int = 0
    response_status: int | None = None
    response: str | None = _text(null=True)
    created_at: int = _moment()
    delivered_at: int | None = _moment(null=True)


class SmartList(SQLModel, table=True):
    """A saved question about contacts or deals."""

    __tablename__: ClassVar[Any] = "smart_lists"
    key: str = Field(primary_key=True, sa_type=Text)
    definition: dict[str, Any] = Field(sa_type=Json)
    applied: dict[str, Any] | None = Field(default=None, sa_type=Json)
    source: str | None = _text(null=True)
    updated_at: int = _moment()


class BulkJob(SQLModel, table=True):
    """One action on many contacts, deals or tasks (`kind`), who were decided on when it began: `total` of them.

    `done`: how many it has passed; of these `changed`, `unchanged`, and `gone` since it began, and by reason those that
    were `skipped`. `request`: a name of the caller's, so that asking twice is one job. `parameters`: what the action
    takes; `smart_list`: where those come from, if from one.
    """

    __tablename__: ClassVar[Any] = "bulk_jobs"
    __table_args__ = (_partial("ix_bulk_jobs_running", "id", where=f"status = {BULK_RUNNING}"),)
    id: str = Field(primary_key=True, sa_type=Text)
    request: str | None = Field(default=None, sa_type=Text, nullable=True, unique=True)
    action: str = _text()
    kind: str = _text()
    parameters: dict[str, Any] = Field(sa_type=Json)
    smart_list: str | None = _text(null=True)
    status: str = _text()
    total: int
    done: int = 0
    changed: int = 0
    unchanged: int = 0
    gone: int = 0
    skipped: dict[str, int] = Field(sa_type=Json)
    error: str | None = _text(null=True)
    created_at: int = _moment()
    finished_at: int | None = _moment(null=True)


class BulkSlice(SQLModel, table=True):
    """Some of those that a bulk job has still to act on; it goes with what is done for them, in one transaction."""

    __tablename__: ClassVar[Any] = "bulk_slices"
    job_id: str = Field(primary_key=True, sa_type=Text)
    place: int = Field(primary_key=True, sa_type=Integer, sa_column_kwargs={"autoincrement": False})
    ids: list[Any] = Field(sa_type=Json)


class Suppression(SQLModel, table=True):
    """Somebody who was erased for good. `met`: how often something about them came and was not stored."""

    __tablename__: ClassVar[Any] = "suppressions"
    id: str = Field(primary_key=True, sa_type=Text)
    created_at: int = _moment()
    reason: str = _text()
    met: int = Field(default=0, sa_type=BigInteger)
    last_met_at: int | None = _moment(null=True)


class SuppressedName(SQLModel, table=True):
    """A key or an address of somebody who was erased for good, as a keyed hash."""

    __tablename__: ClassVar[Any] = "suppressed_names"
    hash: str = Field(primary_key=True, sa_type=Text)
    suppression_id: str = Field(primary_key=True, sa_type=Text)


class Worker(SQLModel, table=True):
    """A worker process and when it was last seen alive. `no_mail`: why it only records messages, if it does."""

    __tablename__: ClassVar[Any] = "workers"
    id: str = Field(primary_key=True, sa_type=Text)
    host: str = _text()
    pid: int
    started_at: int = _moment()
    seen_at: int = _moment()
    no_mail: str | None = _text(null=True)


class Lease(SQLModel, table=True):
    """A duty that one worker at a time has, until it ends or is renewed."""

    __tablename__: ClassVar[Any] = "leases"
    name: str = Field(primary_key=True, sa_type=Text)
    holder: str = _text()
    until: int = _moment()


class ApiKey(SQLModel, table=True):
    """A key of another system. `prefix` is its readable beginning; of the rest there is only `hash`."""

    __tablename__: ClassVar[Any] = "api_keys"
    id: str = Field(primary_key=True, sa_type=Text)
    name: str = _text()
    prefix: str = Field(sa_type=Text, unique=True)
    hash: str = _text()
    permissions: list[str] = Field(sa_type=Json)
    made_at: int = _moment()
    made_by: str = _text()
    ends_at: int | None = _moment(null=True)
    last_used_at: int | None = _moment(null=True)
    revoked_at: int | None = _moment(null=True)


class Person(SQLModel, table=True):
    """Who may sign in. `key_folded` and `email_folded` are what is signed in with, compared without case.

    `password` is an argon2id hash; without one nobody can sign in as this person.
    """

    __tablename__: ClassVar[Any] = "people"
    key: str = Field(primary_key=True, sa_type=Text)
    key_folded: str = Field(sa_type=Text, unique=True)
    name: str = _text()
    email: str | None = _text(null=True)
    email_folded: str | None = Field(default=None, sa_type=Text, unique=True, nullable=True)
    role: str = _text()
    language: str = _text()
    password: str | None = _text(null=True)
    disabled: bool = False
    created_at: int = _moment()
    updated_at: int = _moment()
    signed_in_at: int | None = _moment(null=True)


class PersonSession(SQLModel, table=True):
    """A browser in which a person is signed in; `hash` is that of its token. `seen_at` is coarse."""

    __tablename__: ClassVar[Any] = "sessions"
    __table_args__ = (Index("ix_sessions_person", "person", "created_at"),)
    hash: str = Field(primary_key=True, sa_type=Text)
    person: str = _text()
    address: str | None = _text(null=True)
    created_at: int = _moment()
    seen_at: int = _moment()
    ends_at: int = _moment()


class Audit(SQLModel, table=True):
    """Who did what to what. Rows are added, trimmed by age, and lose what they say of somebody who is erased.

    `actor` is the author, `kind` what sort of principal. `subject` is the key of the `thing`; of records `contact_id`
    says whose data it may hold.
    """

    __tablename__: ClassVar[Any] = "audit"
    __table_args__ = (
        Index("ix_audit_at", "at", "id"),
        Index("ix_audit_actor", "actor", "id"),
        Index("ix_audit_subject", "thing", "subject", "id"),
        _partial("ix_audit_contact", "contact_id", where="contact_id IS NOT NULL"),
    )
    id: str = Field(primary_key=True, sa_type=Text)
    at: int = _moment()
    kind: str = _text()
    actor: str = _text()
    actor_id: str | None = _text(null=True)
    address: str | None = _text(null=True)
    action: str = _text()
    thing: str = _text()
    subject: str | None = _text(null=True)
    contact_id: int | None = Field(default=None, sa_type=BigInteger)
    before: Any = Field(default=None, sa_column=Column(Json, nullable=True))
    after: Any = Field(default=None, sa_column=Column(Json, nullable=True))
