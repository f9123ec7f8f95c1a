"""What the API answers, for its OpenAPI document; every answer is checked against it."""

from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from api.follow_ups.schemas import Enrollment, Notification, Task
from api.problems import FieldProblem

Item = TypeVar("Item")


class Page(BaseModel, Generic[Item]):
    """One page of a list; `next` is the cursor of the page after it, null at the end."""

    items: list[Item]
    next: str | None = None


class Rejected(BaseModel):
    """An event that was not stored."""

    index: int = Field(description="Place in the array, or line, from 0")
    errors: list[FieldProblem]


class Accepted(BaseModel):
    """What became of the events of one call."""

    accepted: int = Field(description="Events stored by this call")
    duplicates: int = Field(description="Events whose id was known already")
    rejected: list[Rejected] = Field(description="Invalid events, up to 100 mistakes in all")
    ids: list[str | None] | None = Field(default=None, description="In the order sent; not for NDJSON")
    rejected_count: int | None = Field(
        default=None, description="All invalid events, where not all are listed; always for NDJSON"
    )


class Event(BaseModel):
    """An event as it is stored."""

    id: str
    type: str
    contact: str | None
    deal: str | None = None
    occurred_at: str
    received_at: str
    properties: Any
    status: Literal["pending", "applied", "quarantined", "revoked"]
    error: str | None = None


class EventType(BaseModel):
    """A type of event."""

    type: str
    first_seen_at: str


class EventTypes(Page[EventType]):
    """Types of events."""


class Contact(BaseModel):
    """A contact."""

    id: int
    key: str
    name: str | None
    email: str | None
    phone: str | None
    stage: str | None
    owner: str | None
    tags: list[str]
    dnd: Literal["all"] | list[str]
    fields: dict[str, Any]
    created_at: str
    updated_at: str


class ListedContact(Contact):
    """A contact in a list."""

    score: int | None = Field(default=None, description="Only when a profile was asked for")
    band: str | None = None


class Deal(BaseModel):
    """A deal."""

    id: int
    key: str
    contact: str | None = Field(description="Its contact's key")
    name: str | None
    pipeline: str | None
    stage: str | None
    status: Literal["open", "won", "lost"]
    value: int | float | None
    currency: str | None
    owner: str | None
    fields: dict[str, Any]
    created_at: str
    updated_at: str


class ListedDeal(Deal):
    """A deal in a list."""

    score: int | None = Field(default=None, description="Only when a profile was asked for")
    band: str | None = None


class SmartList(BaseModel):
    """A saved question about contacts or deals."""

    model_config = ConfigDict(extra="allow")

    kind: str
    key: str
    applies_to: Literal["contact", "deal"]
    count: int | None = Field(default=None, description="How many records it has now")
    updated_at: str


class ScoreSummary(BaseModel):
    """A record's score under one profile."""

    profile: str
    score: int | None
    band: str | None
    updated_at: str | None
    next_change_at: str | None = Field(description="When time alone may next change the score")


class BreakdownLine(BaseModel):
    """What one rule adds to a score."""

    rule: str = Field(description="Rule key, or `adjustments`, `group:<key>`, `clamp`")
    points: int
    count: int


class CausingEvent(BaseModel):
    """The event behind a change."""

    id: str
    type: str
    occurred_at: str


class CausingAdjustment(BaseModel):
    """The adjustment behind a change."""

    id: str
    reason: str
    author: str


class Change(BaseModel):
    """A score moved; null is empty, which is not 0."""

    previous: int | None
    current: int | None
    cause: str
    at: str
    version: int
    silent: bool
    event: CausingEvent | None = None
    adjustment: CausingAdjustment | None = None


class Outlook(BaseModel):
    """What the score will be from a moment on, if nothing else happens."""

    at: str
    score: int | None
    band: str | None


class Entry(BaseModel):
    """Points that one event or adjustment gave. `worth`: what they are worth as of the last scoring."""

    rule: str
    points: int
    worth: int
    starts_at: str
    ends_at: str | None = Field(description="When they expire, or have faded to nothing")
    event: CausingEvent | None = None
    adjustment: CausingAdjustment | None = None


class Adjusted(BaseModel):
    """An adjustment that was taken in."""

    contact: str | None = None
    deal: str | None = None
    profile: str
    id: str
    points: int | None = Field(description="With `set_to`, null until it is applied")
    set_to: int | None
    reason: str
    author: str
    at: str
    expires_at: str | None
    status: Literal["pending", "applied", "quarantined"]


