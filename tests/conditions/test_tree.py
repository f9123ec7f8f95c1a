"""Condition trees: shape, meaning, words, and SQL."""

from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from conditions.describing import describe, explain
from conditions.messages import plain_errors
from conditions.sql import SqlValue
from conditions.tree import Conditions, compile_conditions, fields_read, mistakes, to_sql

RECORD: dict[str, Any] = {"score": 60, "stage": "demo", "tags": ["hot"], "name": None}


@pytest.mark.parametrize(
    ("raw", "holds"),
    [
        ({}, True),
        ({"score": {"greater": 50}}, True),
        ({"score": {"greater": 50, "less": 60}}, False),
        ({"score": {"greater": 50}, "stage": {"equal": "lead"}}, False),
        ({"any": [{"score": {"less": 5}}, {"tags": {"has": "hot"}}]}, True),
        ({"any": [{"score": {"less": 5}}, {"tags": {"has": "cold"}}]}, False),
        ({"all": [{"score": {"less": 5}}, {"tags": {"has": "hot"}}]}, False),
        ({"not": {"score": {"less": 5}}}, True),
        ({"not": {"score": {"greater": 5}, "stage": {"equal": "lead"}}}, True),
        ({"not": {"name": {"equal": "x"}}}, True),
        ({"not": {"any": [{"name": {"empty": True}}]}}, False),
        ({"missing": {"not_equal": "x"}}, True),
    ],
)
def test_a_tree_holds_when_all_its_parts_do(raw: dict[str, Any], holds: bool) -> None:
    assert compile_conditions(TypeAdapter(Conditions).validate_python(raw))(RECORD.get, 0) is holds


@pytest.mark.parametrize(
    ("raw", "pointer", "words"),
    [
        ([], "", "write conditions as a mapping"),
        ({"score": 5}, "/score", '"score" needs an operator, such as {"score": {"equal": ...}}'),
        ({"score": [5]}, "/score", '{"one_of": ...}'),
        ({"score": {}}, "/score", "needs an operator: equal, not_equal"),
        ({"equal": 5}, "/equal", '"equal" is an operator and needs a field'),
        ({"score": {"greatr": 5}}, "/score/greatr", 'did you mean "greater"?'),
        ({"score": {"equal": None}}, "/score/equal", "ask with `empty: true`"),
        ({"score": {"equal": " "}}, "/score/equal", "ask with `empty: true`"),
        ({"score": {"equal": ["a"]}}, "/score/equal", "use `one_of: [...]`"),
        ({"score": {"greater": True}}, "/score/greater", "compare with a number or a text"),
        ({"score": {"less": 2**53 + 1}}, "/score/less", "2^53"),
        ({"score": {"empty": "yes"}}, "/score/empty", "write true or false"),
        ({"score": {"one_of": []}}, "/score/one_of", "give a list"),
        ({"score": {"contains": 5}}, "/score/contains", "give a text"),
        ({"score": {"older_than": "30"}}, "/score/older_than", "30d"),
        ({"score": {"older_than": "9999999w"}}, "/score/older_than", "longer than 100 years"),
        ({"any": {}}, "/any", "takes a list of conditions"),
        ({"any": []}, "/any", "at least one"),
        ({"all": [{"a": {"b": 1}}]}, "/all/0/a/b", 'unknown operator "b"'),
        ({"not": []}, "/not", "write conditions as a mapping"),
        ({"not": {}}, "/not", "can never hold"),
    ],
)
def test_a_mistake_is_named_where_it_stands(raw: Any, pointer: str, words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(Conditions).validate_python(raw)
    [problem] = plain_errors(caught.value, raw)
    assert problem.pointer == pointer
    assert words in problem.message


def test_all_mistakes_are_named_at_once() -> None:
    raw = {"a": {"x": 1, "y": 2}, "any": [{"b": 3}], "not": {"c": {"equal": None}}}
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(Conditions).validate_python(raw)
    pointers = {problem.pointer for problem in plain_errors(caught.value, raw)}
    assert pointers == {"/a/x", "/a/y", "/any/0/b", "/not/c/equal"}


def test_endless_nesting_is_refused() -> None:
    raw: dict[str, Any] = {"score": {"equal": 1}}
    for _ in range(2000):
        raw = {"not": raw}
    with pytest.raises(ValidationError, match="nest more than"):
        TypeAdapter(Conditions).validate_python(raw)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({}, "always"),
        (
            {"score": {"greater_or_equal": 50}, "contact.tags": {"has": "partner"}},
            "score is at least 50 and contact tags has partner",
        ),
        (
            {"any": [{"score": {"less": 5}}, {"band": {"equal": "hot"}}]},
            "score is less than 5 or band is hot",
        ),
        (
            {
                "cause": {"one_of": ["event", "decay"]},
                "any": [{"a": {"empty": True}}, {"b": {"empty": False}}],
            },
            "cause is one of event, decay and (a is empty or b is not empty)",
        ),
        ({"not": {"scores.fit": {"less": 3}}}, "not (fit score is less than 3)"),
        ({"contact.renewal_date": {"older_than": "1d"}}, "contact renewal date is older than 1 day"),
    ],
)
def test_a_tree_reads_as_plain_words(raw: dict[str, Any], words: str) -> None:
    assert describe(raw) == words


