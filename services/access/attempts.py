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

    def wait(self, subject: str, now: Micros) -> float:
        """Seconds until the subject may try again; 0 when it may now."""
        with self._lock:
            since, count = self._failures.get(subject, (now, 0))
        if count < self._most or now - since >= self._span:
            return 0
        return (since + self._span - now) / SECOND

    def count(self, subject: str, now: Micros) -> int:
        """Count a failure; how many there are in its span."""
        with self._lock:
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
