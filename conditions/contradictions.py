"""Conditions that can never hold, as far as can be known without a record."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import ceil, floor
from typing import Any

from conditions.operators import OPERATORS
from conditions.problems import Loc, Problem
from conditions.tree import Leaf
from conditions.values import is_number

_INFINITE = float("inf")


@dataclass(frozen=True)
class Range:
    """What a field can be: numbers (`whole` ones) from `low` to `high`, or one of `labels`; or else empty.

    `why` says where that comes from: "the profile's max is 200".
    """

    low: float = -_INFINITE
    high: float = _INFINITE
    labels: tuple[str, ...] | None = None
    whole: bool = False
    why: Mapping[str, str] = field(default_factory=dict)


def contradictions(raw: Mapping[str, Any], ranges: Mapping[str, Range], loc: Loc = ()) -> Iterator[Problem]:
    """Places of a valid tree that can never hold. Under `not` only single bounds of one field are looked at."""
    yield from _together(raw, ranges, loc, {})


Tests = dict[str, list[Leaf]]


def _together(
    raw: Mapping[str, Any], ranges: Mapping[str, Range], loc: Loc, outer: Tests
) -> Iterator[Problem]:
    """What contradicts itself, or the tests around it."""
    inner: Tests = {}
    choices: list[tuple[Loc, list[Any]]] = []
    _gather(raw, loc, inner, choices)
    tests = {name: [*outer.get(name, ()), *leaves] for name, leaves in inner.items()}
    for name, of_field in tests.items():
        reason = _clash(of_field, ranges.get(name, Range()))
        if reason is not None:
            yield Problem(of_field[-1].loc[:-1], f"{name} {reason}, so this never holds")
    around = {**outer, **tests}
    for place, parts in choices:
        problems = [
            list(_together(part, ranges, (*place, index), around)) for index, part in enumerate(parts)
        ]
        if all(problems):
            yield from (of_part[0] for of_part in problems)


def _gather(raw: Mapping[str, Any], loc: Loc, tests: Tests, choices: list[tuple[Loc, list[Any]]]) -> None:
    """Tests that have to hold together, by field, and alternatives."""
    for key, part in raw.items():
        if key == "all":
            for index, inner in enumerate(part):
                _gather(inner, (*loc, key, index), tests, choices)
        elif key == "any":
            choices.append(((*loc, key), part))
        elif key == "not":
            [(name, test), *more] = part.items()
            [(operator, operand), *others] = test.items() if isinstance(test, Mapping) else [("", None)]
            inverse = OPERATORS[operator].inverse if operator in OPERATORS else None
            if not more and not others and inverse is not None:
                leaf = Leaf((*loc, key, name, operator), name, OPERATORS[inverse], operand)
                tests.setdefault(name, []).append(leaf)
        else:
            tests.setdefault(key, []).extend(
                Leaf((*loc, key, name), key, OPERATORS[name], operand) for name, operand in part.items()
            )


def _clash(tests: list[Leaf], possible: Range) -> str | None:
    """Why no value passes all tests of a field; None when one may."""
    low, high = (possible.low, False), (possible.high, False)
    wanted: set[Any] | None = None
    unwanted: set[Any] = set()
    empty = needed = False
    for leaf in tests:
        operator, operand = leaf.operator, leaf.operand
        if operator.emptiness is not None:
            is_empty = operator.emptiness is operand
            empty, needed = empty or is_empty, needed or not is_empty
            continue
        needed = needed or not (operator.unwanted or "not" in leaf.loc)
        if leaf.other is not None:
            continue
        if operator.wants:
            values = {_comparable(value) for value in leaf.operands}
            wanted = values if wanted is None else wanted & values
        elif operator.unwanted:
            unwanted.add(_comparable(operand))
        elif is_number(operand) and operator.bound == "low":
            low = max(low, _least(operand, possible, strict=operator.strict))
        elif is_number(operand) and operator.bound == "high":
            bound, strict = _least(-operand, possible, strict=operator.strict)
            high = min(high, (-bound, strict), key=lambda edge: (edge[0], not edge[1]))
    if wanted is not None:
        wanted -= unwanted
    if empty and needed:
        return "cannot be empty and pass another test"
    if not needed:
        return None
    return _said(low, high, wanted, possible)


def _least(bound: float, possible: Range, *, strict: bool) -> tuple[float, bool]:
    """The lowest value above a bound and whether it is left out itself; of whole numbers it never is."""
    if not possible.whole:
        return bound, strict
    return (floor(bound) + 1 if strict else ceil(bound)), False


def _comparable(value: Any) -> Any:
    """Booleans are not numbers."""
    return f"{value}" if isinstance(value, bool) else value


def _said(
    low: tuple[float, bool], high: tuple[float, bool], wanted: set[Any] | None, possible: Range
) -> str | None:
    """`low` and `high` with whether the bound itself is left out."""
    at_once = "cannot pass all these tests at once"
    if wanted is not None:
        numbers = [value for value in wanted if is_number(value)]
        if not wanted:
            return "cannot be two values at once"
        inside = [value for value in numbers if low <= (value, False) and _below(value, high)]
        if len(numbers) == len(wanted) and not inside:
            return _beyond(min(numbers), max(numbers), possible) or at_once
        labels = possible.labels
        if labels is not None and not any(value in labels for value in wanted):
            return f"is one of {', '.join(labels)}" if labels else "has no bands"
    if low[0] > high[0] or (low[0] == high[0] and (low[1] or high[1])):
        return _beyond(low[0], high[0], possible) or at_once
    return None


def _below(value: float, high: tuple[float, bool]) -> bool:
    return value < high[0] or (value == high[0] and not high[1])


def _beyond(low: float, high: float, possible: Range) -> str | None:
    """The bound of the field itself that the tests go beyond."""
    if low > possible.high:
        return f"is at most {possible.high:g} ({possible.why.get('high', '')})".replace(" ()", "")
    if high < possible.low:
        return f"is at least {possible.low:g} ({possible.why.get('low', '')})".replace(" ()", "")
    return None
