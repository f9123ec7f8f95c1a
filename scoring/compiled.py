"""A published profile, prepared for speed: rules by event type, predicates as closures, decay as tables."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from conditions.times import Micros, micros_of
from conditions.tree import Predicate, ages, compile_conditions, fields_read
from scoring.profile import ATTRIBUTE, EVENT, INACTIVITY, RULE_KINDS, Rule, ScoreProfile, rewarded_types


@dataclass(frozen=True, slots=True)
class EventRule:
    """Points for each event of one type; `worths[n]` is the worth from age n x `step` on.

    `turning_points`: the ages at which an entry's worth changes, in order, and by how much; the last is where its
    life ends, even where it is worth nothing.
    """

    key: str
    points: int
    group: str
    where: Predicate | None
    times: int | None
    per: str
    lifetime: Micros | None
    step: Micros | None
    worths: tuple[int, ...]
    turning_points: tuple[tuple[Micros, int], ...]


@dataclass(frozen=True, slots=True)
class AttributeRule:
    """Points while conditions on the record hold; `ages` are its `older_than` leaves (field, duration)."""

    key: str
    points: int
    group: str
    holds: Predicate
    ages: tuple[tuple[str, Micros], ...]


@dataclass(frozen=True, slots=True)
class InactivityRule:
    """Points once `after` has passed since the last event of the rule's types."""

    key: str
    points: int
    group: str
    after: Micros


#: Of any kind.
CompiledRule = EventRule | AttributeRule | InactivityRule


@dataclass(frozen=True, slots=True)
class CompiledProfile:
    """One immutable version of a profile, ready to score. `id` and `version` are the store's.

    `always`: every event of a record matters, as its first one makes it a record that rules besides those on events
    look at. `limited`: some rule has a limit. `waits`: time matters besides the entries (silence, ages of fields).
    `where_reads`: the kinds of record (contact, deal) whose fields some event rule reads.
    """

    id: int
    key: str
    version: int
    applies_to: Literal["contact", "deal"]
    timezone: str
    minimum: int | None
    maximum: int | None
    bands: tuple[tuple[int | None, str], ...]
    groups: Mapping[str, tuple[int | None, int | None]]
    event_rules: Mapping[str, tuple[EventRule, ...]]
    rules_by_key: Mapping[str, EventRule]
    attribute_rules: tuple[AttributeRule, ...]
    inactivity_rules: tuple[InactivityRule, ...]
    silence_broken_by: Mapping[str, tuple[str, ...]]
    always: bool
    limited: bool
    waits: bool
    where_reads: frozenset[str]
    relevant_types: frozenset[str]

    @property
    def rules(self) -> tuple[CompiledRule, ...]:
        """All of them, of every kind."""
        return (*self.rules_by_key.values(), *self.attribute_rules, *self.inactivity_rules)

    @property
    def expiring(self) -> tuple[str, ...]:
        """The keys of the event rules whose points end."""
        return tuple(key for key, rule in self.rules_by_key.items() if rule.lifetime is not None)

    def band(self, score: int | None) -> str | None:
        """The label whose lower bound is the highest one not above `score`; None below all, or when empty."""
        if score is None:
            return None
        highest = None
        for bound, label in self.bands:
            if bound is not None and score < bound:
                break
            highest = label
        return highest


def decay_worths(points: int, percent: int) -> tuple[int, ...]:
    """Points x (1 - percent/100)^n for n = 0, 1, ... up to the first 0; half away from zero, in integers."""
    worths = [points]
    kept, whole = 1, 1
    while worths[-1] != 0:
        kept *= 100 - percent
        whole *= 100
        size = (2 * abs(points) * kept + whole) // (2 * whole)
        worths.append(size if points > 0 else -size)
    return tuple(worths)


