"""The operators: one row says all about each: what it is called, takes, fits and means, in Python and in SQL."""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import sqlalchemy as sa

from conditions import operands
from conditions.operands import Operand
from conditions.sql import SqlValue, Test, either
from conditions.times import Micros, micros_of, parse_moment
from conditions.values import ALL_CHANNELS, CHANNELS, FieldType, Value, is_empty, is_number, same

#: Characters up to which the usual search is the faster one.
_SHORT = 500
_NUMBER, _TEXT, _BOOLEAN = FieldType.number, FieldType.text, FieldType.boolean
_LIST, _CHANNELS, _MOMENT = FieldType.list, FieldType.channels, FieldType.moment


@dataclass(frozen=True, kw_only=True)
class Operator:
    """`test(value, operand, now)` and `sql(field, operand, now)` agree on every value; `sql` is never NULL.

    `label` stands between field and operand in a sentence: "score *is at least* 50". `types`: the fields it fits,
    besides those of any type. For `sql` the operand is an SqlValue where another field stands for it.

    What else is known of it, for all who think about conditions instead of carrying them out: `wants`, only the operand
    passes, or one of several; `unwanted`, everything but the operand, nothing included; `bound`, which end of the
    interval that passes the operand is, and `strict`, whether it is left out itself; `inverse`, the operator that
    passes a number where this one does not; `emptiness`, it asks whether the field is empty (true) or not (false);
    `members`, it looks for the operand in a list; `searches`, it looks for it anywhere in a text; `ages`, time alone
    can make it true; `elsewhere`, what the same is called in other places.
    """

    name: str
    label: str
    operand: Operand
    types: frozenset[FieldType]
    test: Callable[[Value, Any, Micros], bool]
    sql: Callable[[SqlValue, Any, Micros], Test]
    wants: bool = False
    unwanted: bool = False
    bound: Literal["low", "high"] | None = None
    strict: bool = False
    inverse: str | None = None
    emptiness: bool | None = None
    members: bool = False
    searches: bool = False
    ages: bool = False
    elsewhere: tuple[str, ...] = ()

    def fits(self, kind: FieldType) -> bool:
        """Whether it can come out both ways for a field of this type."""
        return kind is FieldType.any or self.emptiness is not None or kind in self.types

    def against(self, value: Value, other: Value, now: Micros) -> bool:
        """The test with the value of another field as operand; one that cannot be an operand passes nothing."""
        return self.unwanted if self.operand.mistake(other) else self.test(value, other, now)


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


@lru_cache(maxsize=4096)
def _search(wanted: str) -> Callable[[str], Any]:
    return re.compile(re.escape(wanted)).search


def _mentions(text: str, wanted: str) -> bool:
    """In time that grows with the text alone: `in` compares a long text that nearly holds it again and again."""
    return wanted in text if len(text) < _SHORT else _search(wanted)(text) is not None


