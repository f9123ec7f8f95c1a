"""Moments that people name, as use cases take them."""

from collections.abc import Callable, Mapping
from typing import Any

from conditions.times import Micros, to_iso
from runtime.errors import ReadableError

#: What holds a moment, and the option that says it.
_MOMENTS = {"due_at": "--due", "due_before": "--due-before", "due_after": "--due-after"}


def with_moments(body: Mapping[str, Any], moment: Callable[[str], Micros]) -> dict[str, Any]:
    """The same, with moments such as `tomorrow` or `2026-12-01T09:00` as what `moment` takes them for."""
    named = dict(body)
    for name, option in _MOMENTS.items():
        if isinstance(text := named.get(name), str):
            try:
                named[name] = to_iso(moment(text))
            except ValueError as error:
                raise ReadableError(f"{option}: {error}") from None
    return named
