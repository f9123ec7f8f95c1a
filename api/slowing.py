"""Who calls too often: wrong keys are answered late, and keys may have a rate."""

import asyncio
import math
import time
from collections import Counter, OrderedDict

from services.access.attempts import Attempts

#: Wrong keys from one address within a minute that are answered at once; how late others are, in seconds; and how many
#: of an address, and of all, wait so at a time. What comes beyond that is refused unseen.
FREE_TRIES, LATE, WAITING, WAITING_IN_ALL = 5, 1.0, 5, 100
_MINUTE = 60_000_000
#: Keys whose rate is remembered.
_MOST_KEYS = 10_000


class WrongKeys:
    """Slows down guessing, by address. On the event loop alone."""

    def __init__(self) -> None:
        self._tries = Attempts(FREE_TRIES, _MINUTE)
        self._waiting: Counter[str] = Counter()

    def is_full(self, address: str) -> bool:
        """Whether so many wrong ones of an address wait for their answer that no further guess is looked at."""
        return self._waiting[address] >= WAITING or self._waiting.total() >= WAITING_IN_ALL

    async def wait(self, address: str) -> None:
        """Let a wrong one wait for its answer."""
        if self._tries.count(address, time.monotonic_ns() // 1_000) <= FREE_TRIES:
            return
        self._waiting[address] += 1
        try:
            await asyncio.sleep(LATE)
        finally:
            self._waiting[address] -= 1
            if self._waiting[address] <= 0:
                del self._waiting[address]


class Rates:
    """Calls a minute, by key: as many at once, then as they come free."""

    def __init__(self, per_minute: int | None) -> None:
        self._per_minute = per_minute
        self._free_at: OrderedDict[str, float] = OrderedDict()

    def wait(self, key: str, now: float | None = None) -> int:
        """Count a call; the seconds after which it may come again, 0 when it may go on."""
        if self._per_minute is None:
            return 0
        now = time.monotonic() if now is None else now
        each = 60 / self._per_minute
        busy_until = max(now, self._free_at.pop(key, now)) + each
        over = busy_until - now - 60
        if over > 1e-9:
            self._free_at[key] = busy_until - each
            return math.ceil(over)
        self._free_at[key] = busy_until
        while len(self._free_at) > _MOST_KEYS:
            self._free_at.popitem(last=False)
        return 0
