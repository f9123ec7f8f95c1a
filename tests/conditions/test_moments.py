"""Moments as people write them, in their own time zone."""

from zoneinfo import ZoneInfo

import pytest

from conditions.moments import in_zone, moment_from
from conditions.times import from_iso, to_iso

BERLIN, UTC = ZoneInfo("Europe/Berlin"), ZoneInfo("UTC")
NOW = from_iso("2026-11-27T23:30:00Z")  # Friday in UTC, Saturday in Berlin


@pytest.mark.parametrize(
    ("text", "in_utc", "in_berlin"),
    [
        ("now", "2026-11-27T23:30:00", "2026-11-27T23:30:00"),
        ("today", "2026-11-27T00:00:00", "2026-11-27T23:00:00"),
        ("Yesterday", "2026-11-26T00:00:00", "2026-11-26T23:00:00"),
        (" tomorrow ", "2026-11-28T00:00:00", "2026-11-28T23:00:00"),
        ("this week", "2026-11-23T00:00:00", "2026-11-22T23:00:00"),
        ("last week", "2026-11-16T00:00:00", "2026-11-15T23:00:00"),
        ("last  month", "2026-10-01T00:00:00", "2026-09-30T22:00:00"),
        ("this month", "2026-11-01T00:00:00", "2026-10-31T23:00:00"),
        ("next month", "2026-12-01T00:00:00", "2026-11-30T23:00:00"),
        ("last year", "2025-01-01T00:00:00", "2024-12-31T23:00:00"),
        ("next year", "2027-01-01T00:00:00", "2026-12-31T23:00:00"),
        ("last friday", "2026-11-20T00:00:00", "2026-11-26T23:00:00"),
        ("next friday", "2026-12-04T00:00:00", "2026-12-03T23:00:00"),
        ("last monday", "2026-11-23T00:00:00", "2026-11-22T23:00:00"),
        ("2026-06", "2026-06-01T00:00:00", "2026-05-31T22:00:00"),
        ("2026-06-30", "2026-06-30T00:00:00", "2026-06-29T22:00:00"),
        ("2026-06-30 09:30", "2026-06-30T09:30:00", "2026-06-30T07:30:00"),
        ("2026-06-30T09:30:00Z", "2026-06-30T09:30:00", "2026-06-30T09:30:00"),
        ("2026-06-30T09:30:00+05:00", "2026-06-30T04:30:00", "2026-06-30T04:30:00"),
        ("-7d", "2026-11-20T23:30:00", "2026-11-20T23:30:00"),
        ("+12h", "2026-11-28T11:30:00", "2026-11-28T11:30:00"),
        ("7d ago", "2026-11-20T23:30:00", "2026-11-20T23:30:00"),
        ("in 4w", "2026-12-25T23:30:00", "2026-12-25T23:30:00"),
        ("2026-10-25 02:30", "2026-10-25T02:30:00", "2026-10-25T00:30:00"),  # the first of the two
    ],
)
def test_a_moment_is_that_of_the_zone(text: str, in_utc: str, in_berlin: str) -> None:
    assert to_iso(moment_from(text, NOW, UTC))[:19] == in_utc
    assert to_iso(moment_from(text, NOW, BERLIN))[:19] == in_berlin


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "-7x",
        "7d",
        "someday",
        "last",
        "last dinner",
        "2026-13",
        "0000-01",
        "2026-02-30",
        "this friday",
        "ago",
    ],
)
def test_anything_else_is_told_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no time; write -7d, \+12h, 2026-11-22"):
        moment_from(text, NOW, BERLIN)


@pytest.mark.parametrize("text", ["22.11.2026", "1795000000"])
def test_what_was_probably_meant_is_said(text: str) -> None:
    with pytest.raises(ValueError, match="it would be"):
        moment_from(text, NOW, BERLIN)


@pytest.mark.parametrize("text", ["9999-12-31T23:59:59-05:00", "0001-01-01"])
def test_what_lies_beyond_the_ends_of_time_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="is no time"):
        moment_from(text, NOW, BERLIN)


def test_a_hundred_years_are_within_time() -> None:
    assert to_iso(moment_from("-36525d", NOW, BERLIN)) == "1926-11-27T23:30:00.000000Z"


def test_moments_are_shown_with_the_name_of_the_zone() -> None:
    assert in_zone("2026-11-27T23:30:00.123456Z", BERLIN) == "2026-11-28 00:30:00 CET"
    assert in_zone("2026-06-30T00:00:00.000000Z", BERLIN) == "2026-06-30 02:00:00 CEST"
    assert in_zone("2026-06-30T00:00:00.000000Z", UTC) == "2026-06-30 00:00:00 UTC"