class Score(BaseModel):
    """One score with what it is made of."""

    contact: str | None = None
    deal: str | None = None
    profile: str
    score: int | None
    band: str | None
    at: str | None = Field(description="The moment for which score and breakdown are given")
    version: int | None
    updated_at: str | None
    next_change_at: str | None
    band_until: str | None = Field(
        description="When time alone will take the score out of its band; null: never"
    )
    looked_until: str | None = Field(
        description="Not null: too much fades to be looked at for ever, and until then the band stays"
    )
    breakdown: list[BreakdownLine] = Field(description="Adds up to the score")
    forecast: list[Outlook] = Field(description="The next changes that time alone will make")
    history: list[Change] = Field(description="Changes, the newest first")
    next: str | None


class TimelineEntry(BaseModel):
    """`kind` names the one further member that is there."""

    kind: Literal["event", "change", "enrollment", "task", "notification"]
    at: str
    event: Event | None = None
    change: dict[str, Any] | None = None
    enrollment: Enrollment | None = None
    task: Task | None = None
    notification: Notification | None = None


class Publishing(BaseModel):
    """How far the re-scoring of the newest publish has come."""

    done: int
    total: int
    status: Literal["running", "done", "superseded"]
    triggers: Literal["silent", "fire"]
    workflow_id: str


class Profile(BaseModel):
    """The draft's content, and how the profile stands."""

    model_config = ConfigDict(extra="allow")

    kind: str
    key: str
    status: Literal["draft", "published"]
    version: int | None
    latest_version: int
    unpublished_changes: bool
    publishing: Publishing | None
    updated_at: str


class Published(BaseModel):
    """A publish that has begun."""

    version: int
    workflow_id: str


class Version(BaseModel):
    """An immutable version of a definition."""

    version: int
    published_at: str
    current: bool
    definition: dict[str, Any]


class Comparison(BaseModel):
    """What changed between two versions; null: nothing published, or the draft."""

    model_config = ConfigDict(populate_by_name=True)

    from_: int | None = Field(alias="from")
    to: int | None
    diff: str = Field(description="Unified diff of YAML")


class BeforeAfter(BaseModel):
    """Numbers of records before and after."""

    before: int
    after: int


class Bar(BeforeAfter):
    """Scores from one bound to the other, both included."""

    model_config = ConfigDict(populate_by_name=True)

    from_: int = Field(alias="from")
    to: int


class BandCount(BeforeAfter):
    """Records in one band."""

    band: str


class BandMove(BaseModel):
    """Records that go from one band to another; null: no band."""

    model_config = ConfigDict(populate_by_name=True)

    from_: str | None = Field(alias="from")
    to: str | None
    count: int


class Mover(BaseModel):
    """A record whose score moves far."""

    contact: str | None = None
    deal: str | None = None
    before: int | None
    after: int | None


class WouldEnroll(BaseModel):
    """How many follow-ups of an automation `fire` would start, and how many matches it would skip, by reason."""

    automation: str
    enrolled: int
    skipped: dict[str, int]


class Preview(BaseModel):
    """What publishing the draft would do; while it is computed, only how far that is."""

    status: Literal["computing", "done"]
    done: int
    total: int
    profile: str | None = None
    applies_to: Literal["contact", "deal"] | None = None
    version: int | None = Field(default=None, description="The version that the draft would become")
    published_version: int | None = None
    computed_at: str | None = None
    records: int | None = None
    pending_events: int | None = Field(default=None, description="Work not applied yet, which is not counted")
    changed: int | None = Field(default=None, description="Records whose score would change")
    empty: BeforeAfter | None = Field(default=None, description="Records without a score")
    distribution: list[Bar] | None = None
    bands: list[BandCount] | None = None
    band_moves: list[BandMove] | None = None
    movers: list[Mover] | None = Field(default=None, description="Those that move most")
    enrollments: list[WouldEnroll] | None = None


class Import(BaseModel):
    """Events that came from one file."""

    name: str
    events: int
    revoked: int
    first_at: str | None
    last_at: str | None


class Imports(Page[Import]):
    """Imports."""


class Revoked(BaseModel):
    """How many events a call took back."""

    revoked: int


class Worker(BaseModel):
    """A worker process that is alive."""

    id: str
    host: str
    pid: int
    started_at: str
    seen_at: str


class ShardStatus(BaseModel):
    """What one shard has to do."""

    shard: int
    pending: int
    events: int
    adjustments: int
    revocations: int
    field_changes: int
    overdue: int
    unstarted: int
    oldest_pending_seconds: float


class Status(BaseModel):
    """How the installation is doing."""

    pending_events: int = Field(description="All accepted work that is not done")
    follow_ups: dict[str, int]
    temporal: Literal["up", "down"]
    temporal_ui: str
    oldest_pending_seconds: float
    quarantined: int
    publishing: int
    held: bool
    workers: list[Worker]
    shards: list[ShardStatus]
