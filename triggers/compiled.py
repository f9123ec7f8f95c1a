"""Published triggers, prepared for speed: predicates as closures, found by profile and score."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conditions.activity import activity_of
from conditions.times import Micros, micros_of
from conditions.tree import Predicate, bounds, compile_conditions, fields_read, needed
from triggers.model import Trigger
from triggers.ranges import Ranges

_INFINITE = float("inf")
_PERIODS = {"minute": micros_of("1m"), "hour": micros_of("1h"), "day": micros_of("1d")}
Bands = Sequence[tuple[int | None, str]]


@dataclass(frozen=True, slots=True)
class CompiledTrigger:
    """The trigger of one published automation version. Of `profile` and `event_type` exactly one is set.

    `low` and `high` bound the scores for which `holds` can be true; `reentry` is None (every time), 0 (once) or
    the microseconds to wait since the last start; `rearm` is what the score has to reach before the next entry;
    `most_starts` how many may start within so many microseconds; `order`, then `key`, say who begins first.
    """

    automation_id: int
    key: str
    version: int
    profile: str | None
    event_type: str | None
    holds: Predicate
    where: Predicate | None
    low: float
    high: float
    bounded: bool
    on_entry: bool
    rearm: Predicate | None
    reentry: Micros | None
    while_running: str
    exits: Predicate | None
    exits_early: bool
    most_starts: tuple[int, Micros]
    order: int
    looks_at_fields: bool
    paused: bool
    reads: frozenset[str]

    @property
    def guarded(self) -> bool:
        """Whether earlier enrollments of the record matter."""
        return self.reentry is not None or self.rearm is not None or self.while_running != "start"


def compile_trigger(
    automation_id: int,
    key: str,
    version: int,
    trigger: Trigger,
    exit_when: Mapping[str, Any] | None = None,
    *,
    paused: bool = False,
    exits_early: bool = False,
    bands: Bands = (),
    order: int = 0,
) -> CompiledTrigger:
    """Prepare a valid trigger; `exit_when` are filters that must not hold at the start.

    `exits_early`: follow-ups may end early, by such filters or by an event. `bands` are those of its profile, the
    lowest first.
    """
    filters = trigger.filters
    low, high = _score_bounds(filters, bands)
    reentry: Micros | None = None
    if trigger.reentry == "once":
        reentry = 0
    elif not isinstance(trigger.reentry, str):
        reentry = micros_of(trigger.reentry.after)
    return CompiledTrigger(
        automation_id=automation_id,
        key=key,
        version=version,
        profile=trigger.profile,
        event_type=trigger.event,
        holds=compile_conditions(filters),
        where=compile_conditions(trigger.where) if trigger.where else None,
        low=low,
        high=high,
        bounded=(low, high) != (-_INFINITE, _INFINITE),
        on_entry=trigger.fires == "on_entry",
        rearm=compile_conditions(trigger.rearm.conditions) if trigger.rearm else None,
        reentry=reentry,
        while_running=trigger.while_running,
        exits=compile_conditions(exit_when) if exit_when else None,
        exits_early=exits_early or exit_when is not None,
        most_starts=(trigger.max_starts.times, _PERIODS[trigger.max_starts.per]),
        order=order,
        looks_at_fields=trigger.looks_at == "scores_and_fields",
        paused=paused,
        reads=fields_read(filters) | fields_read(trigger.where) | fields_read(exit_when or {}),
    )


def _score_bounds(filters: Mapping[str, Any], bands: Bands) -> tuple[float, float]:
    """The interval of scores outside of which the filters cannot hold, from the tests that all must hold."""
    low, high = bounds(filters, "score")
    for leaf in needed(filters):
        if leaf.field == "band" and leaf.operator.wants:
            band_low, band_high = _band_bounds(leaf.operands, bands)
            low, high = max(low, band_low), min(high, band_high)
    return low, high


def _band_bounds(labels: Any, bands: Bands) -> tuple[float, float]:
    """The lowest and the highest score that one of the bands has; everything when one is unknown."""
    known = [label for _, label in bands]
    if not isinstance(labels, list) or not labels or any(label not in known for label in labels):
        return -_INFINITE, _INFINITE
    places = [known.index(label) for label in labels]
    low = bands[min(places)][0]
    above = bands[max(places) + 1][0] if max(places) + 1 < len(bands) else None
    return -_INFINITE if low is None else low, _INFINITE if above is None else above - 1


class TriggerIndex:
    """The published triggers by profile and event type; those that bound the score are found by halving.

    `looking`: by profile, those that look at changes of fields and of other scores as well.
    """

    def __init__(self, triggers: Iterable[CompiledTrigger]) -> None:
        self.triggers = tuple(sorted(triggers, key=lambda trigger: trigger.automation_id))
        self.by_event: dict[str, list[CompiledTrigger]] = {}
        self.looking: dict[str, list[CompiledTrigger]] = {}
        self._open: dict[str, list[CompiledTrigger]] = {}
        self._rising: dict[str, list[CompiledTrigger]] = {}
        self._falling: dict[str, list[CompiledTrigger]] = {}
        between: dict[str, list[CompiledTrigger]] = {}
        for trigger in self.triggers:
            if trigger.event_type is not None:
                self.by_event.setdefault(trigger.event_type, []).append(trigger)
            elif trigger.profile is not None and trigger.looks_at_fields:
                self.looking.setdefault(trigger.profile, []).append(trigger)
            elif trigger.profile is not None:
                if not trigger.bounded:
                    self._open.setdefault(trigger.profile, []).append(trigger)
                elif trigger.high == _INFINITE:
                    self._rising.setdefault(trigger.profile, []).append(trigger)
                elif trigger.low == -_INFINITE:
                    self._falling.setdefault(trigger.profile, []).append(trigger)
                else:
                    between.setdefault(trigger.profile, []).append(trigger)
        for of_profile in self._rising.values():
            of_profile.sort(key=lambda trigger: trigger.low)
        for of_profile in self._falling.values():
            of_profile.sort(key=lambda trigger: -trigger.high)
        self._lows = {
            key: [trigger.low for trigger in of_profile] for key, of_profile in self._rising.items()
        }
        self._highs = {
            key: [-trigger.high for trigger in of_profile] for key, of_profile in self._falling.items()
        }
        self._between = {
            key: Ranges((trigger.low, trigger.high, trigger) for trigger in of_profile)
            for key, of_profile in between.items()
        }
        self.profiles = frozenset(trigger.profile for trigger in self.triggers if trigger.profile)
        self.scores_read = frozenset(
            name.split(".", 1)[1]
            for trigger in self.triggers
            for name in trigger.reads
            if name.startswith(("scores.", "bands."))
        ) | frozenset(self.looking)
        named = {name for trigger in self.triggers for name in trigger.reads}
        self.activity_read = frozenset(one for name in named if (one := activity_of(name)) is not None)

    def candidates(self, profile: str, score: int | None) -> Iterator[CompiledTrigger]:
        """The triggers on a profile whose filters may hold at this score, those in `looking` apart."""
        yield from self._open.get(profile, ())
        if score is None:
            return
        rising = self._rising.get(profile)
        if rising:
            yield from rising[: bisect_right(self._lows[profile], score)]
        falling = self._falling.get(profile)
        if falling:
            yield from falling[: bisect_right(self._highs[profile], -score)]
        between = self._between.get(profile)
        if between is not None:
            yield from between.at(score)
