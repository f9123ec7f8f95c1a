"""The one law: however a history reaches the ledger, the score is that of a plain fold over it."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.breakdown import breakdown, kept_lines, lines_of
from scoring.compiled import CompiledProfile
from scoring.entries import Entry, Event, Record
from scoring.fold import fold
from scoring.forecast import fading_in_turn, forecast
from scoring.profile import RULE_KINDS, RuleKind
from scoring.progress import Case, History, Incoming, Stored, advance
from scoring.withdrawal import KnownPast
from tests.scoring.builders import HOUR, profile, record
from tests.scoring.rule_samples import Drawing, drawn

TYPES = ("a", "b", "c")

RULES = drawn(
    Drawing(
        types=TYPES,
        points=st.integers(-20, 20),
        durations=["1h", "5h", "1d", "30d"],
        wheres=[{"n": {"greater": 3}}],
        whiles=[
            {"owner": {"empty": True}},
            {"since": {"older_than": "1d"}},
            {"since": {"older_than": "30d"}},
            {"not": {"since": {"older_than": "5h"}}},
        ],
        silences=[["a"]],
        times=3,
        percents=[10, 50, 100],
        steps=["1h", "5h", "1d", "30d"],
    )
)


def profiles_of(*kinds: str) -> st.SearchStrategy[CompiledProfile]:
    """Profiles with rules of these kinds."""
    return st.builds(
        lambda rules, low, zone: profile(*rules, min=low, max=40, groups={"g": {"max": 15}}, timezone=zone),
        st.lists(st.one_of(*(RULES[kind] for kind in kinds)), min_size=1, max_size=6),
        st.sampled_from([None, 0]),
        st.sampled_from(["UTC", "Europe/Berlin"]),
    )


profiles = profiles_of(*RULES)
#: Of all kinds at once, and each alone, so that one of which something is missing is named.
EACH_KIND = pytest.mark.parametrize("kinds", [(*RULES,), *((kind,) for kind in RULES)], ids="+".join)
KINDS = pytest.mark.parametrize("kind", RULE_KINDS, ids=lambda kind: kind.key)
SINCE = "1970-01-05T00:00:00.000000Z"


def somebody() -> Record:
    """A contact with a date that grows older within the histories."""
    return record(since=SINCE)


histories = st.lists(
    st.tuples(st.integers(0, 24 * 60), st.sampled_from(TYPES), st.integers(0, 6)), max_size=14
).map(
    lambda rows: [
        Event(f"e{index:02}", kind, hour * HOUR, {"n": n}) for index, (hour, kind, n) in enumerate(rows)
    ]
)


class Stepwise:
    """Keeps a score as the store does: a standing, the entries, the time of the last scoring."""

    def __init__(self, compiled: CompiledProfile) -> None:
        self.compiled = compiled
        self.record = somebody()
        self.stored: Stored | None = None
        self.entries: dict[tuple[str, str], Entry] = {}
        self.changes: list[tuple[int | None, int | None]] = []
        self.applied: list[Event] = []
        self.causes: list[str] = []

    def batch(self, events: Sequence[Event], now: int, revoked: Sequence[Event] = ()) -> None:
        """Score a batch as `engine.batch` does, loading only the entries that can still matter."""
        incoming = [Incoming(event.at, event.id, event) for event in events]
        incoming += [Incoming(event.at, f"revoke/{event.id}", revokes=event) for event in revoked]
        since = self.stored.scored_at if self.stored else 0
        known = self.entries.values()
        limited = [entry for entry in known if entry.window is not None]
        mortal = [entry for entry in known if entry.ends_at is not None and entry.ends_at > since]
        history = None if self.stored else History((), ())
        ids = {event.id for event in revoked}
        theirs = [entry for entry in known if entry.cause_id in ids]
        case = Case(
            *(self.record, 1, incoming, self.stored, limited, mortal, theirs),
            past=KnownPast(self.applied),
            history=history,
        )
        progress = advance(self.compiled, case, now)
        self.applied = [event for event in (*self.applied, *events) if event.id not in ids]
        for entry in progress.ledger.removed:
            del self.entries[entry.rule, entry.cause_id]
        self.entries |= progress.ledger.added
        self.causes += [change.cause for change in progress.changes]
        self.changes += [(change.previous, change.current) for change in progress.changes]
        self.stored = Stored(
            self.compiled.version,
            progress.score,
            progress.ledger.standing,
            progress.ledger.now,
            progress.ledger.next_change(),
            progress.seq,
        )


def not_later(due: int | None, moment: int | None) -> bool:
    """Whether waking at `due` misses nothing that happens at `moment`."""
    return moment is None or (due is not None and due <= moment)


@settings(max_examples=1500, deadline=None)
@given(profiles, histories, st.data())
def test_any_order_and_any_batches_give_the_score_of_a_plain_fold(
    compiled: CompiledProfile, events: list[Event], data: Any
) -> None:
    arrival = data.draw(st.permutations(events))
    cuts = sorted(data.draw(st.sets(st.integers(0, len(arrival)), max_size=5)))
    now = 0
    stepwise = Stepwise(compiled)
    for start, end in zip([0, *cuts], [*cuts, len(arrival)], strict=True):
        batch = arrival[start:end]
        pause = data.draw(st.integers(0, 24 * 40)) * HOUR
        now = max([now + pause, *(event.at for event in batch)])
        stepwise.batch(batch, now)
    plain = fold(compiled, stepwise.record, sorted(events, key=lambda e: (e.at, e.id)), (), now)
    assert stepwise.stored is not None
    assert stepwise.stored.score == plain.score()
    assert not_later(stepwise.stored.due_at, plain.next_change())
    assert set(stepwise.entries.values()) == set(plain.added.values())
    assert kept_lines(stepwise.stored.standing) == lines_of(plain, plain.added.values())


@settings(max_examples=1500, deadline=None)
@given(profiles, histories, st.data())
def test_events_taken_back_in_any_order_leave_the_score_of_those_that_are_left(
    compiled: CompiledProfile, events: list[Event], data: Any
) -> None:
    waiting = list(data.draw(st.permutations(events)))
    stepwise = Stepwise(compiled)
    now = 0
    for _ in range(data.draw(st.integers(1, 4))):
        batch = [waiting.pop() for _ in range(min(len(waiting), data.draw(st.integers(0, 8))))]
        now = max([now + data.draw(st.integers(0, 24 * 10)) * HOUR, *(event.at for event in batch)])
        known = st.sampled_from(stepwise.applied) if stepwise.applied else st.nothing()
        stepwise.batch(batch, now, data.draw(st.lists(known, unique_by=lambda event: event.id)))
    left = sorted(stepwise.applied, key=lambda e: (e.at, e.id))
    plain = fold(compiled, stepwise.record, left, (), now)
    assert stepwise.stored is not None
    assert stepwise.stored.score == plain.score()
    assert not_later(stepwise.stored.due_at, plain.next_change())
    assert set(stepwise.entries.values()) == set(plain.added.values())
    assert kept_lines(stepwise.stored.standing) == lines_of(plain, plain.added.values())


@settings(max_examples=500, deadline=None)
@given(profiles, histories, st.data())
def test_changes_form_an_unbroken_chain_from_empty_to_the_score(
    compiled: CompiledProfile, events: list[Event], data: Any
) -> None:
    stepwise = Stepwise(compiled)
    for event in events:
        stepwise.batch([event], max(event.at, stepwise.stored.scored_at if stepwise.stored else 0))
    current = None
    for previous, following in stepwise.changes:
        assert previous == current
        assert previous != following
        current = following
    assert stepwise.stored is None or current == stepwise.stored.score


@settings(max_examples=500, deadline=None)
@given(profiles, histories, st.integers(0, 24 * 90))
def test_every_breakdown_adds_up_to_the_score(
    compiled: CompiledProfile, events: list[Event], hours: int
) -> None:
    folded = fold(compiled, somebody(), events, (), hours * HOUR)
    lines = breakdown(folded)
    assert dict.fromkeys(lines) == dict.fromkeys(breakdown(folded, folded.added.values()))
    assert sum(points for _, points, _ in lines) == (folded.score() or 0)


@EACH_KIND
@settings(max_examples=300, deadline=None)
@given(histories, st.integers(0, 24 * 90), st.data())
def test_between_now_and_the_next_change_the_score_stands_still(
    kinds: tuple[str, ...], events: list[Event], hours: int, data: Any
) -> None:
    compiled = data.draw(profiles_of(*kinds))
    events = [event for event in events if event.at <= hours * HOUR]
    folded = fold(compiled, somebody(), events, (), hours * HOUR)
    due = folded.next_change()
    last = due - 1 if due is not None else folded.now + 400 * 24 * HOUR
    for moment in ((folded.now + last) // 2, last):
        assert fold(compiled, somebody(), events, (), moment).score() == folded.score()


@KINDS
@settings(max_examples=200, deadline=None)
@given(histories, st.data())
def test_what_time_does_has_a_cause_of_the_rules_kind(kind: RuleKind, events: list[Event], data: Any) -> None:
    stepwise = Stepwise(data.draw(profiles_of(kind.key)))
    stepwise.batch(events, max((event.at for event in events), default=0))
    before = len(stepwise.causes)
    for _ in range(6):
        assert stepwise.stored is not None
        if stepwise.stored.due_at is not None:
            stepwise.batch((), stepwise.stored.due_at)
    assert {*stepwise.causes[before:]} <= {*kind.by_time}


@EACH_KIND
@settings(max_examples=300, deadline=None)
@given(histories, st.integers(0, 24 * 90), st.data())
def test_the_forecast_names_every_moment_at_which_the_fold_changes(
    kinds: tuple[str, ...], events: list[Event], hours: int, data: Any
) -> None:
    compiled = data.draw(profiles_of(*kinds))
    events = [event for event in events if event.at <= hours * HOUR]
    folded = fold(compiled, somebody(), events, (), hours * HOUR)
    ahead = forecast(folded, folded.added.values())
    assert ahead.looked_until is None
    score = folded.score()
    for change in ahead.changes[:40]:
        assert fold(compiled, somebody(), events, (), change.at - 1).score() == score
        assert fold(compiled, somebody(), events, (), change.at).score() == change.score
        score = change.score
    if len(ahead.changes) < 40:
        assert fold(compiled, somebody(), events, (), folded.now + 4_000 * 24 * HOUR).score() == score


@settings(max_examples=500, deadline=None)
@given(profiles, histories, st.integers(0, 24 * 90))
def test_the_forecast_is_the_same_when_entries_are_looked_at_in_their_turn(
    compiled: CompiledProfile, events: list[Event], hours: int
) -> None:
    events = [event for event in events if event.at <= hours * HOUR]
    folded = fold(compiled, somebody(), events, (), hours * HOUR)
    entries = sorted(folded.added.values(), key=lambda entry: (entry.starts_at, entry.cause_id))

    def begun_after(rule: str, start: int) -> Iterator[Entry]:
        return (entry for entry in entries if entry.rule == rule and entry.starts_at > start)

    fading = [
        steps
        for key in compiled.expiring
        for steps in fading_in_turn(folded, compiled.rules_by_key[key], partial(begun_after, key))
    ]
    assert forecast(folded, (), fading=fading) == forecast(folded, entries)
