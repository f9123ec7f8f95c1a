"""How often may be guessed. Counted in memory, by process: what is counted is worth nothing to anybody."""

from collections import OrderedDict
from threading import Lock

from conditions.times import SECOND, Micros

#: Subjects that are remembered; beyond it the one that was counted longest ago is forgotten.
_MOST = 20_000


class Attempts:
    """Counts failures by subject: `most` within `span` microseconds from the first. Safe to use from many threads."""

    def __init__(self, most: int, span: Micros) -> None:
        self._most, self._span = most, span
        self._failures: OrderedDict[str, tuple[Micros, int]] = OrderedDict()
        self._lock = Lock()

    def take(self, subject: str, now: Micros) -> float:
        """Count a try before it is made, so that many at a time are many; seconds to wait where there were enough."""
        with self._lock:
            since, count = self._failures.get(subject, (now, 0))
            if count >= self._most and now - since < self._span:
                return (since + self._span - now) / SECOND
            self._count(subject, now)
        return 0

    def give_back(self, subject: str) -> None:
        """It was none: the try was right, or was not made."""
        with self._lock:
            since, count = self._failures.get(subject, (0, 0))
            if count > 1:
                self._failures[subject] = since, count - 1
            else:
                self._failures.pop(subject, None)

    def count(self, subject: str, now: Micros) -> int:
        """Count a failure; how many there are in its span."""
        with self._lock:
            return self._count(subject, now)

    def _count(self, subject: str, now: Micros) -> int:
        since, count = self._failures.pop(subject, (now, 0))
        if now - since >= self._span:
            since, count = now, 0
        self._failures[subject] = since, count + 1
        while len(self._failures) > _MOST:
            self._failures.popitem(last=False)
        return count + 1

    def forget(self, subject: str) -> None:
        """Start anew, after a success."""
        with self._lock:
            self._failures.pop(subject, None)
