"""What the use cases of operations answer: the state of an installation, and timelines."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from services.design.answers import Automation, Profile
from services.follow_ups.answers import BulkJob, Enrollment, EnrollmentDetails, Notification, Task, Webhook
from services.intake.answers import Event
from services.records.answers import Contact, Deal, ProfileChange


class Worker(BaseModel):
    """A worker process that is alive."""

    id: str
    host: str
    pid: int
    started_at: str
    seen_at: str
    no_mail: str | None = Field(description="Why it only records messages; null: it sends them")


class Mail(BaseModel):
    """What becomes of messages, by what the workers say that are alive."""

    state: Literal["sent", "recorded", "mixed", "unknown"] = Field(
        description="`recorded`: messages are kept and not sent, for `reason`; `mixed`: so by some of the workers; "
        "`unknown`: no worker is alive"
    )
    reason: str | None


class LostDigest(BaseModel):
    """A digest of what the hourly limit held back that nobody got."""

    id: str
    recipient: str
    held: int = Field(description="Messages that it would have named")
    due_at: str
    reason: str | None


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
    follow_ups: dict[str, int] = Field(
        description="By status; those that are `retrying`, whose present step failed and will be tried again, are not "
        "among the `running`"
    )
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
    mail: Mail
    lost_digests: list[LostDigest] = Field(
        description="Digests of held back messages that failed for good, of the last 7 days, the newest first"
    )
    suppressions: int = Field(description="How many were erased for good")
    workers: list[Worker]
    shards: list[ShardStatus]


class Waiting(BaseModel):
    """How much waits for people."""

    tasks: int = Field(description="Open tasks that are due within a day, or overdue")
    overdue: int = Field(description="Of these")
    failed: int = Field(description="Follow-ups that failed")


class Need(BaseModel):
    """Something that only a person can settle."""

    kind: Literal["temporal", "workers", "failed", "loop", "quarantine", "held", "digests", "tasks"] = Field(
        description="`temporal`, `workers`: down; `failed`: follow-ups; `loop`: matches that were skipped; "
        "`quarantine`: events set aside; `held`: starts held back; `digests`: lost; `tasks`: overdue"
    )
    count: int
    about: str | None = Field(default=None, description="The automation, of `failed` and `loop`")


class ComingHour(BaseModel):
    """What an hour brings if nothing else happens."""

    at: str
    scores: int = Field(description="Scores that time alone may move, by the first of their moves")
    waits: int = Field(description="Follow-ups whose wait ends at the latest")
    starts: int = Field(description="Follow-ups whose start was put off")
    tasks: int = Field(description="Open tasks that are due")


class Leaving(BaseModel):
    """How many scores time alone takes out of a band within the day; up to 500 are looked for."""

    profile: str
    band: str
    count: int


class Rising(BaseModel):
    """A record whose score rose of late."""

    key: str
    name: str | None
    points: int


class ComingDay(BaseModel):
    """The next 24 hours, from the beginning of the present one."""

    since: str
    hours: list[ComingHour]
    leaving: list[Leaving]


class Overview(BaseModel):
    """What needs a person, and what comes by itself."""

    needs: list[Need]
    day: ComingDay


class TimelineEntry(BaseModel):
    """`kind` names the one further member that is there."""

    kind: Literal["event", "change", "enrollment", "task", "notification"]
    at: str
    event: Event | None = None
    change: ProfileChange | None = None
    enrollment: Enrollment | None = None
    task: Task | None = None
    notification: Notification | None = None


class ChannelTest(BaseModel):
    """What became of a test message by one channel."""

    channel: str = Field(examples=["mailto:sales@example.com"])
    outcome: Literal["sent", "recorded", "failed"] = Field(
        description="`recorded`: nothing leaves by it, and a notification would only be recorded"
    )
    reason: str | None = Field(description="Why it did not go out")


class RecipientTest(BaseModel):
    """A test message to a recipient, by all of its channels."""

    recipient: str
    channels: list[ChannelTest]


class Found(BaseModel):
    """`kind` names the one further member that is there; `by`: what of it was asked for."""

    kind: Literal[
        "contact",
        "deal",
        "enrollment",
        "event",
        "task",
        "notification",
        "webhook",
        "bulk_job",
        "automation",
        "profile",
        "shard",
    ]
    by: Literal["key", "id", "email", "workflow"]
    contact: Contact | None = None
    deal: Deal | None = None
    enrollment: EnrollmentDetails | None = None
    event: Event | None = None
    task: Task | None = None
    notification: Notification | None = None
    webhook: Webhook | None = None
    bulk_job: BulkJob | None = None
    automation: Automation | None = None
    profile: Profile | None = None
    shard: ShardStatus | None = None


class Finds(BaseModel):
    """Everything that has a key or an id."""

    items: list[Found]


class PayloadsBody(BaseModel):
    """Payloads as Temporal's remote codecs take and give them."""

    payloads: list[dict[str, Any]] = Field(description="Each with `metadata` and `data` in base64")
