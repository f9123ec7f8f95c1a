"""How much work one rendering may be: counted, not timed, so that it is the same on every machine.

A unit is about one operation of a template, or 64 characters or 8 entries that one touches.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from automations.templates.filters import TemplateFailed

#: Units of one rendering, or of all renderings of a step: a few hundredths of a second.
MOST_WORK = 25_000
_LEFT: ContextVar[list[int]] = ContextVar("left")


@contextmanager
def one_budget() -> Iterator[list[int]]:
    """All that is rendered within shares one budget; within another, that one. It gives the units that are left."""
    if (outer := _LEFT.get(None)) is not None:
        yield outer
        return
    left = [MOST_WORK]
    token = _LEFT.set(left)
    try:
        yield left
    finally:
        _LEFT.reset(token)


def spend(units: int) -> None:
    """Count work that is about to be done. Raises TemplateFailed when it is more than is left."""
    left = _LEFT.get()
    left[0] -= units
    if left[0] < 0:
        raise TemplateFailed(
            f"it is more work than a template may be ({MOST_WORK:,} operations); "
            "loop over less, or do less with long texts"
        )


def weight(value: Any) -> int:
    """What touching a value costs, in units."""
    if isinstance(value, str | bytes):
        return 1 + len(value) // 64
    if isinstance(value, list | tuple):
        return 1 + len(value) // 8 + sum(len(part) for part in value if isinstance(part, str)) // 64
    if isinstance(value, Mapping):
        return 1 + len(value) // 8
    return 1


def spend_all(value: Any) -> None:
    """Count touching a value and all that is in it, as often as it is in it. Raises TemplateFailed.

    What is shared makes a short text stand for a value of any size, so that it is paid for while it is walked.
    """
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Mapping):
            spend(1 + len(part) + sum(weight(key) for key in part))
            waiting += part.values()
        elif isinstance(part, list | tuple):
            spend(1 + len(part) // 8)
            waiting += part
        else:
            spend(weight(part))
