"""The score profile as its author writes it: rules, groups, bands and bounds."""

from collections.abc import Iterator
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from conditions.definition import Definition, Key, LongText, Text, WholeNumber, invalid
from conditions.problems import Problem, suggestion
from conditions.times import Duration
from conditions.tree import Conditions

MAX_POINTS = 1_000_000
#: Lines of a breakdown, so no rule may take them as its key.
RESERVED_KEYS = ("adjustments", "clamp")

Points = Annotated[WholeNumber, Field(ge=-MAX_POINTS, le=MAX_POINTS)]


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise PydanticCustomError(
            "time_zone",
            "{name} is not a time zone; write one such as UTC or Europe/Berlin",
            {"name": f'"{name}"'},
        ) from None
    return name


TimeZone = Annotated[str, AfterValidator(_known_zone)]


class Limit(Definition):
    """The earliest `times` events by (occurred_at, event id) in each calendar window count."""

    times: Annotated[WholeNumber, Field(ge=1, le=100_000)]
    """How many events count in a window: the earliest."""
    per: Literal["day", "week", "month", "ever"]
    """The window: a calendar day, week from Monday, or month of the profile's `timezone`; or all time."""


class Decay(Definition):
    """From age n x `every` on, an entry is worth points x (1 - percent/100)^n, rounded half away from zero."""

    percent: Annotated[WholeNumber, Field(ge=1, le=100)]
    """How much of its worth an entry loses each time."""
    every: Duration
    """How often."""


class Group(Definition):
    """Bounds of the sum of the rules that name this group."""

    min: WholeNumber | None = None
    """The group's sum is never below."""
    max: WholeNumber | None = None
    """The group's sum is never above."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if problems := list(_bound_problems(self.min, self.max)):
            raise invalid(*problems)
        return self


class Rule(Definition):
    """One scoring rule: an event rule (`on`), an attribute rule (`while`) or an inactivity rule (`after_silence`)."""

    key: Key
    """Unique in the profile; the line of the breakdown."""
    name: Text | None = None
    """For people."""
    points: Points
    """Added to the score; negative to subtract."""
    group: Key | None = None
    """The group that bounds the sum of its rules."""
    on: Text | None = Field(default=None, description="Event rule: the event type that gives the points")
    where: Conditions = Field(
        default={}, description="Event rule: what must hold of the event's properties and the record"
    )
    limit: Limit | None = Field(default=None, description="Event rule: how many events count in a window")
    expires_after: Duration | None = Field(default=None, description="Event rule: how long an entry lives")
    decay: Decay | None = Field(default=None, description="Event rule: how an entry fades")
    while_: Conditions | None = Field(
        default=None,
        alias="while",
        description="Attribute rule: the points count while this holds of the record",
    )
    after_silence: Duration | None = Field(
        default=None, description="Inactivity rule: the points count after this long without an event"
    )
    of: list[Text] | None = Field(
        default=None,
        min_length=1,
        description="Inactivity rule: the event types that break the silence; default: those that give points above 0",
    )

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if problems := list(self._problems()):
            raise invalid(*problems)
        return self

    def _problems(self) -> Iterator[Problem]:
        kinds = {"on": self.on, "while": self.while_, "after_silence": self.after_silence}
        given = [name for name, value in kinds.items() if value is not None]
        if not given:
            yield Problem(
                (), 'a rule needs "on" (an event type), "while" (conditions on the record) or "after_silence"'
            )
        if len(given) > 1:
            yield Problem(
                (given[1],),
                f'a rule has one of "on", "while", "after_silence"; write another rule for "{given[1]}"',
            )
        if self.on is None:
            for name in ("where", "limit", "expires_after", "decay"):
                if getattr(self, name):
                    yield Problem((name,), f'"{name}" belongs to an event rule, one with "on"')
        if self.of is not None and self.after_silence is None:
            yield Problem(("of",), '"of" belongs to an inactivity rule, one with "after_silence"')
        if self.key in RESERVED_KEYS:
            yield Problem(("key",), f'"{self.key}" is a line of every breakdown; choose another key')


class ScoreProfile(Definition):
    """Name, description, rules and bands that define one score for one kind of record."""

    kind: Literal["score_profile"] = "score_profile"
    """Says what the document is."""
    key: Key
    """Your own stable name for the profile."""
    name: Text | None = None
    """For people; applies at once, without a publish."""
    description: LongText | None = None
    """For people; applies at once, without a publish."""
    applies_to: Literal["contact", "deal"] = "contact"
    """The kind of record that is scored."""
    min: WholeNumber | None = None
    """The score is never below."""
    max: WholeNumber | None = None
    """The score is never above."""
    timezone: TimeZone = Field(default="UTC", description="Calendar of the limits' days, weeks and months")
    bands: dict[Key, WholeNumber | None] = Field(
        default_factory=dict, description="Labels by lower bound; null is the bottom"
    )
    groups: dict[Key, Group] = Field(default_factory=dict)
    """Bounds for the sum of several rules, by group key."""
    rules: Annotated[list[Rule], Field(max_length=500)] = Field(default_factory=list)
    """What adds or subtracts points; a profile without rules cannot be published."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if problems := list(self._problems()):
            raise invalid(*problems)
        return self

    def _problems(self) -> Iterator[Problem]:
        yield from _bound_problems(self.min, self.max)
        bounds: dict[int | None, str] = {}
        for label, bound in self.bands.items():
            if bound in bounds:
                yield Problem(
                    ("bands", label), f'band "{bounds[bound]}" has the same lower bound; give each its own'
                )
            bounds[bound] = label
        seen: set[str] = set()
        for index, rule in enumerate(self.rules):
            if rule.key in seen:
                yield Problem(
                    ("rules", index, "key"), f'rule key "{rule.key}" is used twice; each rule needs its own'
                )
            seen.add(rule.key)
            if rule.group is not None and rule.group not in self.groups:
                hint = suggestion(rule.group, list(self.groups)) or '; define it under "groups"'
                yield Problem(("rules", index, "group"), f'there is no group "{rule.group}"{hint}')
            if rule.after_silence is not None and rule.of is None and not rewarded_types(self.rules):
                yield Problem(
                    ("rules", index),
                    'without "of" an inactivity rule waits for the types that give points above 0, '
                    'and no rule gives any; name the event types in "of"',
                )


def rewarded_types(rules: list[Rule]) -> frozenset[str]:
    """The event types to which some rule gives points above 0: the default `of` of inactivity rules."""
    return frozenset(rule.on for rule in rules if rule.on is not None and rule.points > 0)


def _bound_problems(low: int | None, high: int | None) -> Iterator[Problem]:
    if low is not None and high is not None and low > high:
        yield Problem(("min",), f"min {low} is above max {high}")
