"""What the calls about follow-ups answer: enrollments, tasks, notifications, webhooks."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from runtime.statuses import EnrollmentStatus, NotificationStatus, WebhookStatus


class Enrollment(BaseModel):
    """One contact or deal entering one automation."""

    id: str
    contact: str | None
    deal: str | None = None
    automation: str | None
    version: int
    status: EnrollmentStatus
    step: str | None
    attempt: int
    paused: bool
    last_error: str | None
    tries: int = Field(description="How often the present step has failed so far")
    next_attempt_at: str | None = Field(description="When the next try of the present step begins")
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
    deal: str | None = None
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
    deal: str | None = None
    automation: str | None
    enrollment: str
    recipient: str
    subject: str
    message: str
    status: NotificationStatus
    reason: str | None
    created_at: str
    sent_at: str | None


class Webhook(BaseModel):
    """A webhook of a follow-up; of a secret only its name."""

    id: str = Field(description="Sent as `webhook-id` on every try")
    contact: str | None
    deal: str | None = None
    automation: str | None
    enrollment: str
    method: str
    url: str
    headers: dict[str, str]
    body: str
    status: WebhookStatus
    reason: str | None
    tries: int = Field(description="How many tries have failed")
    response_status: int | None
    response: Any
    created_at: str
    delivered_at: str | None


class Enrolled(BaseModel):
    """Whom enrolling by hand reached. With `dry_run`: whom it would."""

    automation: str
    dry_run: bool
    request: str = Field(description="Send it again to go on after a failure; nobody enrolls twice")
    records: int = Field(description="How many were looked at")
    enrolled: int
    skipped: dict[str, int] = Field(description="By reason")
    already: int = Field(description="Matches that this `request` had dealt with before")
    starts_until: str | None = Field(description="When the storm limit lets the last one start")


class BranchCount(BaseModel):
    """How many went this way."""

    branch: str
    title: str
    count: int


class StepCount(BaseModel):
    """How many have come past a step."""

    path: str
    key: str | None
    title: str
    done: int
    branches: list[BranchCount] = []


class Stats(BaseModel):
    """What an automation has brought about."""

    automation: str
    version: int | None = Field(description="null: all versions")
    entered: int
    queued: int
    active: int
    paused: int = Field(description="Of those that are queued or active")
    completed: int
    exited: int
    failed: int
    replaced: int
    cancelled: int
    skipped: dict[str, int] = Field(description="Matches that did not enroll, by reason")
    steps_of_version: int | None
    steps: list[StepCount]


class Dropped(BaseModel):
    """How many follow-ups will not start."""

    dropped: int
