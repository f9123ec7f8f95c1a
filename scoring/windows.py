"""Calendar windows of limits: which day, week or month of a time zone a moment falls in."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from conditions.times import Micros

DAY = 86_400_000_000
_EPOCH_ORDINAL = datetime(1970, 1, 1, tzinfo=UTC).toordinal()
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=65_536)
def _local_day(quarter: int, zone: str) -> int:
    """The local date's ordinal for a quarter of an hour: no time zone moves its midnight inside one."""
    return (_EPOCH + timedelta(minutes=15 * quarter)).astimezone(ZoneInfo(zone)).toordinal()


def window_of(per: str, zone: str, at: Micros) -> int:
    """A number that is the same for two moments exactly when they share the window, and grows with time."""
    if per == "ever":
        return 0
    day = at // DAY + _EPOCH_ORDINAL if zone == "UTC" else _local_day(at // (15 * 60_000_000), zone)
    if per == "day":
        return day
    if per == "week":
        return (day - 1) // 7
    date = datetime.fromordinal(day)
    return date.year * 12 + date.month - 1
