"""Moments as people write them: dates and times of their time zone, so long before or after now, and words."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from conditions.times import EARLIEST, LATEST, Micros, from_iso, has_offset, micros_of, parse_moment

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SIGNED = re.compile(r"([+-])\s*(\S+)")
_AGO = re.compile(r"(\S+) ago|in (\S+)")
_PERIOD = re.compile(r"(this|last|next) ([a-z]+)")
_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})")
_HELP = "write -7d, +12h, 2026-11-22, 2026-11-22T09:30, 2026-11, yesterday, last month or last friday"


def moment_from(text: str, now: Micros, zone: ZoneInfo) -> Micros:
    """The moment that a text names; of a day, week, month or year, its beginning. ValueError for any other text.

    `2026-11-22` and times without an offset are those of the zone, as are `2026-11`, `today`, `yesterday`, `tomorrow`,
    `last month` and `last friday`. `-7d` (or `7d ago`) is so long before now, `+7d` (or `in 7d`) after.
    """
    words = " ".join(text.casefold().split())
    if words == "now":
        return now
    try:
        moment = _relative(words, now)
        if moment is None and (day := _day(words, _local(now, zone).date())) is not None:
            moment = _begins(day, zone)
        if moment is None:
            moment = _written(text.strip(), zone)
    except OverflowError:
        moment = None
    if moment is None or not EARLIEST <= moment <= LATEST:
        raise ValueError(_mistake(text))
    return moment


def _relative(words: str, now: Micros) -> Micros | None:
    if signed := _SIGNED.fullmatch(words):
        sign, length = signed[1], signed[2]
    elif ago := _AGO.fullmatch(words):
        sign, length = ("-", ago[1]) if ago[1] else ("+", ago[2])
    else:
        return None
    try:
        return now - micros_of(length) if sign == "-" else now + micros_of(length)
    except ValueError:
        return None


def _day(words: str, today: date) -> date | None:
    """The day that words name, or the first one of what they name."""
    if words in _NEAR:
        return today + timedelta(days=_NEAR[words])
    if (month := _MONTH.fullmatch(words)) and 1 <= int(month[2]) <= 12 and int(month[1]) > 0:
        return date(int(month[1]), int(month[2]), 1)
    period = _PERIOD.fullmatch(words)
    if period is None:
        return None
    which, name = period[1], period[2]
    if name in _DAYS and which != "this":
        away = (_DAYS.index(name) - today.weekday()) % 7
        return today + timedelta(days=(away or 7) if which == "next" else (away - 7))
    begins = _PERIODS.get(name)
    return begins(today, {"last": -1, "this": 0, "next": 1}[which]) if begins is not None else None


_NEAR = {"yesterday": -1, "today": 0, "tomorrow": 1}


def _week(today: date, away: int) -> date:
    return today - timedelta(days=today.weekday() - 7 * away)


def _month(today: date, away: int) -> date:
    months = today.year * 12 + today.month - 1 + away
    return date(months // 12, months % 12 + 1, 1)


def _year(today: date, away: int) -> date:
    return date(today.year + away, 1, 1)


_PERIODS: Mapping[str, Callable[[date, int], date]] = {"week": _week, "month": _month, "year": _year}


def _written(text: str, zone: ZoneInfo) -> Micros | None:
    """A date or a time; of the zone, unless it says where it is."""
    moment = parse_moment(text)
    if moment is None or has_offset(text):
        return moment
    return _micros((_EPOCH + timedelta(microseconds=moment)).replace(tzinfo=zone))


def _begins(day: date, zone: ZoneInfo) -> Micros:
    return _micros(datetime.combine(day, time(), zone))


def _micros(moment: datetime) -> Micros:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _local(moment: Micros, zone: ZoneInfo) -> datetime:
    return (_EPOCH + timedelta(microseconds=moment)).astimezone(zone)


def in_zone(text: str, zone: ZoneInfo) -> str:
    """A moment of `to_iso` as people of a time zone read it: `2026-11-22 10:30:00 CET`."""
    return _local(from_iso(text), zone).strftime("%Y-%m-%d %H:%M:%S %Z")


def _mistake(text: str) -> str:
    """What is wrong with the text; of one that is nearly a date, what was probably meant."""
    try:
        from_iso(text)
    except ValueError as error:
        told = str(error)
        if " it would be " in told:
            return told
    return f'"{text[:40]}" is no time; {_HELP}'
