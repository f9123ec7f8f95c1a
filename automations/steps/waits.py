"""The steps that wait: for a time, and for something to come about."""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import Discriminator, Field, StrictStr, Tag, model_validator

from automations.steps.base import BaseStep, Branch, OneOrMore
from conditions.definition import Definition, Key, Text, invalid
from conditions.describing import describe, field_words
from conditions.fields import ENDING, LATER_WHERE, Catalogue
from conditions.problems import Loc, Problem
from conditions.times import Duration, Micros, duration_words, micros_of, time_zone
from conditions.tree import Conditions

if TYPE_CHECKING:
    from automations.steps.kinds import Step

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
EventType = Text

#: The ways after a wait for a date that may be over.
IN_TIME, PAST = "in_time", "past"

_DAY = micros_of("1d")
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_DATE_FIELD = re.compile(r"(contact|deal|event)\.\S+")


class WaitUntil(Definition):
    """Until a time of day, on some weekdays; or until the date in a field, some time before or after it."""

    until: Text
    """A time of day such as `09:00`, or a date field such as `contact.renewal_date`."""
    weekdays: Annotated[list[Weekday], Field(min_length=1)] | None = None
    """With a time of day: only on these."""
    timezone: OneOrMore | None = None
    """Where it is that time: `Europe/Berlin`, or a field that holds such a zone; of a list, the first that is one; UTC
    where none is."""
    offset: StrictStr | None = None
    """With a date field: `-30d` for before, `12h` for after."""
    if_past: Literal["now", "skip", "stop"] | None = None
    """With a date field, when its moment is over: go on at once (default), skip what follows up to the next wait, or
    stop."""

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
        if clock and self.if_past is not None:
            problems.append(
                Problem(("if_past",), "a time of day comes again; if_past belongs to a date field")
            )
        if self.offset is not None and not _is_offset(self.offset):
            problems.append(Problem(("offset",), f'"{self.offset}" is not an offset; write -30d or 12h'))
        problems += [
            Problem(
                ("timezone",),
                f'unknown time zone "{name}"; write Europe/Berlin, or a field that holds one such as contact.timezone',
            )
            for name in self.timezones
            if time_zone(name) is None and not _DATE_FIELD.fullmatch(name)
        ]
        if problems:
            raise invalid(*problems)
        return self

    @property
    def is_clock(self) -> bool:
        """Whether `until` is a time of day, not a field."""
        return bool(_CLOCK.fullmatch(self.until))

    @property
    def surprises(self) -> bool:
        """Whether it may be over for somebody, and does not say what then."""
        return not self.is_clock and self.if_past is None

    @property
    def may_move(self) -> bool:
        """Whether it is read from fields that may change while it is waited for."""
        return any(name.startswith(("contact.", "deal.")) for name in (self.until, *self.timezones))

    @property
    def timezones(self) -> list[str]:
        """The zones and fields, in the order in which they are tried."""
        return [self.timezone] if isinstance(self.timezone, str) else self.timezone or []

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


def _wait_branch(value: Any) -> str:
    return "wait mapping" if isinstance(value, dict | WaitUntil) else "wait duration"


