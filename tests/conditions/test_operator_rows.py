"""What an operator's row says about it is what its test does, for whoever thinks about conditions by the row alone."""

from typing import Any

import pytest

from conditions.operators import OPERATORS, Operator
from conditions.values import FieldType, is_empty, is_number

DAY = 24 * 3600 * 1_000_000
NOW = 20_000 * DAY
VALUES: list[Any] = [
    *(None, "", " ", [], 0, 1, 1.5, 2, -3, True, False, "a", "ab", "b", "xa", "2024-01-01", "2024-10-04"),
    *(["a"], ["b", "a"], "all"),
]
OPERANDS: dict[str, list[Any]] = {
    "value": [0, 1, 2.5, "a", True, "all", "email"],
    "number or text": [0, 1, 2.5, "a", "2024-06-01"],
    "text": ["a", "2024"],
    "values": [[1], ["a", "b"], [0, "a"]],
    "true or false": [True, False],
    "duration": ["1d", "90d"],
}
#: What could come out both ways, and asks nothing that anybody means: "all" is a text as well.
NOT_MEANT = {
    ("contains", FieldType.moment),
    *((name, FieldType.channels) for name in ("greater", "greater_or_equal", "contains", "starts_with")),
}
ROWS = pytest.mark.parametrize("row", OPERATORS.values(), ids=OPERATORS)


def passed(row: Operator, operand: Any) -> list[Any]:
    return [value for value in VALUES if row.test(value, operand, NOW)]


@ROWS
def test_it_wants_its_operands_alone(row: Operator) -> None:
    among = all(
        any(value == wanted and type(value) in (type(wanted), int, float) for wanted in _several(operand))
        for operand in OPERANDS[row.operand.name]
        for value in passed(row, operand)
    )
    assert row.wants is (among and row.operand.name != "duration"), row.name


@ROWS
def test_unwanted_passes_everything_else_and_nothing_too(row: Operator) -> None:
    others = all(
        len(passed(row, operand)) >= len(VALUES) - 2 and None in passed(row, operand)
        for operand in OPERANDS[row.operand.name]
    )
    assert row.unwanted is others, row.name


@ROWS
def test_its_bound_is_the_end_of_what_passes(row: Operator) -> None:
    ends = set()
    for operand in OPERANDS[row.operand.name]:
        numbers = [value for value in passed(row, operand) if is_number(value)]
        if is_number(operand) and numbers and not row.wants and not row.unwanted:
            ends.add("low" if min(numbers) >= operand else "high" if max(numbers) <= operand else None)
            assert (operand in numbers) is (not row.strict and operand in VALUES)
    assert ends == ({row.bound} if row.bound else set()), row.name


@ROWS
def test_its_inverse_passes_the_numbers_that_it_does_not(row: Operator) -> None:
    assert (row.inverse is not None) is (row.bound is not None), row.name
    if row.inverse is not None:
        numbers = [value for value in VALUES if is_number(value)]
        for operand in (0, 1, 2.5):
            other = [value for value in numbers if OPERATORS[row.inverse].test(value, operand, NOW)]
            assert sorted([*other, *filter(is_number, passed(row, operand))]) == sorted(numbers)


@ROWS
def test_emptiness_is_asked_for_as_it_says(row: Operator) -> None:
    asks = row.operand.name == "true or false"
    assert (row.emptiness is not None) is asks, row.name
    if row.emptiness is not None:
        empty = [value for value in VALUES if is_empty(value)]
        assert passed(row, row.emptiness) == empty


@ROWS
def test_time_alone_changes_it_where_it_says_so(row: Operator) -> None:
    changes = any(
        row.test(value, operand, NOW) != row.test(value, operand, NOW + 200 * DAY)
        for operand in OPERANDS[row.operand.name]
        for value in VALUES
    )
    assert row.ages is changes, row.name


@ROWS
def test_it_looks_for_members_where_it_says_so(row: Operator) -> None:
    operands = [operand for operand in OPERANDS[row.operand.name] if operand == "a"]
    looks = any(passed(row, operand) == [["a"], ["b", "a"]] for operand in operands)
    assert row.members is looks, row.name


@ROWS
def test_it_can_pass_and_fail_for_the_types_it_fits(row: Operator) -> None:
    """A type that is forgotten, or one too many, would refuse what works or accept what never holds."""
    samples: dict[FieldType, list[Any]] = {
        FieldType.number: [0, 1, 2.5, 5],
        FieldType.text: ["A", "a", "xay", "b", "ab"],
        FieldType.boolean: [True, False],
        FieldType.moment: ["2024-01-01T00:00:00.000000Z", "2024-10-04T00:00:00.000000Z", "1999-01-01"],
        FieldType.list: [["a"], ["b", "xay"], []],
        FieldType.channels: ["all", ["email"], []],
    }
    for kind, values in samples.items():
        fitting = [operand for operand in OPERANDS[row.operand.name] if _of_type(operand, kind, row)]
        outcomes = {row.test(value, operand, NOW) for operand in fitting for value in values}
        if row.emptiness is None:
            meant = outcomes == {True, False} and (row.name, kind) not in NOT_MEANT
            assert row.fits(kind) is meant, (row.name, kind)


def _several(operand: Any) -> list[Any]:
    return operand if isinstance(operand, list) else [operand]


def _of_type(operand: Any, kind: FieldType, row: Operator) -> bool:
    if kind is FieldType.number:
        return all(map(is_number, _several(operand)))
    if kind is FieldType.boolean:
        return isinstance(operand, bool)
    if kind is FieldType.moment and row.operand.name == "number or text":
        return bool(operand == "2024-06-01")
    return all(isinstance(part, str) for part in _several(operand))


@ROWS
def test_it_searches_texts_where_it_says_so(row: Operator) -> None:
    asked = row.operand.name == "text"
    assert row.searches is (asked and row.test("xay", "a", NOW) and not row.test("xby", "a", NOW)), row.name
