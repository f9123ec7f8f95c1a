"""The operators: one row says what each is called, takes and means, in Python and in SQL."""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from conditions import operands
from conditions.operands import Operand
from conditions.sql import SqlValue, Test, either
from conditions.times import Micros, micros_of, parse_moment
from conditions.values import ALL_CHANNELS, CHANNELS, Value, is_empty, is_number, same


@dataclass(frozen=True)
class Operator:
    """`test(value, operand, now)` and `sql(field, operand, now)` agree on every value; `sql` is never NULL.

    `label` stands between field and operand in a sentence: "score *is at least* 50".
    """

    name: str
    label: str
    operand: Operand
    test: Callable[[Value, Any, Micros], bool]
    sql: Callable[[SqlValue, Any, Micros], Test]


def _equal(value: Value, operand: Any, _now: Micros) -> bool:
    return same(value, operand) and not is_empty(value)


def _not_equal(value: Value, operand: Any, _now: Micros) -> bool:
    return not _equal(value, operand, _now)


def _ordering(compare: Callable[[Any, Any], bool]) -> Callable[[Value, Any, Micros], bool]:
    def test(value: Value, operand: Any, _now: Micros) -> bool:
        if isinstance(value, str):
            return isinstance(operand, str) and not is_empty(value) and compare(value, operand)
        return is_number(value) and is_number(operand) and compare(value, operand)

    return test


def _empty(value: Value, operand: Any, _now: Micros) -> bool:
    return is_empty(value) is operand


def _not_empty(value: Value, operand: Any, _now: Micros) -> bool:
    return is_empty(value) is not operand


def _contains(value: Value, operand: Any, _now: Micros) -> bool:
    if isinstance(value, list):
        return any(isinstance(item, str) and operand in item for item in value)
    return isinstance(value, str) and operand in value


def _starts_with(value: Value, operand: Any, _now: Micros) -> bool:
    return isinstance(value, str) and value.startswith(operand)


def _one_of(value: Value, operand: Any, _now: Micros) -> bool:
    return any(_equal(value, item, _now) for item in operand)


def _has(value: Value, operand: Any, _now: Micros) -> bool:
    if isinstance(value, list):
        return any(same(item, operand) for item in value)
    return value == ALL_CHANNELS and operand in CHANNELS


def _older_than(value: Value, operand: Any, now: Micros) -> bool:
    moment = parse_moment(value) if isinstance(value, str) else None
    return moment is not None and moment < now - micros_of(operand)


OPERATORS: dict[str, Operator] = {
    row.name: row
    for row in (
        Operator("equal", "is", operands.SCALAR, _equal, lambda field, operand, _now: field.equal(operand)),
        Operator(
            "not_equal",
            "is not",
            operands.SCALAR,
            _not_equal,
            lambda field, operand, _now: sa.not_(field.equal(operand)),
        ),
        Operator(
            "greater",
            "is greater than",
            operands.COMPARABLE,
            _ordering(operator.gt),
            lambda field, operand, _now: field.compare("gt", operand),
        ),
        Operator(
            "greater_or_equal",
            "is at least",
            operands.COMPARABLE,
            _ordering(operator.ge),
            lambda field, operand, _now: field.compare("ge", operand),
        ),
        Operator(
            "less",
            "is less than",
            operands.COMPARABLE,
            _ordering(operator.lt),
            lambda field, operand, _now: field.compare("lt", operand),
        ),
        Operator(
            "less_or_equal",
            "is at most",
            operands.COMPARABLE,
            _ordering(operator.le),
            lambda field, operand, _now: field.compare("le", operand),
        ),
        Operator(
            "empty",
            "is empty",
            operands.FLAG,
            _empty,
            lambda field, operand, _now: sa.not_(field.filled) if operand else field.filled,
        ),
        Operator(
            "not_empty",
            "is not empty",
            operands.FLAG,
            _not_empty,
            lambda field, operand, _now: field.filled if operand else sa.not_(field.filled),
        ),
        Operator(
            "contains",
            "contains",
            operands.TEXT,
            _contains,
            lambda field, operand, _now: field.contains(operand),
        ),
        Operator(
            "starts_with",
            "starts with",
            operands.TEXT,
            _starts_with,
            lambda field, operand, _now: field.starts_with(operand),
        ),
        Operator(
            "one_of",
            "is one of",
            operands.SCALARS,
            _one_of,
            lambda field, operand, _now: either([field.equal(item) for item in operand]),
        ),
        Operator("has", "has", operands.SCALAR, _has, lambda field, operand, _now: field.has(operand)),
        Operator(
            "older_than",
            "is older than",
            operands.DURATION,
            _older_than,
            lambda field, operand, now: field.before(now - micros_of(operand)),
        ),
    )
}
