"""Conditions that can never hold, as far as can be known without a record."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from conditions.operators import OPERATORS
from conditions.problems import Loc, Problem
from conditions.tree import Leaf
from conditions.values import is_number

_INFINITE = float("inf")
_OF_EMPTY = ("not_equal",)


@dataclass(frozen=True)
class Range:
    """What a field can be: whole numbers from `low` to `high`, or one of `labels`; empty is possible beside that.

    `why` says where that comes from: "the profile's max is 200".
    """

    low: float = -_INFINITE
    high: float = _INFINITE
    labels: tuple[str, ...] | None = None
    why: Mapping[str, str] = field(default_factory=dict)


def contradictions(raw: Mapping[str, Any], ranges: Mapping[str, Range], loc: Loc = ()) -> Iterator[Problem]:
    """Places of a valid tree that can never hold. What is under `not` is not looked at."""
    together: dict[str, list[Leaf]] = {}
    yield from _gather(raw, ranges, loc, together)
    for name, tests in together.items():
        reason = _clash(tests, ranges.get(name, Range()))
        if reason is not None:
            yield Problem(tests[-1].loc[:-1], f"{name} {reason}, so this never holds")


def _gather(
    raw: Mapping[str, Any], ranges: Mapping[str, Range], loc: Loc, together: dict[str, list[Leaf]]
) -> Iterator[Problem]:
    """Tests that have to hold together, by field; problems of alternatives none of which can hold."""
    for key, part in raw.items():
        if key == "all":
            for index, inner in enumerate(part):
                yield from _gather(inner, ranges, (*loc, key, index), together)
        elif key == "any":
            found = [
                list(contradictions(inner, ranges, (*loc, key, index))) for index, inner in enumerate(part)
            ]
            if all(found):
                yield from (problems[0] for problems in found)
        elif key != "not":
            together.setdefault(key, []).extend(
                Leaf((*loc, key, name), key, OPERATORS[name], operand) for name, operand in part.items()
            )


def _clash(tests: list[Leaf], possible: Range) -> str | None:
    """Why no value passes all tests of a field; None when one may."""
    low, high, labels = possible.low, possible.high, possible.labels
    wanted: set[Any] | None = None
    empty = needed = False
    for leaf in tests:
        name, operand = leaf.operator.name, leaf.operand
        if name in ("empty", "not_empty"):
            is_empty = (name == "empty") is operand
            empty, needed = empty or is_empty, needed or not is_empty
            continue
        needed = needed or name not in _OF_EMPTY
        if name in ("equal", "one_of"):
            values = {str(item) if isinstance(item, bool) else item for item in leaf.operands}
            wanted = values if wanted is None else wanted & values
        elif is_number(operand) and name in ("greater", "greater_or_equal"):
            low = max(low, operand + 1 if name == "greater" and isinstance(operand, int) else operand)
        elif is_number(operand) and name in ("less", "less_or_equal"):
            high = min(high, operand - 1 if name == "less" and isinstance(operand, int) else operand)
    return _said(low, high, labels, wanted, possible, empty=empty and needed)


def _said(
    low: float,
    high: float,
    labels: tuple[str, ...] | None,
    wanted: set[Any] | None,
    possible: Range,
    *,
    empty: bool,
) -> str | None:
    if empty:
        return "cannot be empty and pass another test"
    if wanted is not None:
        numbers = [value for value in wanted if is_number(value)]
        if not wanted:
            return "cannot be two values at once"
        if len(numbers) == len(wanted) and not any(low <= value <= high for value in numbers):
            return _beyond(min(numbers), max(numbers), possible) or "cannot pass all these tests at once"
        if labels is not None and not any(value in labels for value in wanted):
            return f"is one of {', '.join(labels)}" if labels else "has no bands"
    if low > high:
        return _beyond(low, high, possible) or "cannot pass all these tests at once"
    return None


def _beyond(low: float, high: float, possible: Range) -> str | None:
    """The bound of the field itself that the tests go beyond."""
    if low > possible.high:
        return f"is at most {possible.high:g} ({possible.why.get('high', '')})".replace(" ()", "")
    if high < possible.low:
        return f"is at least {possible.low:g} ({possible.why.get('low', '')})".replace(" ()", "")
    return None
