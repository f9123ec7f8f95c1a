"""Times at their boundaries: the second before, at and after; month ends, leap days, summer time."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conditions.times import SECOND, from_iso
from scoring.entries import Adjustment, Event
from scoring.fold import fold
from scoring.forecast import forecast
from scoring.windows import Windows, window_of
from tests.scoring.builders import profile, record

START = from_iso("2026-02-28T12:00:00Z")
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Chatham", "Africa/Monrovia"]


def at(text: str) -> int:
    return from_iso(text)


def score_at(rules: object, moment: int, *events: Event, given: tuple[Adjustment, ...] = ()) -> int | None:
    return fold(rules, record(START / 3_600_000_000), events, given, moment).score()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rule", "boundary", "before", "after"),
    [
        ({"on": "e", "points": 5, "expires_after": "90s"}, 90, 5, 0),
        ({"on": "e", "points": 5, "expires_after": "15m"}, 900, 5, 0),
        ({"on": "e", "points": 5, "expires_after": "1d"}, 86_400, 5, 0),
        ({"on": "e", "points": 5, "expires_after": "4w"}, 4 * 604_800, 5, 0),
        ({"on": "e", "points": 10, "decay": {"percent": 10, "every": "1h"}}, 3_600, 10, 9),
        ({"on": "e", "points": 10, "decay": {"percent": 25, "every": "1h"}}, 7_200, 8, 6),
        ({"after_silence": "12h", "points": -5, "of": ["e"]}, 43_200, None, -5),
    ],
    ids=["90s", "15m", "1d", "4w", "decay", "second decay", "silence"],
)
def test_the_second_before_at_and_after(
    rule: dict[str, object], boundary: int, before: int | None, after: int
) -> None:
    rules = profile(rule)
    event = Event("e", "e", START, {})
    moment = START + boundary * SECOND
    assert score_at(rules, moment - SECOND, event) == before
    assert score_at(rules, moment - 1, event) == before
    assert score_at(rules, moment, event) == after
    assert score_at(rules, moment + 1, event) == after
    assert score_at(rules, moment + SECOND, event) == after


def test_an_adjustment_lives_up_to_but_not_including_its_end() -> None:
    rules = profile({"on": "e", "points": 5})
    given = (Adjustment("a", 3, START, START + 10 * SECOND),)
    moments = (START - 1, START, START + 10 * SECOND - 1, START + 10 * SECOND)
    assert [score_at(rules, moment, given=given) for moment in moments] == [None, 3, 3, 0]


@pytest.mark.parametrize(
    ("per", "zone", "first", "second", "same"),
    [
        ("day", "UTC", "2026-11-22T23:59:59.999999Z", "2026-11-23T00:00:00Z", False),
        ("day", "Europe/Berlin", "2026-11-22T22:59:59Z", "2026-11-22T23:00:00Z", False),
        ("day", "Europe/Berlin", "2026-11-22T23:00:00Z", "2026-11-23T22:59:59Z", True),
        # The night that summer time begins: the 29th of March has 23 hours.
        ("day", "Europe/Berlin", "2026-03-28T23:00:00Z", "2026-03-29T21:59:59Z", True),
        ("day", "Europe/Berlin", "2026-03-29T21:59:59Z", "2026-03-29T22:00:00Z", False),
        # It ends: the 25th of October has 25 hours.
        ("day", "Europe/Berlin", "2026-10-24T22:00:00Z", "2026-10-25T22:59:59Z", True),
        ("day", "Europe/Berlin", "2026-10-25T22:59:59Z", "2026-10-25T23:00:00Z", False),
        ("day", "Asia/Kathmandu", "2026-11-22T18:14:59Z", "2026-11-22T18:15:00Z", False),
        ("day", "Africa/Monrovia", "1970-06-01T00:44:29Z", "1970-06-01T00:44:30Z", False),
        ("week", "UTC", "2026-11-22T23:59:59Z", "2026-11-23T00:00:00Z", False),
        ("week", "UTC", "2026-11-16T00:00:00Z", "2026-11-22T23:59:59Z", True),
        ("week", "UTC", "2025-12-31T12:00:00Z", "2026-01-01T12:00:00Z", True),
        ("week", "America/New_York", "2026-11-23T04:59:59Z", "2026-11-23T05:00:00Z", False),
        ("month", "UTC", "2026-01-31T23:59:59Z", "2026-02-01T00:00:00Z", False),
        ("month", "UTC", "2026-02-28T23:59:59Z", "2026-03-01T00:00:00Z", False),
        ("month", "UTC", "2028-02-28T23:59:59Z", "2028-02-29T23:59:59Z", True),
        ("month", "UTC", "2028-02-29T23:59:59Z", "2028-03-01T00:00:00Z", False),
        ("month", "UTC", "2025-12-15", "2026-12-15", False),
        ("month", "Pacific/Chatham", "2026-04-30T11:14:59Z", "2026-04-30T11:15:00Z", False),
        ("ever", "UTC", "1970-01-01", "2100-01-01", True),
    ],
)
def test_windows_begin_and_end_with_the_calendar(
    per: str, zone: str, first: str, second: str, same: bool
) -> None:
    rules = profile({"on": "e", "points": 1, "limit": {"times": 1, "per": per}}, timezone=zone)
    events = [Event("1", "e", at(first), {}), Event("2", "e", at(second), {})]
    assert (window_of(per, zone, at(first)) == window_of(per, zone, at(second))) is same
    assert score_at(rules, at("2200-01-01"), *events) == (1 if same else 2)


@settings(max_examples=2_000, deadline=None)
@given(
    st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001 - made aware below
    st.sampled_from(ZONES),
)
def test_days_are_those_of_the_calendar(moment: datetime, zone: str) -> None:
    aware = moment.replace(tzinfo=UTC)
    micros = (aware - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    local = aware.astimezone(ZoneInfo(zone))
    assert window_of("day", zone, micros) == local.toordinal()
    assert window_of("month", zone, micros) == local.year * 12 + local.month - 1


@pytest.mark.parametrize(
    ("since", "moment", "holds"),
    [
        ("2028-02-29", "2028-03-01T00:00:00Z", False),
        ("2028-02-29", "2028-03-01T00:00:00.000001Z", True),
        ("2026-03-28T12:00:00+01:00", "2026-03-29T13:00:00.000001+02:00", True),
        ("2026-03-28T12:00:00+01:00", "2026-03-29T13:00:00+02:00", False),
    ],
)
def test_a_date_grows_older_by_days_of_twenty_four_hours(since: str, moment: str, holds: bool) -> None:
    rules = profile({"while": {"since": {"older_than": "1d"}}, "points": 7})
    folded = fold(rules, record(0, since=since), (), (), at(moment))
    assert folded.score() == (7 if holds else None)
    if not holds:
        assert [(outlook.at - at(moment), outlook.score) for outlook in forecast(folded, ()).changes] == [
            (1, 7)
        ]


def test_a_forecast_is_what_the_fold_then_finds() -> None:
    rules = profile(
        {"on": "e", "points": 50, "decay": {"percent": 30, "every": "1d"}, "expires_after": "5d"},
        {"after_silence": "3d", "points": -2, "of": ["e"]},
        max=40,
    )
    events = [Event("1", "e", START, {}), Event("2", "e", START + 1, {})]
    now = fold(rules, record(), events, (), START + 1)
    ahead = forecast(now, now.added.values()).changes
    assert len(ahead) > 3
    score = now.score()
    for outlook in ahead:
        assert score_at(rules, outlook.at - 1, *events) == score
        assert score_at(rules, outlook.at, *events) == outlook.score
        score = outlook.score


def test_how_old_a_date_is_counts_as_of_the_event() -> None:
    rules = profile({"on": "e", "points": 5, "where": {"ordered": {"older_than": "1d"}}})
    early, late = (
        Event(name, "e", START + hours * 3_600 * SECOND, {"ordered": "2026-02-28T12:00:00Z"})
        for name, hours in (("early", 23), ("late", 25))
    )
    assert score_at(rules, START + 10**15, early, late) == 5
    assert fold(rules, record(), [early], (), START + 10**15).next_change() is None


def test_a_date_at_the_end_of_time_never_grows_old() -> None:
    rules = profile({"while": {"until": {"older_than": "30d"}}, "points": 7}, {"on": "e", "points": 1})
    folded = fold(rules, record(0, until="9999-12-31"), [Event("e", "e", START, {})], (), START)
    assert (folded.score(), folded.next_change(), forecast(folded, folded.added.values()).changes) == (
        1,
        None,
        [],
    )


@settings(max_examples=600, deadline=None)
@given(
    st.integers(from_iso("1965-01-01T00:00:00Z"), from_iso("2040-01-01T00:00:00Z")),
    st.timedeltas(timedelta(0), timedelta(40)),
    st.sampled_from([*ZONES, "Pacific/Kwajalein", "Pacific/Apia"]),
    st.sampled_from(["day", "week", "month", "ever"]),
)
def test_moments_of_one_window_are_within_its_bounds(
    first: int, later: timedelta, zone: str, per: str
) -> None:
    moments = [first, first + later // timedelta(microseconds=1)]
    if len({window_of(per, zone, moment) for moment in moments}) == 1:
        for moment in moments:
            windows = Windows(zone)
            windows.add(7, "r", per, moment)
            ((record_id, rule, window, low, high),) = windows.rows
            assert (record_id, rule, window) == (7, "r", window_of(per, zone, moment))
            assert all(low <= other <= high for other in moments)
