"""Calendar windows of limits: which day, week or month of a time zone a moment falls in."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from conditions.times import Micros

DAY = 86_400_000_000
_QUARTER = 15 * 60_000_000
_EPOCH_ORDINAL = datetime(1970, 1, 1, tzinfo=UTC).toordinal()
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=65_536)
def _local_day(quarter: int, zone: str) -> int:
    """The local date's ordinal at the beginning of a quarter of an hour."""
    return _exact_day(quarter * _QUARTER, zone)


def _exact_day(at: Micros, zone: str) -> int:
    return (_EPOCH + timedelta(microseconds=at)).astimezone(ZoneInfo(zone)).toordinal()


def _day(at: Micros, zone: str) -> int:
    """The local date's ordinal. Only where a date changes inside a quarter of an hour is it worked out anew."""
    if zone == "UTC":
        return at // DAY + _EPOCH_ORDINAL
    quarter = at // _QUARTER
    day = _local_day(quarter, zone)
    return day if day == _local_day(quarter + 1, zone) else _exact_day(at, zone)


#: How far apart two moments of one window are at the most, with a margin for zones that once had a date twice.
_REACH = {"day": 3 * DAY, "week": 10 * DAY, "month": 35 * DAY}
_EVER = 2**62


class Windows:
    """Windows of limits, each with bounds of time around it; `rows` is (record id, rule, window, from, until)."""

    def __init__(self, zone: str) -> None:
        self._zone = zone
        self._bounds: dict[tuple[int, str, int], tuple[Micros, Micros]] = {}

    def add(self, record_id: int, rule: str, per: str, at: Micros) -> None:
        """The window that a moment falls in."""
        key = record_id, rule, window_of(per, self._zone, at)
        reach = _REACH.get(per, _EVER)
        if key not in self._bounds:
            self._bounds[key] = at - reach, at + reach

    @property
    def rows(self) -> list[tuple[int, str, int, Micros, Micros]]:
        return [(*key, *bounds) for key, bounds in self._bounds.items()]


def window_of(per: str, zone: str, at: Micros) -> int:
    """A number that is the same for two moments exactly when they share the window, and grows with time."""
    if per == "ever":
        return 0
    day = _day(at, zone)
    if per == "day":
        return day
    if per == "week":
        return (day - 1) // 7
    date = datetime.fromordinal(day)
    return date.year * 12 + date.month - 1
