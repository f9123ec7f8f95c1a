"""The score profile as its author writes it: rules, groups, bands and bounds."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from conditions.causes import Cause
from conditions.definition import Definition, Key, LongText, Text, WholeNumber, invalid
from conditions.fields import RULE_WHERE, RULE_WHILE, Catalogue
from conditions.problems import Problem, suggestion
from conditions.times import Duration, time_zone
from conditions.tree import Conditions

MAX_POINTS = 1_000_000
#: Lines of a breakdown, so no rule may take them as its key.
RESERVED_KEYS = ("adjustments", "clamp")

Points = Annotated[WholeNumber, Field(ge=-MAX_POINTS, le=MAX_POINTS)]


def _known_zone(name: str) -> str:
    if time_zone(name) is None:
        raise PydanticCustomError(
            "time_zone",
            "{name} is not a time zone; write one such as UTC or Europe/Berlin",
            {"name": f'"{name}"'},
        )
    return name


TimeZone = Annotated[str, AfterValidator(_known_zone)]


def bands_in_order(bands: Mapping[str, int | None]) -> dict[str, int | None]:
    """Bands as people read them, the lowest first, however they were written or kept."""
    return dict(sorted(bands.items(), key=lambda band: (band[1] is not None, band[1] or 0)))


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


@dataclass(frozen=True)
class RuleKind:
    """What makes a rule one of its kind: the `key` that says when it gives points, and further keys of its `own`.

    `conditions` is the key of its conditions on records, and `reads` the fields that they may read, by the kind of
    record that the profile scores. `events`: the keys that name event types; bare names in the conditions are then
    properties of such an event. `by_time`: why the score moves where time alone changes what such a rule gives.
    """

    key: str
    name: str
    asks: str
    own: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    conditions: str | None = None
    reads: Mapping[Any, Catalogue] = field(default_factory=dict)
    by_time: tuple[Cause, ...] = ()

    @property
    def reads_events(self) -> bool:
        """Whether its conditions are on the properties of an event."""
        return self.conditions is not None and bool(self.events)


EVENT, ATTRIBUTE, INACTIVITY = RULE_KINDS = (
    RuleKind(
        "on",
        "an event rule",
        '"on" (an event type)',
        own=("where", "limit", "expires_after", "decay"),
        events=("on",),
        conditions="where",
        reads={"contact": RULE_WHERE, "deal": RULE_WHERE},
        by_time=(Cause.EXPIRY, Cause.DECAY),
    ),
    RuleKind(
        "while",
        "an attribute rule",
        '"while" (conditions on the record)',
        conditions="while",
        reads=RULE_WHILE,
        by_time=(Cause.ATTRIBUTE,),
    ),
    RuleKind(
        "after_silence",
        "an inactivity rule",
        '"after_silence"',
        own=("of",),
        events=("of",),
        by_time=(Cause.INACTIVITY,),
    ),
)


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

    @property
    def kind(self) -> RuleKind:
        """Its kind; of a rule that has been validated there is one."""
        return next(kind for kind in RULE_KINDS if self.given(kind.key) is not None)

    @property
    def conditions(self) -> Mapping[str, Any]:
        """Its conditions; none where its kind has none, or it."""
        return (self.given(self.kind.conditions) if self.kind.conditions is not None else None) or {}

    @property
    def event_types(self) -> list[str]:
        """The event types that it names."""
        named = [self.given(key) for key in self.kind.events]
        return [event for value in named for event in ([value] if isinstance(value, str) else value or ())]

    def given(self, key: str) -> Any:
        """What stands at a key of the document; None where nothing does."""
        return getattr(self, "while_" if key == "while" else key)

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if problems := list(self._problems()):
            raise invalid(*problems)
        return self

    def _problems(self) -> Iterator[Problem]:
        given = [kind.key for kind in RULE_KINDS if self.given(kind.key) is not None]
        if not given:
            *asks, last = (kind.asks for kind in RULE_KINDS)
            yield Problem((), f"a rule needs {', '.join(asks)} or {last}")
        if len(given) > 1:
            keys = ", ".join(f'"{kind.key}"' for kind in RULE_KINDS)
            yield Problem((given[1],), f'a rule has one of {keys}; write another rule for "{given[1]}"')
        for kind in RULE_KINDS:
            for name in kind.own if kind.key not in given else ():
                if self.given(name):
                    yield Problem((name,), f'"{name}" belongs to {kind.name}, one with "{kind.key}"')
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
    bands: Annotated[dict[Key, WholeNumber | None], AfterValidator(bands_in_order)] = Field(
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
            if rule.kind is INACTIVITY and rule.of is None and not rewarded_types(self.rules):
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
