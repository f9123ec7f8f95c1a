"""What the use cases of operations answer: the state of an installation, and timelines."""

from typing import Literal

from pydantic import BaseModel, Field

from services.follow_ups.answers import Enrollment, Notification, Task
from services.intake.answers import Event
from services.records.answers import ProfileChange


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
    leftovers: int = Field(
        description="Merged or erased records of which rows have still to be moved or deleted"
    )
    overdue: int
    unstarted: int
    starts_later: int
    oldest_pending_seconds: float


class Loop(BaseModel):
    """An automation whose enrollments of a record were stopped for being too many within an hour."""

    automation: str
    contacts: int
    skipped: int


class Status(BaseModel):
    """How the installation is doing."""

    pending_events: int = Field(description="All accepted work that is not done")
    starts_later: int = Field(
        description="Follow-ups whose start is put off: by a storm limit, while new starts are held back, or until "
        "an earlier one of the same record has begun. They are queued, and not pending"
    )
    follow_ups: dict[str, int]
    temporal: Literal["up", "down"]
    temporal_ui: str
    oldest_pending_seconds: float
    quarantined: int
    shared_addresses: int = Field(
        description="E-mail addresses that several contacts have, see `/v1/duplicates`; up to a minute old where "
        "there are very many contacts"
    )
    publishing: int
    bulk_jobs: int = Field(description="That run")
    held: bool
    loops: list[Loop] = Field(
        description="Automations that enrolled a record more often within an hour than KINDLING_LOOP_LIMIT allows, in "
        "the last day, with how many matches were skipped"
    )
    suppressions: int = Field(description="How many were erased for good")
    workers: list[Worker]
    shards: list[ShardStatus]


class TimelineEntry(BaseModel):
    """`kind` names the one further member that is there."""

    kind: Literal["event", "change", "enrollment", "task", "notification"]
    at: str
    event: Event | None = None
    change: ProfileChange | None = None
    enrollment: Enrollment | None = None
    task: Task | None = None
    notification: Notification | None = None
