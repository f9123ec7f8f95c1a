"""What calls answer with, of the records wing: contacts, deals, lists, scores."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.follow_ups.schemas import Enrollment, Notification, Task
from api.intake.schemas import Event
from conditions.fields import DealStatus


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
    status: DealStatus
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


class ScoreEntry(BaseModel):
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
