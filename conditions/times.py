"""Moments and durations. A moment is a whole number of microseconds since the Unix epoch, UTC."""

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

Micros: TypeAlias = int

SECOND: Micros = 1_000_000
HOUR: Micros = 3_600 * SECOND
DAY: Micros = 24 * HOUR
LONGEST_DAYS = 36_525

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = _EPOCH.toordinal()
EARLIEST: Micros = (date(1, 1, 1).toordinal() - _EPOCH_DAY) * DAY
LATEST: Micros = (date(9999, 12, 31).toordinal() - _EPOCH_DAY + 1) * DAY - 1

_UNITS = {"s": ("second", SECOND), "m": ("minute", 60 * SECOND), "h": ("hour", 3600 * SECOND)} | {
    "d": ("day", DAY),
    "w": ("week", 7 * DAY),
}
_DURATION = re.compile(r"([1-9][0-9]{0,9})([smhdw])")
_MOMENT = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:[Tt ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,9}))?)?"
    r"(?:[Zz]|([+-])([0-9]{2})(?::?([0-9]{2}))?)?)?"
)
_OFFSET = re.compile(r"([Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)$")
_LOCAL_DATE = re.compile(r"([0-9]{1,2})[./-]([0-9]{1,2})[./-]([0-9]{4})(?:[ T,].*)?")
_ONLY_DIGITS = re.compile(r"[0-9]{5}(?:\.[0-9]+)?|[0-9]{9,16}(?:\.[0-9]+)?")
_DURATION_HELP = "a duration is a whole number and a unit: 90s, 15m, 12h, 30d or 4w"


@lru_cache(maxsize=1024)
def micros_of(duration: str) -> Micros:
    """The length of a duration such as `30d`. ValueError if it is not one, or is over 100 years."""
    match = _DURATION.fullmatch(duration)
    if not match:
        raise ValueError(f'"{duration}" is not a duration; {_DURATION_HELP}')
    length = int(match[1]) * _UNITS[match[2]][1]
    if length > LONGEST_DAYS * DAY:
        raise ValueError(f'"{duration}" is longer than 100 years')
    return length


def duration_words(duration: str) -> str:
    """`3d` as people say it: `3 days`."""
    count, unit = duration[:-1], _UNITS[duration[-1]][0]
    return f"{count} {unit}" if count == "1" else f"{count} {unit}s"


def _check_duration(value: Any) -> str:
    if not isinstance(value, str):
        raise PydanticCustomError("duration", _DURATION_HELP)
    try:
        micros_of(value)
    except ValueError as error:
        raise PydanticCustomError("duration", "{reason}", {"reason": str(error)}) from None
    return value


Duration = Annotated[
    str,
    PlainValidator(_check_duration),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": "^[1-9][0-9]{0,9}[smhdw]$",
            "examples": ["90s", "15m", "12h", "30d", "4w"],
        }
    ),
]
"""A pydantic field that holds a positive duration as its author wrote it; `micros_of` gives its length."""


def to_iso(moment: Micros) -> str:
    """`2026-11-22T01:42:14.123456Z`, always of that length, so that its text order is the order in time."""
    return (_EPOCH + timedelta(microseconds=moment)).strftime("%Y-%m-%dT%H:%M:%S.%fZ").zfill(27)


def time_zone(name: object) -> ZoneInfo | None:
    """The time zone of that name, such as `Europe/Berlin`; None if it is none."""
    try:
        return ZoneInfo(name) if isinstance(name, str) else None
    except (KeyError, ValueError, OSError):
        return None


def parse_moment(text: str) -> Micros | None:
    """The moment that an ISO date or date and time names, or None.

    Read are `2026-11-22` (midnight), `2026-11-22T01:42`, with seconds, with up to nine decimals of which six count,
    with `Z` or an offset such as `+02:00`, `+0200` or `+02`; UTC where nothing is said. `t` and `z` may be small. The
    operators in SQL read exactly the same.
    """
    match = _MOMENT.fullmatch(text)
    if not match:
        return None
    year, month, day, hour, minute, second, _, _, off_hour, off_minute = (
        int(part) if part and part.isdigit() else 0 for part in match.groups()
    )
    if hour > 23 or minute > 59 or second > 59 or off_hour > 23 or off_minute > 59:
        return None
    try:
        days = date(year, month, day).toordinal() - _EPOCH_DAY
    except ValueError:
        return None
    offset = (off_hour * 60 + off_minute) * (-1 if match[8] == "-" else 1)
    seconds = days * 86_400 + (hour * 60 + minute - offset) * 60 + second
    moment = seconds * SECOND + int((match[7] or "")[:6].ljust(6, "0"))
    return moment if EARLIEST <= moment <= LATEST else None


def has_offset(text: str) -> bool:
    """Whether the text of a moment says where it is, by `Z` or an offset."""
    return len(text) > len("2026-11-22") and _OFFSET.search(text) is not None


def from_iso(text: str) -> Micros:
    """The moment an ISO text names (see `parse_moment`). ValueError with a readable message otherwise."""
    moment = parse_moment(text)
    if moment is None:
        raise ValueError(not_a_moment(text))
    return moment


#: How a moment is written.
A_MOMENT = "write 2026-11-22 or 2026-11-22T01:42:14Z"


def not_a_moment(text: str) -> str:
    """What to say of a text that names no moment."""
    return f'"{text[:40]}" is not a date or time; {_remedy(text)}'


def _remedy(text: str) -> str:
    """What to write instead of a text that names no moment; where it can be guessed, that very moment."""
    meant = _guess(text.strip())
    return f"{A_MOMENT}; as {meant[0]} it would be {meant[1]}" if meant else A_MOMENT


def _guess(text: str) -> tuple[str, str] | None:
    """What a number or a date in another order is likely to be, and the same in ISO 8601."""
    if local := _LOCAL_DATE.fullmatch(text):
        first, second, year = int(local[1]), int(local[2]), local[3]
        if first > 12 and parse_moment(iso := f"{year}-{second:02}-{first:02}") is not None:
            return "day, month, year", iso
        if second > 12 and parse_moment(iso := f"{year}-{first:02}-{second:02}") is not None:
            return "month, day, year", iso
    elif _ONLY_DIGITS.fullmatch(text):
        digits = text.partition(".")[0]
        if len(digits) == 5:
            day = date(1899, 12, 30) + timedelta(days=int(digits))
            return "a spreadsheet's number of a day", day.isoformat()
        for unit, longest, length in (
            ("seconds", 11, SECOND),
            ("milliseconds", 14, 1000),
            ("microseconds", 16, 1),
        ):
            if len(digits) <= longest:
                return f"{unit} since 1970", to_iso(int(digits) * length)[:19] + "Z"
    return None
