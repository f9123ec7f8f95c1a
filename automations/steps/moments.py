"""When a wait for a time of day, or for a date in a field, is over."""

from datetime import UTC, datetime, time, timedelta
from typing import get_args
from zoneinfo import ZoneInfo

from automations.steps.waits import WaitUntil, Weekday
from conditions.times import EARLIEST, LATEST, Micros, has_offset, parse_moment, time_zone
from conditions.tree import Lookup
from conditions.values import Value, is_empty

WEEKDAYS = get_args(Weekday)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_UTC = ZoneInfo("UTC")


class NoDate(ValueError):
    """The field holds nothing that can be waited for; the message names the field, never what it holds."""


def zone_of(wait: WaitUntil, lookup: Lookup) -> ZoneInfo:
    """Where it is that time: the first of its zones, and of its fields that hold one; UTC where there is none."""
    named = (time_zone(name) or time_zone(lookup(name)) for name in wait.timezones)
    return next((zone for zone in named if zone is not None), _UTC)


def next_clock(wait: WaitUntil, now: Micros, zone: ZoneInfo = _UTC) -> Micros:
    """The first moment from now on at which a clock in the time zone shows `until`, on one of the weekdays.

    Where summer time leaves that time of day out, it is the moment that the clock would have shown it without; where
    it comes twice, the first.
    """
    hour, minute = (int(part) for part in wait.until.split(":"))
    today = (_EPOCH + timedelta(microseconds=now)).astimezone(zone).date()
    for days in range(-1, 9):
        date = today + timedelta(days=days)
        if wait.weekdays is not None and WEEKDAYS[date.weekday()] not in wait.weekdays:
            continue
        local = datetime.combine(date, time(hour, minute), tzinfo=zone)
        moment = (local.astimezone(UTC) - _EPOCH) // _MICROSECOND
        if moment >= now:
            return moment
    raise AssertionError


def date_moment(wait: WaitUntil, value: Value, zone: ZoneInfo = _UTC) -> Micros:
    """The moment that a field's date names, moved by `offset`. Without an offset of its own it is local to the zone.

    A date without a time is its midnight. Raises NoDate. The moment may be over.
    """
    if is_empty(value):
        raise NoDate(f"{wait.until} is empty")
    moment = parse_moment(value) if isinstance(value, str) else None
    if moment is None:
        raise NoDate(f"{wait.until} does not hold a date")
    if not has_offset(str(value)):
        local = (_EPOCH + timedelta(microseconds=moment)).replace(tzinfo=zone)
        moment = (local.astimezone(UTC) - _EPOCH) // _MICROSECOND
    return min(max(moment + wait.offset_micros, EARLIEST), LATEST)