class WaitStep(BaseStep):
    """Waits for a time."""

    kind: ClassVar[str] = "wait"
    example: ClassVar[str] = "{wait: 3d}"
    decides: ClassVar[bool] = True
    waits: ClassVar[bool] = True
    wait: Annotated[
        Annotated[Duration, Tag("wait duration")] | Annotated[WaitUntil, Tag("wait mapping")],
        Discriminator(_wait_branch),
    ]
    """How long."""

    def does(self) -> str:
        wait = self.wait
        if isinstance(wait, str):
            return f"wait {duration_words(wait)}"
        if wait.is_clock:
            days = f" on {', '.join(wait.weekdays)}" if wait.weekdays else ""
            return f"wait until {wait.until}{days}"
        if not wait.offset:
            return f"wait until {field_words(wait.until)}"
        side = "before" if wait.offset.startswith("-") else "after"
        return f"wait until {duration_words(wait.offset.lstrip('+-'))} {side} {field_words(wait.until)}"

    @property
    def date(self) -> WaitUntil | None:
        """The date in a field that it waits for; None where it waits for something else."""
        return self.wait if isinstance(self.wait, WaitUntil) and not self.wait.is_clock else None

    def duration(self) -> Micros:
        if isinstance(self.wait, str):
            return micros_of(self.wait)
        return _DAY if self.wait.is_clock else 0

    def branches(self) -> list[Branch]:
        if not self.leads_on:
            return []
        return [Branch(IN_TIME, "in time"), Branch(PAST, "its moment was over")]

    @property
    def leads_on(self) -> bool:
        return isinstance(self.wait, WaitUntil) and self.wait.if_past == "skip"

    @property
    def branch_if_skipped(self) -> str | None:
        return IN_TIME if self.leads_on else None


class Await(Definition):
    """What to wait for: filters that hold, an event, or a task that is done. Without a timeout it waits for ever."""

    filters: Conditions | None = None
    """What must come to hold; this, `event` or `task`."""
    event: EventType | None = None
    """The event type to wait for; this, `filters` or `task`."""
    task: Key | None = None
    """The key of the `create_task` step whose task is to be done; this, `filters` or `event`."""
    where: Conditions = Field(default={})
    """With `event`: what must hold of it."""
    since: Literal["last_wait", "step"] = "last_wait"
    """With `event`: what counts. `last_wait`: all since the follow-up last waited, or since the event that enrolled.
    `step`: what arrives from this step on."""
    timeout: Duration | None = None
    """How long at most."""
    on_timeout: "list[Step]" = Field(default=[])
    """What happens then."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        problems = []
        if sum(way is not None for way in (self.filters, self.event, self.task)) != 1:
            problems.append(Problem((), 'wait_for takes one of "filters", an "event" and a "task"'))
        if "where" in self.model_fields_set and self.event is None:
            problems.append(Problem(("where",), '"where" belongs to an "event"'))
        if "since" in self.model_fields_set and self.event is None:
            problems.append(Problem(("since",), '"since" belongs to an "event"'))
        if self.on_timeout and self.timeout is None:
            problems.append(Problem(("on_timeout",), 'on_timeout needs a "timeout", such as 7d'))
        if problems:
            raise invalid(*problems)
        return self


class WaitForStep(BaseStep):
    """Waits until something is so, or happens."""

    kind: ClassVar[str] = "wait_for"
    example: ClassVar[str] = "{wait_for: {event: form.submitted, timeout: 7d}}"
    decides: ClassVar[bool] = True
    waits: ClassVar[bool] = True
    awaits: ClassVar[bool] = True
    wait_for: Await
    """What it does."""

    def does(self) -> str:
        awaited = self.wait_for
        if awaited.task is not None:
            what = f"wait until the task of {awaited.task} is done"
        elif awaited.event is not None:
            what = f"wait for {awaited.event}"
        else:
            what = f"wait until {describe(awaited.filters or {})}"
        return f"{what}, at most {duration_words(awaited.timeout)}" if awaited.timeout else what

    def conditions(self) -> Iterator[tuple[Loc, Mapping[str, Any], Catalogue]]:
        yield ("wait_for", "filters"), self.wait_for.filters or {}, ENDING
        yield ("wait_for", "where"), self.wait_for.where, LATER_WHERE

    def awaited_events(self) -> Iterator[tuple[Loc, str]]:
        if self.wait_for.event is not None:
            yield ("wait_for", "event"), self.wait_for.event

    def duration(self) -> Micros:
        return micros_of(self.wait_for.timeout) if self.wait_for.timeout is not None else 0

    def branches(self) -> list[Branch]:
        late = Branch(
            "timeout", "time was over", ("wait_for", "on_timeout"), self.wait_for.on_timeout, "time is over"
        )
        return [Branch("met", "it came about"), late]
