"""A copy in memory of all that concerns one contact: follow-ups are tried in it, and nobody else notices."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import orjson
from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    RowMapping,
    Table,
    Text,
    and_,
    cast,
    create_engine,
    delete,
    event,
    func,
    insert,
    or_,
    select,
    text,
    true,
)
from sqlalchemy.pool import StaticPool
from sqlmodel import SQLModel

from conditions.times import HOUR, Micros
from runtime.statuses import OPEN
from store import tables
from store.bulk import Bulk
from store.database import dump_json
from store.tables import table

#: A contact with more events is copied without its history: the copy would take seconds.
MOST_EVENTS = 20_000
Test = ColumnElement[bool]

_EVENTS, _DEALS, _PROFILES = table(tables.Event), table(tables.Deal), table(tables.Profile)
_ENROLLMENTS, _AUTOMATIONS = table(tables.Enrollment), table(tables.Automation)
_VERSIONS = table(tables.AutomationVersion)

#: What a follow-up and the scoring of its record neither read nor, in a copy, have to find.
LEFT_OUT: frozenset[str] = frozenset(
    (
        *("event_types", "profile_versions", "publications", "sweeps", "leftovers", "skips", "cancellations"),
        *(
            "notifications",
            "webhooks",
            "smart_lists",
            "suppressions",
            "suppressed_names",
            "workers",
            "leases",
            "bulk_jobs",
            "bulk_slices",
        ),
        *("api_keys", "people", "sessions", "audit"),
    )
)
#: The history of a score, which a long one is copied without.
HISTORY = ("events", "entries", "changes", "adjustments", "folds")


def tests(contact_id: int, shard: int, now: Micros) -> dict[str, Test]:
    """Which rows of which tables concern a contact."""
    deals = select(_DEALS.c.id).where(_DEALS.c.contact_id == contact_id)
    theirs = and_(_ENROLLMENTS.c.contact_id == contact_id, _ENROLLMENTS.c.status.in_(OPEN))
    open_ids = select(_ENROLLMENTS.c.id).where(theirs)

    def of_score(model: type[SQLModel]) -> Test:
        scored = table(model)
        kinds = {
            kind: scored.c.profile_id.in_(select(_PROFILES.c.id).where(_PROFILES.c.applies_to == kind))
            for kind in ("contact", "deal")
        }
        return or_(
            and_(scored.c.record_id == contact_id, kinds["contact"]),
            and_(scored.c.record_id.in_(deals), kinds["deal"]),
        )

    alerts, digests = table(tables.Alert), table(tables.Digest)
    return {
        "meta": true(),
        "shards": table(tables.Shard).c.id == shard,
        "profiles": true(),
        "recipients": true(),
        "paces": true(),
        "alerts": alerts.c.at > now - HOUR,
        "digests": and_(digests.c.counting, digests.c.due_at > now),
        "contacts": table(tables.Contact).c.id == contact_id,
        "deals": _DEALS.c.contact_id == contact_id,
        "events": _EVENTS.c.contact_id == contact_id,
        "scores": of_score(tables.Score),
        "entries": of_score(tables.Entry),
        "changes": of_score(tables.Change),
        "adjustments": of_score(tables.Adjustment),
        "folds": table(tables.Fold).c.contact_id == contact_id,
        "tasks": table(tables.Task).c.contact_id == contact_id,
        "enrollments": _ENROLLMENTS.c.contact_id == contact_id,
        "outcomes": table(tables.Outcome).c.enrollment_id.in_(open_ids),
        "waits": table(tables.Wait).c.enrollment_id.in_(open_ids),
        "automations": _AUTOMATIONS.c.id.in_(select(_ENROLLMENTS.c.automation_id).where(theirs)),
        "automation_versions": select(_ENROLLMENTS.c.id)
        .where(
            theirs,
            _ENROLLMENTS.c.automation_id == _VERSIONS.c.automation_id,
            _ENROLLMENTS.c.version == _VERSIONS.c.version,
        )
        .exists(),
    }


class Copy:
    """Rows of one contact, read and ready to be worked with. `has_history`: its scores can be worked out anew."""

    def __init__(self, source: Connection, contact: RowMapping, now: Micros) -> None:
        self._rows: dict[str, list[tuple[Any, ...]]] = {}
        contact_id = contact["id"]
        count = select(func.count()).select_from(_EVENTS).where(_EVENTS.c.contact_id == contact_id)
        self.has_history: bool = source.execute(count).scalar_one() <= MOST_EVENTS
        for name, test in tests(contact_id, contact["shard"], now).items():
            if self.has_history or name not in HISTORY:
                self._rows[name] = _rows(source, SQLModel.metadata.tables[name], test)

    @contextmanager
    def opened(self) -> Iterator[Connection]:
        """A connection to the copy in memory; what is written there is gone with it."""
        engine = create_engine(
            "sqlite://",
            poolclass=StaticPool,
            connect_args={"check_same_thread": False},
            json_serializer=dump_json,
            json_deserializer=orjson.loads,
            hide_parameters=True,
        )
        event.listen(engine, "connect", _by_hand)
        event.listen(engine, "begin", _begin)
        try:
            with engine.connect() as connection:
                SQLModel.metadata.create_all(connection, checkfirst=False)
                bulk = Bulk(connection)
                for name, rows in self._rows.items():
                    target = SQLModel.metadata.tables[name]
                    bulk.insert(target, [column.name for column in target.c], rows)
                yield connection
        finally:
            engine.dispose()


def one_moment(connection: Connection) -> None:
    """Let the transaction, which has read nothing yet, see one state of the database, and change nothing."""
    if connection.dialect.name != "sqlite":  # there every transaction does
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))


def _by_hand(raw: Any, _record: Any) -> None:
    raw.isolation_level = None


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _rows(source: Connection, target: Table, test: Test) -> list[tuple[Any, ...]]:
    """The rows as the driver of SQLite takes them: JSON stays text."""
    columns = [cast(column, Text) if isinstance(column.type, JSON) else column for column in target.c]
    return [tuple(row) for row in source.execute(select(*columns).where(test))]


def put_automation(
    connection: Connection,
    automation_id: int,
    key: str,
    version: int,
    definition: Mapping[str, Any],
    now: Micros,
) -> None:
    """Let the copy know an automation in one version."""
    connection.execute(delete(_AUTOMATIONS).where(_AUTOMATIONS.c.id == automation_id))
    connection.execute(
        insert(_AUTOMATIONS).values(
            id=automation_id, key=key, draft={}, version=version, latest=version, updated_at=now
        )
    )
    same = (_VERSIONS.c.automation_id == automation_id, _VERSIONS.c.version == version)
    connection.execute(delete(_VERSIONS).where(*same))
    connection.execute(
        insert(_VERSIONS).values(
            automation_id=automation_id, version=version, definition=dict(definition), published_at=now
        )
    )
