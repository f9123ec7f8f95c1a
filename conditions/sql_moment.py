"""Moments in SQL: the moment that a text names, and the text that names a moment."""

from functools import reduce
from itertools import product
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from conditions.times import DAY, EARLIEST, LATEST, SECOND

Sql = ColumnElement[Any]

_CLOCKS = ["00:00", "00:00:00", *(f"00:00:00.{'0' * digits}" for digits in range(1, 10))]
_ZONES = ["", "Z", *(f"{sign}{zone}" for sign in "+-" for zone in ("00:00", "0000", "00"))]
_SHAPES = ["0000-00-00", *map("".join, product(["0000-00-00"], "T ", _CLOCKS, _ZONES))]


def moment_of_text(text: Sql) -> Sql:
    """Microseconds since the epoch, or NULL where `parse_moment` gives None."""
    capital = sa.func.replace(sa.func.replace(text, "t", "T"), "z", "Z")
    shape = reduce(lambda part, digit: sa.func.replace(part, digit, "0"), "123456789", capital)
    length = sa.func.length(text)

    def number(start: Any, digits: int) -> Sql:
        return sa.cast(sa.func.substr(text, start, digits), sa.BigInteger)

    def at(position: Any) -> Sql:
        return sa.func.substr(text, position, 1)

    year, month, day = number(1, 4), number(6, 2), number(9, 2)
    timed = length > 10
    hour, minute = (sa.case((timed, number(start, 2)), else_=0) for start in (12, 15))
    second = sa.case((at(17) == ":", number(18, 2)), else_=0)
    signs = ["+", "-"]
    colon, four, two = (at(length - back).in_(signs) for back in (5, 4, 2))
    zone_length = sa.case(
        (~timed, 0), (at(length).in_(["Z", "z"]), 1), (colon, 6), (four, 5), (two, 3), else_=0
    )
    zoned = zone_length >= 3
    digits = sa.func.substr(text, 21, length - 20 - zone_length)
    millionths = sa.cast(sa.func.substr(digits.concat("00000"), 1, 6), sa.BigInteger)
    fraction = sa.case((at(20) == ".", millionths), else_=0)
    zone_hour = sa.case((zoned, number(length - zone_length + 2, 2)), else_=0)
    zone_minute = sa.case((zone_length >= 5, number(length - 1, 2)), else_=0)
    sign = sa.case((at(length - zone_length + 1) == "-", -1), else_=1)

    leap = sa.and_(year % 4 == 0, sa.or_(year % 100 != 0, year % 400 == 0))
    last_day = sa.case((month.in_([4, 6, 9, 11]), 30), (month != 2, 31), (leap, 29), else_=28)
    valid = sa.and_(
        year >= 1,
        month.between(1, 12),
        day >= 1,
        day <= last_day,
        hour <= 23,
        minute <= 59,
        second <= 59,
        zone_hour <= 23,
        zone_minute <= 59,
    )
    moment = (
        (_days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second)
        - sign * (zone_hour * 3_600 + zone_minute * 60)
    ) * SECOND + fraction
    valid_moment = sa.case((sa.and_(valid, moment.between(EARLIEST, LATEST)), moment))
    return sa.case((shape.in_(_SHAPES), valid_moment))


def _days(year: Sql, month: Sql, day: Sql) -> Sql:
    """Days since the epoch, counting years from March so that the leap day is a year's last."""
    years = year - sa.case((month <= 2, 1), else_=0)
    months = month + sa.case((month > 2, -3), else_=9)
    return years * 365 + years // 4 - years // 100 + years // 400 + (months * 153 + 2) // 5 + day - 719_469


class IsoText(FunctionElement[str]):
    """A moment (microseconds) as the text that `to_iso` writes."""

    type = sa.Text()
    inherit_cache = True


def _floor(moment: str, unit: int, modulo: str = "%") -> tuple[str, str]:
    """Quotient and remainder, rounded down also before 1970. `modulo`: how the driver wants a percent sign."""
    rest = f"((({moment}) {modulo} {unit} + {unit}) {modulo} {unit})"
    return f"((({moment}) - {rest}) / {unit})", rest


@compiles(IsoText, "sqlite")
def _sqlite_iso_text(element: IsoText, compiler: Any, **_kw: Any) -> str:
    seconds, rest = _floor(compiler.process(next(iter(element.clauses))), SECOND)
    clock = f"strftime('%Y-%m-%dT%H:%M:%S', {seconds}, 'unixepoch')"
    return f"({clock} || '.' || substr('00000' || {rest}, -6) || 'Z')"


@compiles(IsoText, "postgresql")
def _postgresql_iso_text(element: IsoText, compiler: Any, **_kw: Any) -> str:
    days, rest = _floor(compiler.process(next(iter(element.clauses))), DAY, "%%")
    moment = f"timestamp '1970-01-01' + {days} * interval '1 day' + {rest} * interval '1 microsecond'"
    return f'to_char({moment}, \'YYYY-MM-DD"T"HH24:MI:SS.US"Z"\')'