def _contains(value: Value, operand: Any, _now: Micros) -> bool:
    if isinstance(value, list):
        return any(isinstance(item, str) and _mentions(item, operand) for item in value)
    return isinstance(value, str) and _mentions(value, operand)


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
        Operator(
            name="equal",
            label="is",
            elsewhere=("eq", "=", "==", "is", "equals", "equal_to"),
            operand=operands.SCALAR,
            types=frozenset((_NUMBER, _TEXT, _BOOLEAN, _CHANNELS)),
            test=_equal,
            sql=lambda field, operand, _now: field.equal(operand),
            wants=True,
        ),
        Operator(
            name="not_equal",
            label="is not",
            elsewhere=("ne", "neq", "!=", "<>", "is_not", "not_equals"),
            operand=operands.SCALAR,
            types=frozenset((_NUMBER, _TEXT, _BOOLEAN, _CHANNELS)),
            test=_not_equal,
            sql=lambda field, operand, _now: sa.not_(field.equal(operand)),
            unwanted=True,
        ),
        Operator(
            name="greater",
            label="is greater than",
            elsewhere=("gt", ">", "greater_than", "more_than", "above", "over", "after"),
            operand=operands.COMPARABLE,
            types=frozenset((_NUMBER, _TEXT, _MOMENT)),
            test=_ordering(operator.gt),
            sql=lambda field, operand, _now: field.compare("gt", operand),
            bound="low",
            strict=True,
            inverse="less_or_equal",
        ),
        Operator(
            name="greater_or_equal",
            label="is at least",
            elsewhere=("gte", "ge", ">=", "at_least", "min", "minimum", "greater_than_or_equal", "from"),
            operand=operands.COMPARABLE,
            types=frozenset((_NUMBER, _TEXT, _MOMENT)),
            test=_ordering(operator.ge),
            sql=lambda field, operand, _now: field.compare("ge", operand),
            bound="low",
            inverse="less",
        ),
        Operator(
            name="less",
            label="is less than",
            elsewhere=("lt", "<", "less_than", "lower_than", "below", "under"),
            operand=operands.COMPARABLE,
            types=frozenset((_NUMBER, _TEXT, _MOMENT)),
            test=_ordering(operator.lt),
            sql=lambda field, operand, _now: field.compare("lt", operand),
            bound="high",
            strict=True,
            inverse="greater_or_equal",
        ),
        Operator(
            name="less_or_equal",
            label="is at most",
            elsewhere=("lte", "le", "<=", "at_most", "max", "maximum", "less_than_or_equal", "up_to"),
            operand=operands.COMPARABLE,
            types=frozenset((_NUMBER, _TEXT, _MOMENT)),
            test=_ordering(operator.le),
            sql=lambda field, operand, _now: field.compare("le", operand),
            bound="high",
            inverse="greater",
        ),
        Operator(
            name="empty",
            label="is empty",
            elsewhere=("is_empty", "missing", "is_null", "null", "not_set", "is_blank"),
            operand=operands.FLAG,
            types=frozenset(FieldType),
            test=_empty,
            sql=lambda field, operand, _now: sa.not_(field.filled) if operand else field.filled,
            emptiness=True,
        ),
        Operator(
            name="not_empty",
            label="is not empty",
            elsewhere=("is_not_empty", "exists", "is_set", "present", "not_null", "known"),
            operand=operands.FLAG,
            types=frozenset(FieldType),
            test=_not_empty,
            sql=lambda field, operand, _now: field.filled if operand else sa.not_(field.filled),
            emptiness=False,
        ),
        Operator(
            name="contains",
            label="contains",
            elsewhere=("like", "includes", "matches"),
            operand=operands.TEXT,
            types=frozenset((_TEXT, _LIST)),
            test=_contains,
            sql=lambda field, operand, _now: field.contains(operand),
            searches=True,
        ),
        Operator(
            name="starts_with",
            label="starts with",
            elsewhere=("prefix", "begins_with", "startswith"),
            operand=operands.TEXT,
            types=frozenset((_TEXT, _MOMENT)),
            test=_starts_with,
            sql=lambda field, operand, _now: field.starts_with(operand),
        ),
        Operator(
            name="one_of",
            label="is one of",
            elsewhere=("in", "any_of", "is_any_of", "is_one_of"),
            operand=operands.SCALARS,
            types=frozenset((_NUMBER, _TEXT)),
            test=_one_of,
            sql=lambda field, operand, _now: either([field.equal(item) for item in operand]),
            wants=True,
        ),
        Operator(
            name="has",
            label="has",
            elsewhere=("has_tag", "tagged", "contains_tag"),
            operand=operands.SCALAR,
            types=frozenset((_LIST, _CHANNELS)),
            test=_has,
            sql=lambda field, operand, _now: field.has(operand),
            members=True,
        ),
        Operator(
            name="older_than",
            label="is older than",
            elsewhere=("before", "older", "ago", "age"),
            operand=operands.DURATION,
            types=frozenset((_MOMENT,)),
            test=_older_than,
            sql=lambda field, operand, now: field.before(now - micros_of(operand)),
            ages=True,
        ),
    )
}

_ELSEWHERE = {name: row.name for row in OPERATORS.values() for name in row.elsewhere}


def meant(name: object) -> str | None:
    """The operator that is called so in other places; None when none is."""
    return _ELSEWHERE.get(name.strip().lower().replace(" ", "_")) if isinstance(name, str) else None
