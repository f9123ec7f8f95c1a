"""Every operator means the same in Python, in SQLite and in PostgreSQL."""

from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conditions.operators import OPERATORS
from conditions.times import DAY, to_iso
from tests.conditions.columns import MISSING, NOW, disagreements, moment_disagreements
from tests.conditions.vectors import QUESTIONS, SAMPLES, TABLE


@pytest.mark.parametrize(("value", "name", "operand", "holds"), TABLE)
def test_an_operator_holds_in_python_as_the_table_says(
    value: Any, name: str, operand: Any, holds: bool
) -> None:
    assert OPERATORS[name].test(None if value is MISSING else value, operand, NOW) is holds


@pytest.mark.parametrize("name", OPERATORS)
def test_the_table_has_the_operator_holding_and_not(name: str) -> None:
    holds = {row_holds for _, row_name, _, row_holds in TABLE if row_name == name}
    assert holds == {True, False}, f"give rows for {name} in tests/conditions/vectors.py"


@pytest.mark.parametrize("name", OPERATORS)
def test_sql_agrees_with_the_table(database: sa.Engine, name: str) -> None:
    rows = [(value, operand) for value, operator, operand, _ in TABLE if operator == name]
    assert [
        wrong for value, operand in rows for wrong in disagreements(database, value, [(name, operand)])
    ] == []


@pytest.mark.parametrize("value", SAMPLES)
def test_sql_agrees_with_python_for_every_value_and_every_question(database: sa.Engine, value: Any) -> None:
    assert disagreements(database, value, QUESTIONS) == []


@pytest.mark.parametrize("moment", [NOW, 0, -1, NOW - 30 * DAY, NOW - 30 * DAY - 1, -62_135_596_800_000_000])
def test_a_moment_column_answers_like_its_iso_text(database: sa.Engine, moment: int) -> None:
    texts = ("2026", "2026-11-18", to_iso(moment), to_iso(moment)[:19], "-", "T", "Z")
    tests = [
        (name, text) for name in ("equal", "greater", "less", "contains", "starts_with") for text in texts
    ]
    assert (
        moment_disagreements(database, moment, [*tests, ("older_than", "30d"), ("has", "x"), ("less", 5)])
        == []
    )


SCALARS = st.one_of(
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.decimals(-(10**9), 10**9, places=4).map(float),
    st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"), max_size=6),
    st.sampled_from(["all", "email", "a", "A", "1", "true", " ", "2020-01-01", "2020-02-30"]),
)
#: Dates and times as programs write them, and nearly so.
MOMENTS = st.tuples(
    st.dates().map(str),
    st.sampled_from(["", *(f"{sign}10:{rest}" for sign in "Tt _" for rest in ("59", "00:59", "9", "60"))]),
    st.sampled_from(["", ".", ".5", ".1234567", ".123456789", ".1234567890", ",5"]),
    st.sampled_from(["", "Z", "z", "+00:00", "-0130", "+14", "+24", "-1", " Z", "+01:60", "--01", "+0:00"]),
).map("".join)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=MOMENTS)
def test_sql_reads_the_same_moments_as_python(database: sa.Engine, text: str) -> None:
    assert disagreements(database, text, [("older_than", age) for age in ("1s", "1d", "5200w")]) == []


VALUES = st.none() | SCALARS | st.lists(st.none() | SCALARS | st.lists(SCALARS, max_size=2), max_size=3)


@st.composite
def question(draw: st.DrawFn) -> tuple[str, Any]:
    name = draw(st.sampled_from(sorted(OPERATORS)))
    operand = draw(
        st.one_of(
            SCALARS,
            st.lists(SCALARS, min_size=1, max_size=3),
            st.sampled_from(["1s", "30d", "5200w"]),
        ).filter(lambda operand: OPERATORS[name].operand.mistake(operand) is None)
    )
    return name, operand


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.filter_too_much,
        HealthCheck.too_slow,
    ],
)
@given(value=VALUES, questions=st.lists(question(), min_size=1, max_size=12))
def test_sql_agrees_with_python_whatever_is_asked(
    database: sa.Engine, value: Any, questions: list[tuple[str, Any]]
) -> None:
    assert disagreements(database, value, questions) == []


@given(value=VALUES, question=question())
def test_not_equal_is_exactly_the_opposite_of_equal(value: Any, question: tuple[str, Any]) -> None:
    operand = question[1]
    assert OPERATORS["not_equal"].test(value, operand, NOW) is not OPERATORS["equal"].test(
        value, operand, NOW
    )


@given(question=question(), empty=st.sampled_from([None, "", " \t", []]))
def test_on_an_empty_field_only_not_equal_and_empty_hold(question: tuple[str, Any], empty: Any) -> None:
    name, operand = question
    expected = operand if name == "empty" else not operand if name == "not_empty" else name == "not_equal"
    assert OPERATORS[name].test(empty, operand, NOW) is expected