def compile_profile(profile: ScoreProfile, profile_id: int, version: int) -> CompiledProfile:
    """Prepare a valid profile; raises ValueError only for conditions that validation would have refused."""
    of_kind: dict[str, list[Rule]] = {kind.key: [] for kind in RULE_KINDS}
    for rule in profile.rules:
        of_kind[rule.kind.key].append(rule)
    event_rules: dict[str, list[EventRule]] = {}
    where_reads: set[str] = set()
    for rule in of_kind[EVENT.key]:
        event_rules.setdefault(rule.on or "", []).append(_event_rule(rule))
        owners = {name.partition(".")[0] for name in fields_read(rule.where) if "." in name}
        where_reads |= owners & {"contact", "deal"}
    broken_by: dict[str, list[str]] = {}
    for rule in of_kind[INACTIVITY.key]:
        for event_type in rule.of or rewarded_types(profile.rules):
            broken_by.setdefault(event_type, []).append(rule.key)
    attribute_rules = [_attribute_rule(rule) for rule in of_kind[ATTRIBUTE.key]]
    inactivity_rules = [_inactivity_rule(rule) for rule in of_kind[INACTIVITY.key]]
    flat = [rule for rules in event_rules.values() for rule in rules]
    return CompiledProfile(
        id=profile_id,
        key=profile.key,
        version=version,
        applies_to=profile.applies_to,
        timezone=profile.timezone,
        minimum=profile.min,
        maximum=profile.max,
        bands=tuple(
            sorted(
                ((bound, label) for label, bound in profile.bands.items()),
                key=lambda b: (b[0] is not None, b[0] or 0),
            )
        ),
        groups={key: (group.min, group.max) for key, group in profile.groups.items()},
        event_rules={event_type: tuple(rules) for event_type, rules in event_rules.items()},
        rules_by_key={rule.key: rule for rule in flat},
        attribute_rules=tuple(attribute_rules),
        inactivity_rules=tuple(inactivity_rules),
        silence_broken_by={event_type: tuple(keys) for event_type, keys in broken_by.items()},
        always=bool(attribute_rules or inactivity_rules),
        limited=any(rule.times is not None for rule in flat),
        waits=bool(inactivity_rules) or any(rule.ages for rule in attribute_rules),
        where_reads=frozenset(where_reads),
        relevant_types=frozenset(event_rules) | frozenset(broken_by),
    )


def _attribute_rule(rule: Rule) -> AttributeRule:
    conditions = rule.while_ or {}
    return AttributeRule(
        key=rule.key,
        points=rule.points,
        group=rule.group or "",
        holds=compile_conditions(conditions),
        ages=tuple(ages(conditions)),
    )


def _inactivity_rule(rule: Rule) -> InactivityRule:
    return InactivityRule(
        key=rule.key, points=rule.points, group=rule.group or "", after=micros_of(rule.after_silence or "")
    )


def _event_rule(rule: Rule) -> EventRule:
    worths: tuple[int, ...] = (rule.points,)
    step = None
    lifetime = micros_of(rule.expires_after) if rule.expires_after else None
    if rule.decay is not None and rule.points != 0:
        worths = decay_worths(rule.points, rule.decay.percent)
        step = micros_of(rule.decay.every)
        faded = step * (len(worths) - 1)
        lifetime = faded if lifetime is None else min(lifetime, faded)
    return EventRule(
        turning_points=tuple(_turning_points(worths, step, lifetime)),
        key=rule.key,
        points=rule.points,
        group=rule.group or "",
        where=compile_conditions(rule.where) if rule.where else None,
        times=rule.limit.times if rule.limit else None,
        per=rule.limit.per if rule.limit else "",
        lifetime=lifetime,
        step=step,
        worths=worths,
    )


def _turning_points(
    worths: tuple[int, ...], step: Micros | None, lifetime: Micros | None
) -> Iterator[tuple[Micros, int]]:
    worth = worths[0]
    for number, following in enumerate(worths if step is not None else ()):
        age = number * (step or 0)
        if lifetime is not None and age >= lifetime:
            break
        if following != worth:
            yield age, following - worth
            worth = following
    if lifetime is not None:
        yield lifetime, -worth
