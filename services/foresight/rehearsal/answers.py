"""What a rehearsal answers: the trigger's verdict, every step with what it would do, how it ends."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from services.foresight.answers import FilterVerdict


class RehearsedTrigger(BaseModel):
    """Whether the trigger would have begun the follow-up; the rehearsal goes on all the same."""

    enrolls: bool
    why: str = Field(examples=["not all filters hold"])
    filters: list[FilterVerdict] = Field(description="`where`, then `filters`, test by test")


class RehearsedMessage(BaseModel):
    """A notification. `outcome`: what it would be."""

    recipient: str
    to: list[str] = Field(
        description="The addresses of the recipient, for this record; only where the outcome is sent it goes there"
    )
    outcome: Literal["sent", "recorded", "withheld"]
    reason: str | None = Field(description="Why it would not be sent, or not be for the first that is named")
    subject: str
    message: str


class RehearsedTask(BaseModel):
    """A task that would be made."""

    title: str
    description: str
    assign_to: str | None
    due_at: str | None


class RehearsedWebhook(BaseModel):
    """A webhook. Of a secret only its name; the signature is that of what would be sent at that moment."""

    method: str
    url: str
    headers: dict[str, str]
    body: str
    outcome: Literal["sent", "recorded"]
    reason: str | None


class RehearsedChange(BaseModel):
    """A field before and after."""

    record: Literal["contact", "deal"]
    field: str
    before: Any
    after: Any


class RehearsedScore(BaseModel):
    """A score before the step, and when the next one begins."""

    profile: str
    before: int | None
    after: int | None


class RehearsedWay(BaseModel):
    """The way after the step. `otherwise`: the one that would have been gone without the choice."""

    branch: str
    title: str
    by: Literal["conditions", "choice", "assumption"]
    otherwise: str | None = None


class RehearsedStart(BaseModel):
    """Another automation that would begin."""

    automation: str
    enrolls: bool
    reason: str | None = Field(description="Why it would be skipped")


class RehearsedStep(BaseModel):
    """One step, in the order in which they would be done. What does not concern it is not there."""

    path: str
    key: str | None = None
    kind: str
    title: str
    at: str = Field(description="When it would begin")
    until: str | None = Field(default=None, description="When what it waits for would be over")
    failed: str | None = Field(default=None, description="Why it would fail")
    assumed: str | None = Field(default=None, description="What was taken for granted")
    way: RehearsedWay | None = None
    message: RehearsedMessage | None = None
    task: RehearsedTask | None = None
    webhook: RehearsedWebhook | None = None
    changes: list[RehearsedChange] = Field(default=[], description="Tags and fields that it would change")
    scores: list[RehearsedScore] = Field(default=[], description="Scores that move until the next step")
    starts: RehearsedStart | None = None
    stops: str | None = Field(default=None, description="The reason with which it ends the follow-up")


class Unreached(BaseModel):
    """A step on the way that the end keeps from being done."""

    path: str
    title: str


class RehearsedEnd(BaseModel):
    """How the follow-up would end; `running`: it would wait for ever."""

    status: Literal["completed", "failed", "exited", "replaced", "running", "unfinished"]
    reason: str | None
    at: str


class SentTest(BaseModel):
    """What became of a message that was sent as a test. `step`: its path, in a rehearsal."""

    step: str
    outcome: Literal["sent", "failed"]
    reason: str | None


class Rehearsal(BaseModel):
    """The steps of an automation for one record, as they would be done. Nothing of it has been written."""

    automation: str
    of: Literal["published", "draft", "document"]
    version: int | None = Field(description="null: the draft, or the document that was sent")
    contact: str
    deal: str | None = None
    event: str | None = None
    begins_at: str
    trigger: RehearsedTrigger
    steps: list[RehearsedStep]
    end: RehearsedEnd
    unreached: list[Unreached] = Field(description="Steps that the end keeps from being done")
    besides: list[str] = Field(description="Other automations that would begin besides")
    assumptions: list[str]
    tests: list[SentTest] | None = Field(default=None, description="With `send_to`: what was sent there")
