"""Going on by itself when the database could not be used for a while: for what nobody would do again."""

import math
import time
from collections.abc import Callable
from typing import TypeVar

from store.trouble import DatabaseUnavailable

T = TypeVar("T")
PAUSE = 0.5


def patiently(
    work: Callable[[], T], told: Callable[[str], None] = lambda _: None, *, seconds: float = math.inf
) -> T:
    """Do `work` as soon as the database can be used; `told` is told once why it has to wait.

    Raises DatabaseUnavailable after so many seconds.
    """
    until = time.monotonic() + seconds
    waits = False
    while True:
        try:
            return work()
        except DatabaseUnavailable as error:
            if time.monotonic() >= until:
                raise
            if not waits:
                told(str(error))
            waits = True
            time.sleep(PAUSE)
