"""A score change against the triggers: which enroll the record, which skip it and why."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from conditions.causes import Cause
from conditions.times import HOUR, Micros
from conditions.tree import Lookup
from conditions.values import Value
from scoring.compiled import CompiledProfile
from scoring.entries import Event
from scoring.progress import ScoreChange
from triggers.compiled import CompiledTrigger, TriggerIndex

MAX_DEPTH = 5
#: How often one automation enrolls one record within an hour, unless a setting says otherwise.
LOOP_LIMIT = 20
#: `cause` of enrollments that no change and no event led to: by hand, and by the step `start`.
BY_HAND, BY_STEP = "manual", "start"
UNFILTERED = (BY_HAND, BY_STEP)


def unmoved(score: int | None, cause: str, cause_id: str, depth: int = 0) -> ScoreChange:
    """In place of a change where something else enrolls: from the present score to the same."""
    return ScoreChange(
        seq=0,
        previous=score,
        current=score,
        cause=cause,
        cause_id=cause_id,
        event=None,
        silent=False,
        depth=depth,
    )


class Match(NamedTuple):
    """A trigger whose filters hold. `change` is None for a trigger on an event; `origin` is unique per automation."""

    trigger: CompiledTrigger
    origin: str
    event: Event | None
    change: ScoreChange | None
    depth: int
    exits: bool


@dataclass(slots=True)
class Guard:
    """Earlier enrollments of one record in one automation: the last start and those still running.

    `entered_at`: when the last one was made, which the storm limit may let start later. `last_seq`: the number of the
    score change that made it; None when no change of its profile did. `recent`: when those of the last hour were made.
    """

    last_start: Micros | None = None
    entered_at: Micros | None = None
    last_seq: int | None = None
    running: list[str] = field(default_factory=list)
    recent: list[Micros] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a trigger may read: the record's fields, and scores of other profiles by key."""

    fields: Callable[[str], Value]
    scores: Mapping[str, int | None]
    bands: Mapping[str, str | None]


def change_lookup(profile: CompiledProfile, change: ScoreChange, facts: Facts) -> Lookup:
    """The values of the trigger fields at a score change. Each is worked out when it is read."""
    own_score, own_band = f"scores.{profile.key}", f"bands.{profile.key}"

    def lookup(name: str) -> Value:
        if name in ("score", own_score):
            return change.current
        if name in ("band", own_band):
            return profile.band(change.current)
        if name == "previous_score":
            return change.previous
        if name == "previous_band":
            return profile.band(change.previous)
        if name == "change":
            return (change.current or 0) - (change.previous or 0)
        if name == "cause":
            return change.cause
        return _elsewhere(name, change.event, facts)

    return lookup


def event_lookup(event: Event | None, facts: Facts) -> Lookup:
    """The values of the trigger fields at an event that no score need have moved for; without one, at no change."""

    def lookup(name: str) -> Value:
        return (
            (Cause.EVENT if event is not None else None)
            if name == "cause"
            else _elsewhere(name, event, facts)
        )

    return lookup


def _elsewhere(name: str, event: Event | None, facts: Facts) -> Value:
    """Fields of the record, of the event and of other profiles; None where there is nothing."""
    owner, _, field_name = name.partition(".")
    if owner in ("contact", "deal"):
        return facts.fields(name)
    if owner == "event" and event is not None:
        return event.type if field_name == "type" else event.properties.get(field_name)
    if owner == "scores":
        return facts.scores.get(field_name)
    if owner == "bands":
        return facts.bands.get(field_name)
    return None


def set_back(lookup: Lookup, profile: CompiledProfile, change: ScoreChange) -> Lookup:
    """The same with `score` and `band` at their previous values, all else as it is now."""
    score, band = change.previous, profile.band(change.previous)

    def earlier(name: str) -> Value:
        if name == "score":
            return score
        if name == "band":
            return band
        return lookup(name)

    return earlier


def match_change(
    index: TriggerIndex, profile: CompiledProfile, change: ScoreChange, facts: Facts, now: Micros
) -> Iterator[Match]:
    """The triggers that this change satisfies. A silent change satisfies none."""
    if change.silent:
        return
    lookup: Lookup | None = None
    for trigger in index.candidates(profile.key, change.current):
        lookup = lookup or change_lookup(profile, change, facts)
        if not trigger.holds(lookup, now):
            continue
        if trigger.on_entry and trigger.holds(set_back(lookup, profile, change), now):
            continue
        exits = trigger.exits is not None and trigger.exits(lookup, now)
        yield Match(
            trigger,
            origin=f"{profile.id}:{change.cause_id}",
            event=change.event,
            change=change,
            depth=change.depth,
            exits=exits,
        )