def test_explain_gives_every_test_its_verdict_and_the_actual_value() -> None:
    raw = {"score": {"greater": 50, "less": 55}, "not": {"stage": {"equal": "demo"}}}
    verdicts = [(verdict.text, verdict.actual, verdict.holds) for verdict in explain(raw, RECORD.get, 0)]
    assert verdicts == [
        ("score is greater than 50", 60, True),
        ("score is less than 55", 60, False),
        ("stage is demo", "demo", True),
    ]


def test_fields_read_names_every_field_once() -> None:
    raw = {"score": {"less": 1}, "any": [{"band": {"equal": "x"}}, {"not": {"score": {"equal": 3}}}]}
    assert fields_read(raw) == {"score", "band"}


LEAVES = st.sampled_from(
    [
        {"number": {"greater": 5}},
        {"number": {"not_equal": 5}},
        {"text": {"equal": "a"}},
        {"text": {"contains": "b", "starts_with": "a"}},
        {"text": {"empty": True}},
        {"number": {"empty": False}},
        {},
    ]
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"all": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=TREES, number=st.sampled_from([None, 4, 5, 6]), text=st.sampled_from([None, "", "a", "ab", "b"]))
def test_a_tree_in_sql_selects_exactly_the_rows_that_hold(
    database: sa.Engine, raw: dict[str, Any], number: int | None, text: str | None
) -> None:
    row = {"number": number, "text": text}
    columns = {
        "number": SqlValue.number(sa.column("number", sa.Integer)),
        "text": SqlValue.text(sa.column("text", sa.Text)),
    }
    source = sa.select(
        sa.cast(number, sa.Integer).label("number"), sa.cast(text, sa.Text).label("text")
    ).subquery()
    test = to_sql(raw, columns.__getitem__, 0)
    with database.connect() as connection:
        counts = [
            connection.scalar(sa.select(sa.func.count()).select_from(source).where(condition))
            for condition in (test, sa.not_(test))
        ]
    assert counts == ([1, 0] if compile_conditions(raw)(row.get, 0) else [0, 1])


def test_blanks_around_a_tag_are_no_part_of_it() -> None:
    for field in ("contact.tags", "tags"):
        holds = compile_conditions({field: {"has": " hot "}})
        assert holds(lambda _: ["hot"], 0)
        assert not holds(lambda _: ["cold"], 0)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("less_than", "less"),
        ("gte", "greater_or_equal"),
        (">=", "greater_or_equal"),
        ("at_least", "greater_or_equal"),
        ("at most", "less_or_equal"),
        ("in", "one_of"),
        ("exists", "not_empty"),
        ("Less_Than", "less"),
        ("!=", "not_equal"),
        ("greatr", "greater"),
    ],
)
def test_an_operator_of_another_place_is_told_by_its_name_here(written: str, meant: str) -> None:
    [problem] = mistakes({"score": {written: 5}})
    assert problem.message == f'unknown operator "{written}"; did you mean "{meant}"?'
