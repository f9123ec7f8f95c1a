"""Another field as operand: `{cart: {equal: {field: event.cart}}}`."""

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conditions.contradictions import contradictions
from conditions.describing import describe, explain
from conditions.fields import LATER_WHERE, RULE_WHERE, TRIGGER, Catalogue, check_conditions
from conditions.operators import OPERATORS
from conditions.sql import SqlValue
from conditions.times import to_iso
from conditions.tree import compile_conditions, fields_read, mistakes, to_sql
from tests.conditions.columns import MISSING, NOW, readings, row_of, table
from tests.conditions.test_operators import VALUES
from tests.conditions.vectors import SAMPLES

TAKE_FIELDS = [row.name for row in OPERATORS.values() if row.operand.from_field]
OTHER = sa.Table(
    "others", sa.MetaData(), *(sa.Column(c.name, c.type, primary_key=c.primary_key) for c in table.c)
)


@pytest.fixture(scope="session")
def two_tables(database: sa.Engine) -> Iterator[sa.Engine]:
    OTHER.create(database, checkfirst=True)
    yield database
    OTHER.drop(database)


def _disagreements(engine: sa.Engine, value: Any, other: Any) -> list[str]:
    """Every operator on every pair of columns that hold the two values, in SQL against Python."""
    values = {"a": None if value is MISSING else value, "b": None if other is MISSING else other}
    pairs = [
        (name, left, right) for name in TAKE_FIELDS for left in readings(value) for right in readings(other)
    ]
    with engine.connect() as connection, connection.begin() as transaction:
        connection.execute(table.insert().values(id=1, **row_of(value)))
        connection.execute(OTHER.insert().values(id=1, **row_of(other)))
        ours, theirs = readings(value), _readings_of_other(other)
        tests = [
            to_sql({"a": {name: {"field": "b"}}}, {"a": ours[left], "b": theirs[right]}.__getitem__, NOW)
            for name, left, right in pairs
        ]
        answers = []
        for start in range(0, len(tests), 200):
            columns = [
                sa.type_coerce(test, sa.Integer).label(f"t{number}")
                for number, test in enumerate(tests[start : start + 200])
            ]
            answers += list(
                connection.execute(
                    sa.select(*columns).join_from(table, OTHER, table.c.id == OTHER.c.id)
                ).one()
            )
        transaction.rollback()
    return [
        f"{value!r} {name} {other!r}, {left} and {right}: SQL {answer}"
        for (name, left, right), answer in zip(pairs, answers, strict=True)
        if answer is None
        or bool(answer) is not compile_conditions({"a": {name: {"field": "b"}}})(values.get, NOW)
    ]


def _readings_of_other(value: Any) -> dict[str, SqlValue]:
    makers = {
        "number": lambda: SqlValue.number(OTHER.c.number),
        "text": lambda: SqlValue.text(OTHER.c.text),
        "boolean": lambda: SqlValue.boolean(OTHER.c.truth),
        "moment": lambda: SqlValue.moment(OTHER.c.moment),
        "whole": lambda: SqlValue.json_list(OTHER.c.whole),
    }
    return {
        label: makers[label]()
        if label in makers
        else SqlValue.json_member(OTHER.c.fields, label.removeprefix("member "))
        for label in readings(value)
    }


@pytest.mark.parametrize("value", SAMPLES)
def test_sql_agrees_with_python_about_a_value_beside_others(two_tables: sa.Engine, value: Any) -> None:
    others = [value, 5, "a", True, MISSING, ["a"], "email"]
    assert [wrong for other in others for wrong in _disagreements(two_tables, value, other)] == []


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(value=VALUES, other=VALUES, alike=st.booleans())
def test_sql_agrees_with_python_about_any_two_fields(
    two_tables: sa.Engine, value: Any, other: Any, alike: bool
) -> None:
    assert _disagreements(two_tables, value, value if alike else other) == []


@pytest.mark.parametrize("other", ["2026-11-26", to_iso(NOW), "x", None])
def test_a_moment_column_compares_with_a_text_as_its_iso_text_does(two_tables: sa.Engine, other: Any) -> None:
    with two_tables.connect() as connection, connection.begin() as transaction:
        connection.execute(table.insert().values(id=1, moment=NOW))
        connection.execute(OTHER.insert().values(id=1, **row_of(other)))
        columns = {"a": SqlValue.moment(table.c.moment), "b": SqlValue.json_member(OTHER.c.fields, "plain")}
        two: dict[str, Any] = {"a": to_iso(NOW), "b": other}
        for name in ("equal", "not_equal", "greater", "less_or_equal", "starts_with", "contains"):
            raw = {"a": {name: {"field": "b"}}}
            test = sa.type_coerce(to_sql(raw, columns.__getitem__, NOW), sa.Integer)
            told = connection.execute(
                sa.select(test).join_from(table, OTHER, table.c.id == OTHER.c.id)
            ).scalar_one()
            assert bool(told) is compile_conditions(raw)(two.get, NOW), name
        transaction.rollback()