class Look(NamedTuple):
    """A moment at which a trigger that reads fields and other scores is looked at.

    `change`: that of its own profile's score, or one from the present score to the same that stands for it. `before`:
    fields, scores and bands that have just changed, with what they were.
    """

    change: ScoreChange
    origin: str
    before: Mapping[str, Value]


def match_look(
    trigger: CompiledTrigger, profile: CompiledProfile, look: Look, facts: Facts, now: Micros
) -> Match | None:
    """The trigger's match at that moment, if it has one."""
    change = look.change
    if change.silent or not (change.current is None or trigger.low <= change.current <= trigger.high):
        return None
    lookup = change_lookup(profile, change, facts)
    if not trigger.holds(lookup, now):
        return None
    if trigger.on_entry:
        back = set_back(lookup, profile, change)
        if trigger.holds(lambda name: look.before[name] if name in look.before else back(name), now):
            return None
    exits = trigger.exits is not None and trigger.exits(lookup, now)
    return Match(
        trigger, origin=look.origin, event=change.event, change=change, depth=change.depth, exits=exits
    )


def match_event(index: TriggerIndex, event: Event, depth: int, facts: Facts, now: Micros) -> Iterator[Match]:
    """The triggers on this event's type that it satisfies."""
    for trigger in index.by_event.get(event.type, ()):
        if trigger.where is not None and not trigger.where(where_lookup(event, facts.fields), now):
            continue
        lookup = event_lookup(event, facts)
        if trigger.holds(lookup, now):
            exits = trigger.exits is not None and trigger.exits(lookup, now)
            yield Match(
                trigger, origin=f"event:{event.id}", event=event, change=None, depth=depth, exits=exits
            )


def where_lookup(event: Event, fields: Callable[[str], Value]) -> Lookup:
    """What `where` beside an event type reads: properties by bare names, and `contact.*` and `deal.*`.

    Beside an event that a follow-up waits for also `event.*`, of the one that enrolled.
    """

    def lookup(name: str) -> Value:
        if name.startswith(("contact.", "deal.", "event.")):
            return fields(name)
        value: Value = event.properties.get(name)
        return value

    return lookup


def is_armed(trigger: CompiledTrigger, scores: Iterable[int | None], now: Micros) -> bool:
    """Whether one of the `scores` recorded since the last enrollment reached what `rearm` asks for."""
    rearm = trigger.rearm
    return rearm is None or any(rearm(lambda _, score=score: score, now) for score in scores)  # type: ignore[misc]


def skip_reason(match: Match, guard: Guard, now: Micros, loop_limit: int = LOOP_LIMIT) -> str | None:
    """Why a match does not enroll: `paused`, `depth`, `exit`, `reentry`, `running` or `loop`; None when it does.

    `loop_limit`: how often the automation may enroll the record within an hour, by-hand enrollments apart.
    """
    trigger = match.trigger
    if trigger.paused:
        return "paused"
    if match.depth > MAX_DEPTH:
        return "depth"
    if match.exits:
        return "exit"
    if (
        trigger.reentry is not None
        and guard.last_start is not None
        and (trigger.reentry == 0 or now < guard.last_start + trigger.reentry)
    ):
        return "reentry"
    if guard.running and trigger.while_running == "skip":
        return "running"
    by_hand = match.change is not None and match.change.cause == BY_HAND
    if not by_hand and sum(at > now - HOUR for at in guard.recent) >= loop_limit:
        return "loop"
    return None


class Window(NamedTuple):
    """What of a storm limit is taken: `used` starts in the window that began at `began_at`."""

    began_at: Micros
    used: int


def take_start(window: Window | None, most: tuple[int, Micros], now: Micros) -> tuple[Window, Micros]:
    """The window after one more start, and when that may be.

    A window begins with its first start. Starts beyond `most` go into the windows that follow.
    """
    times, period = most
    if window is None or now >= window.began_at + period:
        window = Window(now, 0)
    if window.used >= times:
        window = Window(window.began_at + period, 0)
    return Window(window.began_at, window.used + 1), max(now, window.began_at)
