"""The steps that wait, branch and start, and the union of all steps."""

import re
from typing import Annotated, Any, ClassVar, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Discriminator, Field, StrictStr, Tag, model_validator
from pydantic_core import PydanticCustomError
from typing_extensions import TypeAliasType

from automations.action_models import (
    AddTagStep,
    Adjustment,
    AdjustScoreStep,
    BaseStep,
    CreateTaskStep,
    Notification,
    NotifyStep,
    RemoveTagStep,
    Task,
    Update,
    UpdateStep,
    Webhook,
    WebhookStep,
)
from conditions.definition import Definition, Key, Text, WholeNumber, invalid
from conditions.problems import Problem, suggestion
from conditions.times import Duration, micros_of
from conditions.tree import Conditions

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
EventType = Text

_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_DATE_FIELD = re.compile(r"(contact|deal|event)\.\S+")


class WaitUntil(Definition):
    """Until a time of day, on some weekdays; or until the date in a field, some time before or after it."""

    until: Text
    """A time of day such as `09:00`, or a date field such as `contact.renewal_date`."""
    weekdays: Annotated[list[Weekday], Field(min_length=1)] | None = None
    """With a time of day: only on these."""
    timezone: Text | None = None
    """Whose time of day."""
    offset: StrictStr | None = None
    """With a date field: `-30d` for before, `12h` for after."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        clock = bool(_CLOCK.fullmatch(self.until))
        problems = []
        if not clock and not _DATE_FIELD.fullmatch(self.until):
            remedy = (
                'write a time of day in quotes such as "09:00", or a date field such as contact.renewal_date'
            )
            problems.append(Problem(("until",), f'cannot wait until "{self.until}"; {remedy}'))
        elif not clock and self.weekdays is not None:
            problems.append(
                Problem(("weekdays",), 'weekdays belong to a time of day, such as until: "09:00"')
            )
        elif clock and self.offset is not None:
            problems.append(Problem(("offset",), "an offset belongs to a date field"))
        if self.offset is not None and not _is_offset(self.offset):
            problems.append(Problem(("offset",), f'"{self.offset}" is not an offset; write -30d or 12h'))
        if self.timezone is not None and not _is_zone(self.timezone):
            problems.append(
                Problem(("timezone",), f'unknown time zone "{self.timezone}"; write Europe/Berlin')
            )
        if problems:
            raise invalid(*problems)
        return self

    @property
    def is_clock(self) -> bool:
        """Whether `until` is a time of day, not a field."""
        return bool(_CLOCK.fullmatch(self.until))

    @property
    def offset_micros(self) -> int:
        """The offset in microseconds, negative for before; 0 when there is none."""
        offset = self.offset or ""
        return (-1 if offset.startswith("-") else 1) * micros_of(offset.lstrip("+-")) if offset else 0


def _is_offset(text: str) -> bool:
    try:
        micros_of(text.removeprefix("-") if text.startswith("-") else text.removeprefix("+"))
    except ValueError:
        return False
    return True


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def _wait_branch(value: Any) -> str:
    return "wait mapping" if isinstance(value, dict | WaitUntil) else "wait duration"


class WaitStep(BaseStep):
    """Waits for a time."""

    kind: ClassVar[str] = "wait"
    wait: Annotated[
        Annotated[Duration, Tag("wait duration")] | Annotated[WaitUntil, Tag("wait mapping")],
        Discriminator(_wait_branch),
    ]
    """How long."""


class Await(Definition):
    """What to wait for: filters that hold, or an event. Without a timeout it waits for ever."""

    filters: Conditions | None = None
    """What must come to hold; this or `event`."""
    event: EventType | None = None
    """The event type to wait for; this or `filters`."""
    where: Conditions = Field(default={})
    """With `event`: what must hold of it."""
    timeout: Duration | None = None
    """How long at most."""
    on_timeout: "list[Step]" = Field(default=[])
    """What happens then."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        problems = []
        if (self.filters is None) == (self.event is None):
            problems.append(Problem((), 'wait_for takes either "filters" or an "event"'))
        if "where" in self.model_fields_set and self.event is None:
            problems.append(Problem(("where",), '"where" belongs to an "event"'))
        if self.on_timeout and self.timeout is None:
            problems.append(Problem(("on_timeout",), 'on_timeout needs a "timeout", such as 7d'))
        if problems:
            raise invalid(*problems)
        return self


class WaitForStep(BaseStep):
    """Waits until something is so, or happens."""

    kind: ClassVar[str] = "wait_for"
    wait_for: Await
    """What it does."""


class ElseIf(Definition):
    """A further condition with its steps."""

    condition: Conditions = Field(alias="if")
    """The condition."""
    then: "list[Step]"
    """Steps where it holds."""


