"""How much work one rendering may be: counted, not timed, so that it is the same on every machine.

A unit is about one operation of a template, or 64 characters or 8 entries that one touches.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from automations.template_filters import TemplateFailed

#: Units of one rendering, or of all renderings of a step: a few hundredths of a second.
MOST_WORK = 25_000
_LEFT: ContextVar[list[int]] = ContextVar("left")


@contextmanager
def one_budget() -> Iterator[None]:
    """All that is rendered within shares one budget; within another, that one."""
    if _LEFT.get(None) is not None:
        yield
        return
    token = _LEFT.set([MOST_WORK])
    try:
        yield
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


def deep_weight(value: Any) -> int:
    """The same for all that is in it."""
    if isinstance(value, Mapping):
        return 1 + sum(weight(key) + deep_weight(part) for key, part in value.items())
    if isinstance(value, list | tuple):
        return 1 + sum(map(deep_weight, value))
    return weight(value)
