"""What each kind of rule gives, at the moments that matter."""

import pytest
from pydantic import ValidationError

from conditions.messages import plain_errors
from conditions.times import from_iso
from scoring.breakdown import breakdown
from scoring.compiled import decay_worths
from scoring.entries import Adjustment
from scoring.profile import ScoreProfile
from scoring.windows import window_of
from tests.scoring.builders import DAY, HOUR, event, ledger, profile, record, score


def test_no_event_and_no_rule_that_holds_is_empty_not_zero() -> None:
    assert score(profile({"on": "e", "points": 5}), [], 1) is None


def test_points_add_up_and_subtract() -> None:
    rules = profile({"on": "e", "points": 5}, {"on": "f", "points": -7})
    assert score(rules, [event(1), event(2), event(3, "f")], 4) == 3


def test_one_event_may_satisfy_several_rules() -> None:
    rules = profile({"on": "e", "points": 5}, {"on": "e", "points": 1, "where": {"n": {"greater": 1}}})
    assert score(rules, [event(1, n=2), event(2, n=1)], 4) == 11


@pytest.mark.parametrize(
    ("at", "expected"), [(1, 5), (24.9999, 5), (25, 0), (26, 0)], ids=["start", "before", "at", "after"]
)
def test_an_entry_lives_until_the_moment_it_expires(at: float, expected: int) -> None:
    assert score(profile({"on": "e", "points": 5, "expires_after": "1d"}), [event(1)], at) == expected


def test_all_points_expired_is_zero_not_empty() -> None:
    assert score(profile({"on": "e", "points": 5, "expires_after": "1h"}), [event(1)], 100) == 0


@pytest.mark.parametrize(
    ("points", "percent", "worths"),
    [
        (50, 30, (50, 35, 25, 17, 12, 8, 6, 4, 3, 2, 1, 1, 1, 0)),
        (-50, 30, (-50, -35, -25, -17, -12, -8, -6, -4, -3, -2, -1, -1, -1, 0)),
        (1, 50, (1, 1, 0)),
        (3, 100, (3, 0)),
        (0, 10, (0,)),
    ],
)
def test_decay_rounds_half_away_from_zero_in_integers(
    points: int, percent: int, worths: tuple[int, ...]
) -> None:
    assert decay_worths(points, percent) == worths


@pytest.mark.parametrize(("at", "expected"), [(0, 100), (167.99, 100), (168, 90), (336, 81), (504, 73)])
def test_decay_falls_at_each_step(at: float, expected: int) -> None:
    rules = profile({"on": "e", "points": 100, "decay": {"percent": 10, "every": "7d"}})
    assert score(rules, [event(0)], at) == expected


def test_a_limit_counts_the_earliest_of_each_day() -> None:
    rules = profile({"on": "e", "points": 1, "limit": {"times": 2, "per": "day"}})
    assert score(rules, [event(1), event(2), event(3), event(25)], 30) == 3


def test_a_late_event_takes_the_place_of_a_later_one() -> None:
    rules = profile(
        {
            "on": "e",
            "points": 10,
            "limit": {"times": 1, "per": "day"},
            "decay": {"percent": 50, "every": "1h"},
        }
    )
    assert score(rules, [event(5)], 5) == 10
    assert score(rules, [event(5), event(3)], 5) == 3


@pytest.mark.parametrize(
    ("zone", "per", "first", "second", "same"),
    [
        ("UTC", "day", "2026-03-01T00:00:00Z", "2026-03-01T23:59:59.999999Z", True),
        ("UTC", "day", "2026-02-28T23:59:59Z", "2026-03-01T00:00:00Z", False),
        ("Europe/Berlin", "day", "2026-03-28T23:00:00Z", "2026-03-29T21:59:59Z", True),
        ("Europe/Berlin", "day", "2026-03-29T21:59:59Z", "2026-03-29T22:00:00Z", False),
        ("Europe/Berlin", "day", "2026-10-24T22:00:00Z", "2026-10-25T22:59:59Z", True),
        ("UTC", "week", "2026-11-16T00:00:00Z", "2026-11-22T23:59:59Z", True),
        ("UTC", "week", "2026-11-22T23:59:59Z", "2026-11-23T00:00:00Z", False),
        ("UTC", "month", "2028-02-29T00:00:00Z", "2028-02-01T00:00:00Z", True),
        ("UTC", "month", "2028-02-29T23:59:59Z", "2028-03-01T00:00:00Z", False),
        ("America/New_York", "month", "2026-12-01T04:59:59Z", "2026-12-01T05:00:00Z", False),
        ("UTC", "ever", "1990-01-01T00:00:00Z", "2026-12-01T05:00:00Z", True),
    ],
)
def test_windows_follow_the_calendar_of_the_profiles_time_zone(
    zone: str, per: str, first: str, second: str, same: bool
) -> None:
    assert (window_of(per, zone, from_iso(first)) == window_of(per, zone, from_iso(second))) is same


def test_groups_and_the_profile_clamp() -> None:
    rules = profile(
        {"on": "e", "points": 20, "group": "mail"},
        {"on": "f", "points": 260},
        groups={"mail": {"max": 30}},
        max=200,
        min=0,
    )
    assert score(rules, [event(1), event(2)], 3) == 30
    assert score(rules, [event(1, "f")], 3) == 200
    assert score(rules, [event(1, "f"), *(event(t) for t in range(2, 9))], 9) == 200


