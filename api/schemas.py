"""What the API answers, for its OpenAPI document; every answer is checked against it."""

from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

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
    rejected: list[Rejected] = Field(description="Invalid events; of a stream, the first 1,000")
    ids: list[str | None] | None = Field(default=None, description="In the order sent; not for NDJSON")
    rejected_count: int | None = Field(default=None, description="NDJSON only: all invalid lines")


class Event(BaseModel):
    """An event as it is stored."""

    id: str
    type: str
    contact: str | None
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


class ScoreSummary(BaseModel):
    """A contact's score under one profile."""

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


class Score(BaseModel):
    """One score with what it is made of."""

    contact: str
    profile: str
    score: int | None
    band: str | None
    at: str | None = Field(description="The moment for which score and breakdown are given")
    version: int | None
    updated_at: str | None
    next_change_at: str | None
    breakdown: list[BreakdownLine] = Field(description="Adds up to the score")
    history: list[Change] = Field(description="Changes, the newest first")
    next: str | None


class Enrollment(BaseModel):
    """One contact entering one automation."""

    id: str
    contact: str | None
    automation: str | None
    version: int
    status: Literal["queued", "running", "completed", "failed", "exited", "replaced", "cancelled"]
    step: str | None
    attempt: int
    last_error: str | None
    cause: str
    previous: int | None
    current: int | None
    workflow_id: str
    workflow_url: str | None = Field(
        description="Where the Temporal UI shows the follow-up; null until it started"
    )
    created_at: str
    started_at: str | None
    finished_at: str | None


class Task(BaseModel):
    """Something for somebody to do."""

    id: str
    contact: str | None
    automation: str | None
    enrollment: str | None
    title: str
    description: str
    assign_to: str | None
    due_at: str | None
    status: Literal["open", "done"]
    created_at: str
    updated_at: str


class Notification(BaseModel):
    """A message of a follow-up."""

    id: str
    contact: str | None
    automation: str | None
    enrollment: str
    recipient: str
    subject: str
    message: str
    status: str
    reason: str | None
    created_at: str
    sent_at: str | None


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


class Automation(BaseModel):
    """The draft's content, and how the automation stands."""

    model_config = ConfigDict(extra="allow")

    kind: str
    key: str
    status: Literal["draft", "published", "paused"]
    version: int | None
    latest_version: int
    unpublished_changes: bool
    updated_at: str
    warnings: list[FieldProblem] | None = None


class Recipient(BaseModel):
    """Whom notifications reach."""

    kind: str
    key: str
    name: str
    channels: list[str]


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
