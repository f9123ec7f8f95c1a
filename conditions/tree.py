"""Condition trees: `{field: {operator: operand}}`, all of which hold, nested with `all`, `any` and `not`."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

import sqlalchemy as sa
from pydantic import PlainValidator, WithJsonSchema
from typing_extensions import TypeAliasType

from conditions.definition import invalid
from conditions.operands import operand_field
from conditions.operators import OPERATORS, Operator, meant
from conditions.problems import Loc, Problem, suggestion
from conditions.sql import SqlValue, Test, either
from conditions.times import Micros, micros_of
from conditions.values import Value, is_number

Lookup: TypeAlias = Callable[[str], Value]
Predicate: TypeAlias = Callable[[Lookup, Micros], bool]

DEEPEST = 12
#: Keys that hold conditions instead of testing a field.
NESTED = ("all", "any", "not")
_INFINITE = float("inf")
_SHAPE_HELP = 'write conditions as a mapping, such as {"score": {"greater": 5}}'


@dataclass(frozen=True)
class Leaf:
    """One operator on one field, and where it stands."""

    loc: Loc
    field: str
    operator: Operator
    operand: Any

    @property
    def other(self) -> str | None:
        """The field that stands for the operand; None where it is a value."""
        return operand_field(self.operand)

    @property
    def operands(self) -> list[Any]:
        """The values it compares with, as a list; none where another field stands for them."""
        if self.other is not None:
            return []
        return self.operand if isinstance(self.operand, list) else [self.operand]

    @property
    def fields(self) -> tuple[str, ...]:
        """All that it reads."""
        return (self.field,) if self.other is None else (self.field, self.other)

    def holds(self, lookup: Lookup, now: Micros) -> bool:
        """How it comes out."""
        value = lookup(self.field)
        if self.other is not None:
            return self.operator.against(value, lookup(self.other), now)
        return self.operator.test(value, self.operand, now)


def mistakes(raw: Any, loc: Loc = (), depth: int = 0) -> Iterator[Problem]:
    """Everything wrong with the shape of a tree. The functions below rely on there being nothing."""
    if not isinstance(raw, dict):
        yield Problem(loc, _SHAPE_HELP)
    elif depth > DEEPEST:
        yield Problem(loc, f"conditions nest more than {DEEPEST} deep")
    else:
        for key, part in raw.items():
            if key in ("all", "any"):
                yield from _mistakes_in_list(key, part, (*loc, key), depth)
            elif key == "not":
                yield from mistakes(part, (*loc, key), depth + 1)
                if part == {}:
                    yield Problem((*loc, key), "`not` needs a condition in it; empty, it can never hold")
            else:
                yield from _mistakes_in_test(key, part, (*loc, key))


def _mistakes_in_list(key: str, part: Any, loc: Loc, depth: int) -> Iterator[Problem]:
    if not isinstance(part, list) or not part:
        yield Problem(loc, f"`{key}` takes a list of conditions, one mapping each, at least one")
        return
    for index, condition in enumerate(part):
        yield from mistakes(condition, (*loc, index), depth + 1)


def _mistakes_in_test(field: Any, test: Any, loc: Loc) -> Iterator[Problem]:
    if not isinstance(field, str) or not field.strip():
        yield Problem(loc, "a field name is a text")
    elif field in OPERATORS and not isinstance(test, dict):
        yield Problem(loc, f'"{field}" is an operator and needs a field: {{"score": {{"{field}": ...}}}}')
    elif not isinstance(test, dict):
        remedy = "one_of" if isinstance(test, list) else "equal"
        yield Problem(loc, f'"{field}" needs an operator, such as {{"{field}": {{"{remedy}": ...}}}}')
    elif not test:
        yield Problem(loc, f'"{field}" needs an operator: {", ".join(OPERATORS)}')
    else:
        for name, operand in test.items():
            row = OPERATORS.get(name) if isinstance(name, str) else None
            if row is None:
                known = f'; did you mean "{own}"?' if (own := meant(name)) else suggestion(name, OPERATORS)
                yield Problem((*loc, name), f'unknown operator "{name}"{known}')
            elif mistake := row.operand.mistake_as_written(operand):
                yield Problem((*loc, name), f"{name}: {mistake}")


def _validate(raw: Any) -> dict[str, Any]:
    problems = list(mistakes(raw))
    if problems:
        raise invalid(*problems)
    return dict(raw)


_TEST_SCHEMA = {
    "type": "object",
    "minProperties": 1,
    "additionalProperties": False,
    "properties": {row.name: {"description": row.label, **row.operand.schema} for row in OPERATORS.values()},
}
_LIST_SCHEMA = {"type": "array", "items": {"type": "object"}, "minItems": 1}

Conditions = TypeAliasType(
    "Conditions",
    Annotated[
        dict[str, Any],
        PlainValidator(_validate),
        WithJsonSchema(
            {
                "type": "object",
                "title": "Conditions",
                "description": "Field names with the operators that must hold. `all`, `any` and `not` nest.",
                "properties": {
                    "all": {**_LIST_SCHEMA, "description": "Each of these holds"},
                    "any": {**_LIST_SCHEMA, "description": "At least one of these holds"},
                    "not": {"type": "object", "description": "This does not hold"},
                },
                "additionalProperties": _TEST_SCHEMA,
                "examples": [{"score": {"greater_or_equal": 50}, "contact.stage": {"not_equal": "customer"}}],
            }
        ),
    ],
)
"""A pydantic field that holds a valid condition tree exactly as its author wrote it."""


def compile_conditions(raw: Mapping[str, Any]) -> Predicate:
    """The tree as one function of (lookup, now). An empty tree holds."""
    parts = [_compile_part(key, part) for key, part in raw.items()]
    return _all(parts)


def _compile_part(key: str, part: Any) -> Predicate:
    if key == "not":
        inner = compile_conditions(part)
        return lambda lookup, now: not inner(lookup, now)
    if key in NESTED:
        nested = [compile_conditions(condition) for condition in part]
        return _all(nested) if key == "all" else lambda lookup, now: any(one(lookup, now) for one in nested)
    return _all([_compile_leaf(key, OPERATORS[name], operand) for name, operand in part.items()])


def _compile_leaf(field: str, row: Operator, operand: Any) -> Predicate:
    operand = _plain_tag(field, operand)
    if (other := operand_field(operand)) is not None:
        return lambda lookup, now: row.against(lookup(field), lookup(other), now)
    test = row.test
    return lambda lookup, now: test(lookup(field), operand, now)


def _plain_tag(field: str, operand: Any) -> Any:
    """The operand; of a tag without blanks around it, which are no part of it."""
    return operand.strip() if field.rpartition(".")[2] == "tags" and isinstance(operand, str) else operand


def _all(parts: list[Predicate]) -> Predicate:
    if len(parts) == 1:
        return parts[0]
    if len(parts) == 2:
        first, second = parts
        return lambda lookup, now: first(lookup, now) and second(lookup, now)
    return lambda lookup, now: all(one(lookup, now) for one in parts)


def to_sql(raw: Mapping[str, Any], column: Callable[[str], SqlValue], now: Micros) -> Test:
    """The tree as an SQL expression, true exactly where the predicate is, and never NULL."""
    tests: list[Test] = [sa.true()]
    for key, part in raw.items():
        if key == "not":
            tests.append(sa.not_(to_sql(part, column, now)))
        elif key in NESTED:
            inner = [to_sql(condition, column, now) for condition in part]
            tests.append(sa.and_(*inner) if key == "all" else either(inner))
        else:
            for name, operand in part.items():
                other = operand_field(operand)
                against = _plain_tag(key, operand) if other is None else column(other)
                tests.append(OPERATORS[name].sql(column(key), against, now))
    return sa.and_(*tests).self_group()


def leaves(raw: Mapping[str, Any], loc: Loc = ()) -> Iterator[Leaf]:
    """Every test in the tree, in the order written."""
    for key, part in raw.items():
        if key == "not":
            yield from leaves(part, (*loc, key))
        elif key in NESTED:
            for index, condition in enumerate(part):
                yield from leaves(condition, (*loc, key, index))
        else:
            for name, operand in part.items():
                yield Leaf((*loc, key, name), key, OPERATORS[name], operand)


def needed(raw: Mapping[str, Any], loc: Loc = ()) -> Iterator[Leaf]:
    """The tests that must all hold: those not in an `any` or a `not`."""
    for key, part in raw.items():
        if key == "all":
            for index, condition in enumerate(part):
                yield from needed(condition, (*loc, key, index))
        elif key not in NESTED:
            yield from leaves({key: part}, loc)


def bounds(raw: Mapping[str, Any], *fields: str) -> tuple[float, float]:
    """The interval outside of which a number makes the tree fail, when it is what these fields hold."""
    low, high = -_INFINITE, _INFINITE
    for leaf in needed(raw):
        numbers = [value for value in leaf.operands if is_number(value)]
        if leaf.field not in fields or not numbers or len(numbers) < len(leaf.operands):
            continue
        if leaf.operator.wants or leaf.operator.bound == "low":
            low = max(low, min(numbers))
        if leaf.operator.wants or leaf.operator.bound == "high":
            high = min(high, max(numbers))
    return low, high


def ages(raw: Mapping[str, Any]) -> Iterator[tuple[str, Micros]]:
    """The tests that time alone can make true: each field, and the age that it has to reach."""
    for leaf in leaves(raw):
        if leaf.operator.ages:
            yield leaf.field, micros_of(leaf.operand)


def fields_read(raw: Mapping[str, Any]) -> frozenset[str]:
    """The names of all fields that the tree looks at."""
    return frozenset(name for leaf in leaves(raw) for name in leaf.fields)