def test_an_attribute_rule_counts_while_it_holds() -> None:
    rules = profile({"while": {"dnd": {"equal": "all"}}, "points": -30})
    assert score(rules, [], 1, of=record(dnd="all")) == -30
    assert score(rules, [], 1, of=record(dnd=["email"])) is None


@pytest.mark.parametrize(("at", "expected"), [(29 * 24, 1), (30 * 24 - 0.001, 1), (30 * 24, -4), (900, -4)])
def test_an_inactivity_rule_holds_from_the_end_of_the_silence_on(at: float, expected: int) -> None:
    rules = profile({"on": "e", "points": 1}, {"after_silence": "30d", "points": -5})
    assert score(rules, [event(0)], at) == expected


def test_silence_counts_from_the_records_creation_when_nothing_happened() -> None:
    rules = profile({"on": "e", "points": 1}, {"after_silence": "1d", "points": -5})
    assert score(rules, [], 10 + 24, of=record(created_at=10)) == -5
    assert score(rules, [], 10 + 23, of=record(created_at=10)) is None


def test_adjustments_count_until_they_expire() -> None:
    rules = profile({"on": "e", "points": 1})
    given = [Adjustment("a", 10, 2 * HOUR, 4 * HOUR), Adjustment("b", -3, 3 * HOUR)]
    assert [score(rules, [], at, adjustments=given) for at in (1, 2, 3, 4)] == [None, 10, 7, -3]


def test_set_to_needs_the_points_that_are_missing_even_above_the_maximum() -> None:
    rules = profile({"on": "e", "points": 260}, max=200)
    assert ledger(rules, [event(1)], 2).points_to_reach(40) == -220


def test_the_breakdown_adds_up_and_shows_what_bounds_took() -> None:
    rules = profile(
        {"on": "e", "points": 20, "group": "mail"},
        {"on": "f", "points": 190},
        {"while": {"stage": {"equal": "demo"}}, "points": 5},
        groups={"mail": {"max": 30}},
        max=200,
    )
    folded = ledger(rules, [event(1), event(2), event(3, "f")], 4, of=record(stage="demo"))
    lines = breakdown(folded, folded.added.values())
    assert lines == [
        ("r0", 40, 2),
        ("r1", 190, 1),
        ("r2", 5, 1),
        ("group:mail", -10, 1),
        ("clamp", -25, 1),
    ]
    assert sum(points for _, points, _ in lines) == folded.score() == 200


def test_the_next_change_is_the_first_thing_that_time_does() -> None:
    rules = profile(
        {"on": "e", "points": 5, "expires_after": "3d"},
        {"on": "f", "points": 100, "decay": {"percent": 10, "every": "2d"}},
        {"after_silence": "1d", "points": -1},
    )
    assert ledger(rules, [event(0), event(0, "f")], 1).next_change() == DAY
    assert ledger(rules, [event(0), event(0, "f")], 24).next_change() == 2 * DAY
    assert ledger(rules, [event(0)], 24 * 4).next_change() is None


@pytest.mark.parametrize(
    ("bands", "value", "label"),
    [
        ({"cold": None, "warm": 20, "hot": 50}, -5, "cold"),
        ({"cold": None, "warm": 20, "hot": 50}, 19, "cold"),
        ({"cold": None, "warm": 20, "hot": 50}, 20, "warm"),
        ({"hot": 50, "warm": 20, "cold": None}, 50, "hot"),
        ({"warm": 20}, 19, None),
        ({"warm": 20}, None, None),
        ({"frozen": -10, "cool": 0}, -1, "frozen"),
    ],
)
def test_a_band_is_the_highest_lower_bound_reached(
    bands: dict[str, int | None], value: int | None, label: str | None
) -> None:
    assert profile({"on": "e", "points": 1}, bands=bands).band(value) == label


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (
            {"points": 1},
            'a rule needs "on" (an event type), "while" (conditions on the record) or "after_silence"',
        ),
        ({"on": "e", "after_silence": "1d", "points": 1}, 'a rule has one of "on", "while", "after_silence"'),
        ({"after_silence": "1d", "points": 1}, "no rule gives any"),
        ({"on": "e", "points": 1, "group": "m"}, 'there is no group "m"'),
        (
            {"while": {"stage": {"equal": "x"}}, "points": 1, "limit": {"times": 1, "per": "day"}},
            '"limit" belongs to',
        ),
        ({"on": "e", "points": True}, "whole number"),
        ({"on": "e", "points": 1.5}, "whole number"),
        ({"on": "e", "points": 1, "expires_after": "30 days"}, "is not a duration"),
        ({"on": "e", "point": 1}, 'did you mean "points"?'),
        ({"key": "clamp", "on": "e", "points": 1}, "is a line of every breakdown"),
    ],
)
def test_mistakes_in_rules_are_named(rule: dict[str, object], message: str) -> None:
    raw = {"key": "p", "rules": [{"key": "r", **rule}]}
    with pytest.raises(ValidationError) as caught:
        ScoreProfile.model_validate(raw)
    assert any(message in problem.message for problem in plain_errors(caught.value, raw)), plain_errors(
        caught.value, raw
    )