class IfStep(BaseStep):
    """Goes the first way whose conditions hold, or `else`."""

    kind: ClassVar[str] = "if"
    condition: Conditions = Field(alias="if")
    """The condition."""
    then: "list[Step]"
    """Steps where it holds."""
    elif_: list[ElseIf] = Field(default=[], alias="elif")
    """Further conditions, tried in order."""
    else_: "list[Step]" = Field(default=[], alias="else")
    """Steps where none holds."""


class Share(Definition):
    """A share of the records, and their steps."""

    percent: Annotated[WholeNumber, Field(ge=0, le=100)]
    """Share of the records."""
    name: Text | None = None
    """For people."""
    steps: "list[Step]"
    """Steps for them."""


class SplitStep(BaseStep):
    """Sends each record one way, always the same; those beyond the shares' sum pass by."""

    kind: ClassVar[str] = "split"
    split: Annotated[list[Share], Field(min_length=1)]
    """What it does."""

    @model_validator(mode="after")
    def _at_most_all(self) -> Self:
        total = sum(share.percent for share in self.split)
        if total > 100:
            raise invalid(Problem(("split",), f"the percentages add up to {total}; at most 100 are there"))
        return self


class StartStep(BaseStep):
    """Enrolls the record in another automation and goes on."""

    kind: ClassVar[str] = "start"
    start: Key
    """Key of the other automation."""


class StopStep(BaseStep):
    """Ends the follow-up, with a reason."""

    kind: ClassVar[str] = "stop"
    stop: Text
    """The reason."""


STEPS: dict[str, type[BaseStep]] = {
    step.kind: step
    for step in (
        NotifyStep,
        CreateTaskStep,
        AddTagStep,
        RemoveTagStep,
        UpdateStep,
        AdjustScoreStep,
        WebhookStep,
        WaitStep,
        WaitForStep,
        IfStep,
        SplitStep,
        StartStep,
        StopStep,
    )
}
_BESIDES = ("key", "name", "on_failure", "then", "elif", "else")


def _kind_of(value: Any) -> str | None:
    """The tag of a union's branch; the space keeps it apart from every key of a document."""
    if isinstance(value, BaseStep):
        return f"{value.kind} step"
    return next((f"{key} step" for key in value if key in STEPS), None) if isinstance(value, dict) else None


def _one_step(value: Any) -> Any:
    if isinstance(value, BaseStep):
        return value
    if not isinstance(value, dict):
        raise PydanticCustomError("definition", "a step is a mapping, such as {add_tag: hot}")
    kinds = [key for key in value if key in STEPS]
    if len(kinds) > 1:
        raise invalid(Problem((kinds[1],), f"one step does one thing; make {kinds[1]} a step of its own"))
    if not kinds:
        unknown = next((key for key in value if key not in _BESIDES), None)
        if unknown is None:
            raise PydanticCustomError(
                "definition", "{reason}", {"reason": f"no step here{suggestion('', STEPS)}"}
            )
        raise invalid(Problem((str(unknown),), f'unknown step "{unknown}"{suggestion(unknown, STEPS)}'))
    return value


Step = TypeAliasType(
    "Step",
    Annotated[
        Annotated[NotifyStep, Tag("notify step")]
        | Annotated[CreateTaskStep, Tag("create_task step")]
        | Annotated[AddTagStep, Tag("add_tag step")]
        | Annotated[RemoveTagStep, Tag("remove_tag step")]
        | Annotated[UpdateStep, Tag("update step")]
        | Annotated[AdjustScoreStep, Tag("adjust_score step")]
        | Annotated[WebhookStep, Tag("webhook step")]
        | Annotated[WaitStep, Tag("wait step")]
        | Annotated[WaitForStep, Tag("wait_for step")]
        | Annotated[IfStep, Tag("if step")]
        | Annotated[SplitStep, Tag("split step")]
        | Annotated[StartStep, Tag("start step")]
        | Annotated[StopStep, Tag("stop step")],
        Discriminator(_kind_of),
        BeforeValidator(_one_step),
    ],
)

for _model in (Await, ElseIf, IfStep, Share, WaitForStep, SplitStep):
    _model.model_rebuild()

__all__ = [
    "STEPS",
    "AddTagStep",
    "AdjustScoreStep",
    "Adjustment",
    "Await",
    "BaseStep",
    "CreateTaskStep",
    "ElseIf",
    "EventType",
    "IfStep",
    "Notification",
    "NotifyStep",
    "RemoveTagStep",
    "Share",
    "SplitStep",
    "StartStep",
    "Step",
    "StopStep",
    "Task",
    "Update",
    "UpdateStep",
    "WaitForStep",
    "WaitStep",
    "WaitUntil",
    "Webhook",
    "WebhookStep",
]
