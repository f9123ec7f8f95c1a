"""How far a record is from each automation: what keeps it out now, the nearest first."""

from collections.abc import Iterator, Mapping
from typing import Any

from conditions.causes import Cause
from conditions.describing import describe
from conditions.times import Micros, to_iso
from conditions.tree import Lookup, bounds, compile_conditions, leaves
from conditions.values import is_empty
from scoring.compiled import CompiledProfile
from services.design.profile_cache import ProfileCache
from services.foresight.answers import Nearness, NearnessOf
from services.foresight.why import About
from services.foresight.why_guards import GuardedChange
from services.records.kinds import Kind, find_record
from services.resources import Resources
from store.connection import Connection, RowMapping
from store.design import definitions
from store.records import score_reads
from triggers.evaluate import change_lookup, event_lookup, set_back, unmoved


class NearnessOfAll:
    """Holds a record as it is now against the filters of every published automation."""

    def __init__(self, resources: Resources, profiles: ProfileCache) -> None:
        self._resources = resources
        self._profiles = profiles

    def of(self, kind: Kind, key: str) -> NearnessOf:
        """All automations that look at records of this kind, those first that it is nearest to."""
        now = self._resources.clock()
        with self._resources.database.read() as connection:
            record = find_record(connection, kind, key)
            found = [
                one
                for row in definitions.all_definitions(connection, definitions.AUTOMATIONS)
                if row["version"] is not None
                for one in self._one(connection, kind, record, row, now)
            ]
        answer = NearnessOf(items=sorted(found, key=_distance))
        setattr(answer, kind, record["key"])
        return answer

    def _one(
        self, connection: Connection, kind: Kind, record: RowMapping, row: RowMapping, now: Micros
    ) -> Iterator[Nearness]:
        about = About(connection, row, kind, record, now, self._profiles)
        trigger = about.automation.trigger
        profile_row = self._profiles.row(connection, trigger.profile) if trigger.profile else None
        if trigger.profile is not None and (profile_row is None or profile_row["applies_to"] != kind):
            return
        profile = self._profiles.published(connection, profile_row) if profile_row is not None else None
        stored = (
            score_reads.stored_score(connection, profile_row["id"], record["id"])
            if profile_row is not None
            else None
        )
        seq = stored["seq"] + 1 if stored is not None else 1
        score = stored["score"] if stored is not None else None
        change = unmoved(score, Cause.EVENT, "")._replace(seq=seq)
        facts = about.facts(None, now)
        lookup = change_lookup(profile, change, facts) if profile is not None else event_lookup(None, facts)
        running = next((life for life in reversed(about.lives) if life.finished_at is None), None)
        one = Nearness(
            automation=row["key"],
            name=about.automation.name,
            state="filters",
            why="",
            holding=0,
            tests=0,
            short=None,
            until=None,
            enrollment=running.id if running is not None else None,
        )
        parts = [{name: part} for name, part in trigger.filters.items()]
        failing = [part for part in parts if not compile_conditions(part)(lookup, now)]
        one.tests, one.holding = len(parts), len(parts) - len(failing)
        if running is not None:
            one.state, one.why = "running", "it is in it now"
        elif row["paused"]:
            one.state, one.why = "paused", "the automation is paused"
        elif failing:
            one.why, one.short = _failed(failing[0], lookup)
        else:
            _guarded(one, about, GuardedChange(now, seq, 0, record["id"]), profile_row, profile, lookup)
        yield one


def _failed(part: Mapping[str, Any], lookup: Lookup) -> tuple[str, float | None]:
    """The test that failed in words, and how much a number is away from where it would hold."""
    tests = list(leaves(part))
    text = describe(part)
    if len(tests) != 1 or "not" in part:
        return text, None
    value = lookup(tests[0].field)
    low, high = bounds(part, tests[0].field)
    short = None
    if isinstance(value, int | float) and not isinstance(value, bool):
        if value < low != float("-inf"):
            short = low - value
        elif value > high != float("inf"):
            short = value - high
    elif is_empty(value) and tests[0].field == "score" and low not in (float("-inf"), float("inf")):
        short = low
    if short is not None:
        return text, int(short) if float(short).is_integer() else short
    shown = "empty" if is_empty(value) else str(value)[:80]
    return f"{text}; it is {shown}", None


def _guarded(
    one: Nearness,
    about: About,
    moment: GuardedChange,
    profile_row: RowMapping | None,
    profile: CompiledProfile | None,
    lookup: Lookup,
) -> None:
    """All filters hold: what else keeps it out, if anything does."""
    trigger = about.automation.trigger
    refused = [
        said
        for said in about.guards(moment, profile_row["id"] if profile_row is not None else None)
        if not said.holds
    ]
    if refused:
        one.state, one.why = "guard", refused[0].text
        last = about.lives[-1] if about.lives else None
        if refused[0].guard == "reentry" and last is not None and about.trigger.reentry:
            one.until = to_iso(last.started + about.trigger.reentry)
    elif trigger.event is not None:
        one.state, one.why = "event", f"it begins with the event {trigger.event}"
    elif profile is not None and trigger.fires == "on_entry" and _was_inside(about, profile, lookup):
        one.state, one.why = "inside", "its filters hold already; it begins when they come to hold"
    else:
        one.state, one.why = "ready", "everything holds; the next change of the score enrolls it"


def _was_inside(about: About, profile: CompiledProfile, lookup: Lookup) -> bool:
    """Whether a change from the present score on would find the filters holding before it."""
    present = unmoved(None if (score := lookup("score")) is None else int(str(score)), Cause.EVENT, "")
    holds = compile_conditions(about.automation.trigger.filters)
    return holds(set_back(lookup, profile, present), about.now)


_NEAREST = ("ready", "inside", "guard", "event", "filters", "paused", "running")


def _distance(one: Nearness) -> tuple[Any, ...]:
    return (
        _NEAREST.index(one.state),
        one.tests - one.holding,
        one.short if one.short is not None else float("inf"),
        one.automation,
    )
