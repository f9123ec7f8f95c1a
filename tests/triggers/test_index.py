"""Finding triggers by score: the index may offer too many, never too few."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.progress import ScoreChange
from tests.scoring.builders import profile
from triggers.compiled import CompiledTrigger, TriggerIndex, compile_trigger
from triggers.evaluate import Facts, change_lookup, match_change, set_back
from triggers.model import Trigger
from triggers.ranges import Ranges

OPERATORS = ("equal", "not_equal", "greater", "greater_or_equal", "less", "less_or_equal")
PROFILE = profile({"on": "e", "points": 1}, bands={"cold": -4, "warm": 2, "hot": 5})
FACTS = Facts(lambda _: None, {}, {})

scores = st.none() | st.integers(-12, 12)
tests = st.one_of(
    st.builds(lambda operator, value: {operator: value}, st.sampled_from(OPERATORS), st.integers(-10, 10)),
    st.sampled_from([{"empty": True}, {"not_empty": True}]),
    st.builds(lambda low, high: {"greater": low, "less": high}, st.integers(-10, 10), st.integers(-10, 10)),
)
labels = st.sampled_from(["cold", "warm", "hot", "gone"])
filters = st.one_of(
    st.builds(lambda test: {"score": test}, tests),
    st.builds(lambda band, test: {"band": {"equal": band}, "score": test}, labels, tests),
    st.builds(lambda bands: {"band": {"one_of": bands}}, st.lists(labels, min_size=1, max_size=3)),
    st.builds(lambda band: {"all": [{"band": {"equal": band}}]}, labels),
    st.builds(lambda band: {"band": {"not_equal": band}}, labels),
    st.builds(lambda one, two: {"all": [{"score": one}, {"score": two}]}, tests, tests),
    st.builds(lambda one, two: {"any": [{"score": one}, {"score": two}]}, tests, tests),
    st.builds(lambda test: {"not": {"score": test}}, tests),
    st.just({}),
)


def compiled(number: int, conditions: dict[str, Any], fires: str = "every_change") -> CompiledTrigger:
    trigger = Trigger.model_validate({"profile": "p", "filters": conditions, "fires": fires})
    return compile_trigger(number, f"a{number}", 1, trigger, bands=PROFILE.bands)


def change(previous: int | None, current: int | None, *, silent: bool = False) -> ScoreChange:
    return ScoreChange(1, previous, current, "event", "id", None, silent, 0)


@given(st.lists(filters, max_size=12), scores, scores)
def test_the_index_finds_exactly_the_triggers_whose_filters_hold(
    trees: list[dict[str, Any]], previous: int | None, current: int | None
) -> None:
    triggers = [compiled(number, tree) for number, tree in enumerate(trees)]
    moved = change(previous, current)
    lookup = change_lookup(PROFILE, moved, FACTS)
    holding = {trigger.automation_id for trigger in triggers if trigger.holds(lookup, 0)}
    matching = [
        match.trigger.automation_id
        for match in match_change(TriggerIndex(triggers), PROFILE, moved, FACTS, 0)
    ]
    assert sorted(matching) == sorted(holding)


@given(filters, scores, scores)
def test_on_entry_fires_where_the_filters_begin_to_hold(
    tree: dict[str, Any], previous: int | None, current: int | None
) -> None:
    trigger = compiled(1, tree, "on_entry")
    moved = change(previous, current)
    lookup = change_lookup(PROFILE, moved, FACTS)
    begins = trigger.holds(lookup, 0) and not trigger.holds(set_back(lookup, PROFILE, moved), 0)
    assert bool(list(match_change(TriggerIndex([trigger]), PROFILE, moved, FACTS, 0))) is begins


@pytest.mark.parametrize(
    ("operator", "operand", "fires_at"),
    [
        ("equal", 5, [5]),
        ("not_equal", 5, [None, 4, 6]),
        ("greater", 5, [6]),
        ("greater_or_equal", 5, [5, 6]),
        ("less", 5, [4]),
        ("less_or_equal", 5, [4, 5]),
        ("empty", True, [None]),
        ("not_empty", True, [4, 5, 6]),
    ],
)
def test_each_of_the_eight_operators_on_the_score(
    operator: str, operand: object, fires_at: list[int | None]
) -> None:
    index = TriggerIndex([compiled(1, {"score": {operator: operand}})])
    assert [
        score for score in (None, 4, 5, 6) if list(match_change(index, PROFILE, change(9, score), FACTS, 0))
    ] == fires_at


def test_a_silent_change_fires_nothing() -> None:
    index = TriggerIndex([compiled(1, {})])
    assert list(match_change(index, PROFILE, change(1, 2, silent=True), FACTS, 0)) == []


@pytest.mark.parametrize(
    "bounds",
    [
        lambda number: {"greater": 1_000 + number},
        lambda number: {"less": 400 - number},
        lambda number: {"greater": 1_000 + number, "less": 2_000},
        lambda number: {"greater": 0, "less": 400 - number},
    ],
)
def test_triggers_out_of_reach_are_not_even_looked_at(bounds: Callable[[int], dict[str, int]]) -> None:
    index = TriggerIndex([compiled(number, {"score": bounds(number)}) for number in range(300)])
    assert list(index.candidates("p", 500)) == []


@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9))), st.integers(-10, 10))
def test_ranges_are_found_by_what_they_contain(pairs: list[tuple[int, int]], number: int) -> None:
    ranges = Ranges((low, high, index) for index, (low, high) in enumerate(pairs))
    wanted = [index for index, (low, high) in enumerate(pairs) if low <= number <= high]
    assert sorted(ranges.at(number)) == wanted