@pytest.mark.parametrize(
    ("cart", "wanted", "equal"),
    [
        ("c-17", "c-17", True),
        ("c-17", "c-18", False),
        (17, "17", False),
        (17, 17.0, True),
        ("c-17", None, False),
        (None, None, False),
        (" ", " ", False),
        (["c-17"], ["c-17"], False),
        (True, 1, False),
    ],
)
def test_two_fields_are_equal_where_both_hold_the_same_one_value(cart: Any, wanted: Any, equal: bool) -> None:
    record: dict[str, Any] = {"cart": cart, "event.cart": wanted}
    assert compile_conditions({"cart": {"equal": {"field": "event.cart"}}})(record.get, NOW) is equal
    assert compile_conditions({"cart": {"not_equal": {"field": "event.cart"}}})(record.get, NOW) is not equal


def test_bounds_texts_and_lists_compare_with_fields_too() -> None:
    record: dict[str, Any] = {
        "value": 7,
        "limit": 5,
        "name": "Ada Lovelace",
        "first": "Ada",
        "tags": ["x", "hot"],
        "tag": "hot",
    }
    for raw in (
        {"value": {"greater": {"field": "limit"}}},
        {"limit": {"less_or_equal": {"field": "value"}}},
        {"name": {"starts_with": {"field": "first"}, "contains": {"field": "first"}}},
        {"tags": {"has": {"field": "tag"}}},
        {"not": {"value": {"less": {"field": "limit"}}}},
    ):
        assert compile_conditions(raw)(record.get, NOW), raw


def test_a_field_as_operand_reads_as_plain_words_with_its_value() -> None:
    raw = {"cart": {"equal": {"field": "event.cart"}}}
    assert describe(raw) == "cart is event cart"
    assert fields_read(raw) == {"cart", "event.cart"}
    told = [(one.text, one.holds) for one in explain(raw, {"cart": "c-1", "event.cart": "c-2"}.get, 0)]
    assert told == [("cart is event cart (c-2)", False)]
    assert explain(raw, {"cart": "c-1"}.get, 0)[0].text == "cart is event cart (empty)"


@pytest.mark.parametrize(
    ("operand", "words"),
    [
        ({"fields": "x"}, "write {field: event.cart}"),
        ({"field": ""}, "write {field: event.cart}"),
        ({"field": 5}, "write {field: event.cart}"),
        ({"field": "x", "more": 1}, "write {field: event.cart}"),
        ({}, "write {field: event.cart}"),
    ],
)
def test_a_misspelled_field_operand_is_told_the_right_form(operand: Any, words: str) -> None:
    [problem] = mistakes({"cart": {"equal": operand}})
    assert words in problem.message


@pytest.mark.parametrize("name", sorted(set(OPERATORS) - set(TAKE_FIELDS)))
def test_an_operator_that_takes_no_field_says_what_it_takes(name: str) -> None:
    [problem] = mistakes({"cart": {name: {"field": "x"}}})
    assert problem.message.startswith(f"{name}: ")


@pytest.mark.parametrize(
    ("catalogue", "raw", "pointer", "words"),
    [
        (TRIGGER, {"score": {"less": {"field": "scroe"}}}, "/score/less/field", 'did you mean "score"?'),
        (RULE_WHERE, {"cart": {"equal": {"field": "event.cart"}}}, "/cart/equal/field", "unknown field"),
        (
            TRIGGER,
            {"score": {"less": {"field": "contact.stage"}}},
            "/score/less",
            "score is a number and contact.stage is a text",
        ),
        (
            TRIGGER,
            {"contact.stage": {"equal": {"field": "contact.tags"}}},
            "/contact.stage/equal",
            "contact.tags is a list",
        ),
        (TRIGGER, {"contact.tags": {"equal": {"field": "event.tag"}}}, "/contact.tags/equal", "does not fit"),
        (
            LATER_WHERE,
            {"cart": {"equal": "{{ event.cart }}"}},
            "/cart/equal",
            "write equal: {field: event.cart}",
        ),
        (TRIGGER, {"contact.city": {"one_of": ["a", "{{ x }}"]}}, "/contact.city/one_of", "is no template"),
    ],
)
def test_an_operand_that_can_never_hold_is_named(
    catalogue: Catalogue, raw: dict[str, Any], pointer: str, words: str
) -> None:
    [problem] = check_conditions(raw, catalogue)
    assert problem.pointer == pointer
    assert words in problem.message


def test_fields_that_can_be_compared_pass() -> None:
    assert check_conditions({"cart": {"equal": {"field": "event.cart"}}}, LATER_WHERE) == []
    assert check_conditions({"score": {"greater": {"field": "scores.fit"}}}, TRIGGER) == []
    assert check_conditions({"contact.tags": {"has": {"field": "contact.stage"}}}, TRIGGER) == []


def test_what_a_field_must_equal_is_no_contradiction() -> None:
    raw = {"score": {"equal": {"field": "scores.fit"}, "greater": 5}}
    assert list(contradictions(raw, {})) == []
    impossible = {"score": {"equal": {"field": "scores.fit"}, "empty": True}}
    assert [problem.message for problem in contradictions(impossible, {})] != []
