"""What the calls about automations answer."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.design.schemas import Comparison
from api.problems import FieldProblem
from api.records.schemas import CausingAdjustment, CausingEvent


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


class PastEnrollment(BaseModel):
    """An enrollment that would have been made."""

    at: str | None
    previous: int | None
    current: int | None


class PastEnrollments(BaseModel):
    """How often a record would have entered, and when."""

    contact: str | None
    deal: str | None
    times: int
    entries: list[PastEnrollment]


class OnDay(BaseModel):
    """Enrollments on one day, UTC."""

    date: str
    enrollments: int


class Happened(BaseModel):
    """What was published has done in the same time."""

    enrollments: int
    records: int
    skipped: dict[str, int]


class BacktestResult(BaseModel):
    """What a trigger would have done in the past."""

    automation: str
    version: int | None = Field(description="null: the draft")
    days: int
    since: str | None
    looked_at: int = Field(description="How many changes or events")
    enrollments: int
    records: int
    skipped: dict[str, int]
    per_day: list[OnDay]
    published: Happened
    only_here: int = Field(description="Records that would have entered and were not enrolled")
    only_published: int = Field(description="Records that were enrolled and would not have entered")
    warnings: list[str]
    items: list[PastEnrollments] = Field(description="The records that would have entered most often")


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
    difference: Comparison | None = Field(
        default=None, description="From the version before, after publishing"
    )
    enrolled: Enrolled | None = None
    follow_ups_paused: int | None = None
    follow_ups_resumed: int | None = None


class Dropped(BaseModel):
    """How many follow-ups will not start."""

    dropped: int


class FilterVerdict(BaseModel):
    """How one test came out. One under `not` is judged without the `not`."""

    text: str = Field(examples=["score is at least 50"])
    actual: Any
    holds: bool


class GuardVerdict(BaseModel):
    """What a guard said at that moment, whether it was asked or not."""

    guard: Literal["reentry", "while_running", "rearm", "depth"]
    text: str = Field(examples=["reentry: after 7 days; the last start was 2026-11-22T12:00:00.000000Z"])
    holds: bool


class Explained(BaseModel):
    """A change or event, and what the automation made of it."""

    at: str | None
    previous: int | None = None
    current: int | None = None
    cause: str
    version: int | None = None
    silent: bool | None = None
    event: CausingEvent | None = None
    adjustment: CausingAdjustment | None = None
    outcome: Literal[
        "enrolled",
        "skipped",
        "silent",
        "filters",
        "where",
        "inside",
        "rearm",
        "unpublished",
        "elsewhere",
        "otherwise",
    ]
    why: str
    reason: str | None = Field(description="Of a skip")
    automation_version: int | None = Field(description="The version that was published then; null: the draft")
    enrollment: str | None
    workflow_id: str | None
    workflow_url: str | None
    filters: list[FilterVerdict]
    guards: list[GuardVerdict]


class Besides(BaseModel):
    """An enrollment, or a skip with its reason, that no change caused."""

    at: str | None
    cause: Literal["manual", "start"]
    enrollment: str | None
    reason: str | None


class Explanation(BaseModel):
    """Why an automation did or did not enroll a record, for each recent change; the newest first."""

    automation: str
    contact: str | None = None
    deal: str | None = None
    version: int | None
    items: list[Explained]
    besides: list[Besides] = Field(description="Enrolled by hand or by another automation")


class Recipient(BaseModel):
    """Whom notifications reach."""

    kind: str
    key: str
    name: str
    channels: list[str]
