"""Waits for a time of day and for dates, across time zones and summer time."""

from typing import Any

import pytest

from automations.steps.moments import NoDate, date_moment, next_clock, zone_of
from automations.steps.waits import WaitUntil
from conditions.times import from_iso, to_iso


def clock(now: str, until: str, **more: Any) -> str:
    wait = WaitUntil(until=until, **more)
    return to_iso(next_clock(wait, from_iso(now), zone_of(wait, lambda _: None)))[:19]


@pytest.mark.parametrize(
    ("now", "until", "more", "expected"),
    [
        ("2026-11-24T08:59:59Z", "09:00", {}, "2026-11-24T09:00:00"),
        ("2026-11-24T09:00:00Z", "09:00", {}, "2026-11-24T09:00:00"),
        ("2026-11-24T09:00:00.000001Z", "09:00", {}, "2026-11-25T09:00:00"),
        ("2026-11-24T09:00:00Z", "09:00", {"timezone": "Europe/Berlin"}, "2026-11-25T08:00:00"),
        ("2026-11-24T23:30:00Z", "00:15", {"timezone": "Europe/Berlin"}, "2026-11-25T23:15:00"),
        # Friday evening to Monday morning.
        ("2026-11-27T18:00:00Z", "09:00", {"weekdays": ["mon", "tue", "wed"]}, "2026-11-30T09:00:00"),
        ("2026-11-30T10:00:00Z", "09:00", {"weekdays": ["mon"]}, "2026-12-07T09:00:00"),
        # In New York it is still Sunday.
        ("2026-11-23T03:00:00Z", "23:30", {"weekdays": ["sun"], "timezone": "America/New_York"}, "2026-11-23T04:30:00"),
        # Nine o'clock is an hour earlier from the 29th of March on.
        ("2026-03-28T10:00:00Z", "09:00", {"timezone": "Europe/Berlin"}, "2026-03-29T07:00:00"),
        ("2026-10-24T10:00:00Z", "09:00", {"timezone": "Europe/Berlin"}, "2026-10-25T08:00:00"),
        # 02:30 is left out on the 29th of March, and comes twice on the 25th of October.
        ("2026-03-29T00:00:00Z", "02:30", {"timezone": "Europe/Berlin"}, "2026-03-29T01:30:00"),
        ("2026-10-25T00:00:00Z", "02:30", {"timezone": "Europe/Berlin"}, "2026-10-25T00:30:00"),
        ("2026-10-25T00:45:00Z", "02:30", {"timezone": "Europe/Berlin"}, "2026-10-26T01:30:00"),
        ("2028-02-28T12:00:00Z", "06:00", {"weekdays": ["tue"]}, "2028-02-29T06:00:00"),
    ],
)  # fmt: skip
def test_the_next_time_of_day(now: str, until: str, more: dict[str, Any], expected: str) -> None:
    assert clock(now, until, **more) == expected


@pytest.mark.parametrize(
    ("value", "more", "expected"),
    [
        ("2027-03-01", {}, "2027-03-01T00:00:00"),
        ("2027-03-01", {"offset": "-30d"}, "2027-01-30T00:00:00"),
        ("2027-03-01", {"offset": "12h"}, "2027-03-01T12:00:00"),
        ("2027-03-01", {"timezone": "Europe/Berlin"}, "2027-02-28T23:00:00"),
        ("2027-07-01", {"timezone": "Europe/Berlin", "offset": "+9h"}, "2027-07-01T07:00:00"),
        ("2027-03-01T10:00:00+02:00", {"timezone": "Europe/Berlin"}, "2027-03-01T08:00:00"),
        ("2027-03-01T10:00:00Z", {"timezone": "Asia/Tokyo"}, "2027-03-01T10:00:00"),
        ("2027-03-01t10:00:00z", {"timezone": "Asia/Tokyo"}, "2027-03-01T10:00:00"),
        ("2027-03-01T10:00:00+0200", {"timezone": "Europe/Berlin"}, "2027-03-01T08:00:00"),
        ("2027-03-01 10:00:00-11", {"timezone": "Europe/Berlin"}, "2027-03-01T21:00:00"),
        ("2027-03-01T10:00", {"timezone": "Asia/Tokyo"}, "2027-03-01T01:00:00"),
        ("2027-07-01T10:00:00.5", {"timezone": "America/New_York", "offset": "-1h"}, "2027-07-01T13:00:00"),
        ("2027-03-28T02:30", {"timezone": "Europe/Berlin"}, "2027-03-28T01:30:00"),
        ("9999-12-31", {"offset": "90d"}, "9999-12-31T23:59:59"),
    ],
)
def test_the_date_in_a_field(value: str, more: dict[str, Any], expected: str) -> None:
    wait = WaitUntil(until="contact.renewal_date", **more)
    assert to_iso(date_moment(wait, value, zone_of(wait, lambda _: None)))[:19] == expected


@pytest.mark.parametrize(
    ("value", "reason"),
    [(None, "is empty"), (" ", "is empty"), ("soon", "does not hold"), (5, "does not hold")],
)
def test_a_field_without_a_date_is_named_and_not_quoted(value: Any, reason: str) -> None:
    with pytest.raises(NoDate, match=f"contact.renewal_date {reason}"):
        date_moment(WaitUntil(until="contact.renewal_date"), value)


@pytest.mark.parametrize(
    ("timezone", "fields", "expected"),
    [
        ("contact.timezone", {"contact.timezone": "Asia/Tokyo"}, "Asia/Tokyo"),
        ("contact.timezone", {}, "UTC"),
        ("contact.timezone", {"contact.timezone": "../../etc/passwd"}, "UTC"),
        ("contact.timezone", {"contact.timezone": 7}, "UTC"),
        (["contact.timezone", "Europe/Berlin"], {"contact.timezone": " "}, "Europe/Berlin"),
        (["contact.timezone", "deal.zone"], {"deal.zone": "America/Lima"}, "America/Lima"),
        (["Europe/Berlin", "contact.timezone"], {"contact.timezone": "Asia/Tokyo"}, "Europe/Berlin"),
    ],
)
def test_the_time_zone_may_be_the_contacts(timezone: Any, fields: dict[str, Any], expected: str) -> None:
    assert str(zone_of(WaitUntil(until="09:00", timezone=timezone), fields.get)) == expected


@pytest.mark.parametrize("timezone", ["Berlin", "contact.", ["Europe/Berlin", "nowhere"]])
def test_what_is_no_time_zone_is_refused(timezone: Any) -> None:
    with pytest.raises(ValueError, match="unknown time zone"):
        WaitUntil(until="09:00", timezone=timezone)
