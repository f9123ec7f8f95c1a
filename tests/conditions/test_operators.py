"""Every operator means the same in Python, in SQLite and in PostgreSQL."""

from typing import Any

import pytest
import sqlalchemy as sa

from conditions.operators import OPERATORS
from conditions.times import DAY, to_iso
from tests.conditions.columns import MISSING, NOW, disagreements, moment_disagreements

Y, N = True, False

# value, operator, operand, does it hold
TABLE: list[tuple[Any, str, Any, bool]] = [
    # The eight operators of every customer's habit, on 5.
    (5, "equal", 5, Y), (4, "equal", 5, N), (5.0, "equal", 5, Y), ("5", "equal", 5, N), (None, "equal", 5, N),
    (5, "not_equal", 5, N), (4, "not_equal", 5, Y), ("5", "not_equal", 5, Y), (None, "not_equal", 5, Y),
    (6, "greater", 5, Y), (5, "greater", 5, N), (None, "greater", 5, N), (None, "greater", -5, N),
    (5, "greater_or_equal", 5, Y), (4.9, "greater_or_equal", 5, N), (None, "greater_or_equal", -5, N),
    (4, "less", 5, Y), (5, "less", 5, N), (None, "less", 5, N),
    (5, "less_or_equal", 5, Y), (5.1, "less_or_equal", 5, N), (None, "less_or_equal", 5, N),
    # Empty is missing, null, blank text, an empty list; nothing else.
    (None, "empty", Y, Y), (MISSING, "empty", Y, Y), ("", "empty", Y, Y), (" \t\n\r\f\v", "empty", Y, Y),
    ([], "empty", Y, Y), (0, "empty", Y, N), (0.0, "empty", Y, N), (False, "empty", Y, N), ("x", "empty", Y, N),
    ([None], "empty", Y, N), ([""], "empty", Y, N), ([[]], "empty", Y, N), ("\u00a0", "empty", Y, N),
    ("\u200b", "empty", Y, N), ("null", "empty", Y, N), ("[]", "empty", Y, N), ("0", "empty", Y, N),
    (None, "empty", N, N), (0, "empty", N, Y), ("", "empty", N, N), ([], "empty", N, N), (MISSING, "empty", N, N),
    (None, "not_empty", Y, N), (0, "not_empty", Y, Y), (False, "not_empty", Y, Y), ("", "not_empty", Y, N),
    (None, "not_empty", N, Y), (0, "not_empty", N, N), ([], "not_empty", N, Y), ([1], "not_empty", N, N),
    # A missing field answers like an empty one.
    (MISSING, "equal", "x", N), (MISSING, "not_equal", "x", Y), (MISSING, "contains", "x", N),
    (MISSING, "starts_with", "x", N), (MISSING, "one_of", ["x"], N), (MISSING, "has", "x", N),
    (MISSING, "older_than", "1d", N), (MISSING, "less", "x", N),
    # Blank text compares with nothing.
    ("\n", "less", "a", N), ("", "less_or_equal", "a", N), ("  ", "greater", "\x01", N), ("", "not_equal", "a", Y),
    # Numbers compare by size, whether whole or not.
    (1, "equal", 1.0, Y), (1.0, "equal", 1, Y), (0.1, "equal", 0.1, Y), (0.1 + 0.2, "equal", 0.3, N),
    (-0.0, "equal", 0, Y), (0, "equal", False, N), (1, "equal", True, N), (1.0, "not_equal", True, Y),
    (2**53, "equal", 2**53, Y), (2**53 - 1, "equal", 2**53, N), (2**53, "greater", 2**53 - 1, Y),
    (-(2**53), "less", -(2**53) + 1, Y), (5, "greater", 4.5, Y), (-5, "less", -4.5, Y), (1e300, "greater", 1, Y),
    (5, "greater", "4", N), ("5", "greater", 4, N), (5, "less", "6", N), (10, "greater", 9, Y), (3e9, "equal", 3000000000, Y),
    # Booleans only compare by equality, and only with booleans.
    (True, "equal", True, Y), (True, "equal", False, N), (False, "equal", False, Y), (True, "equal", 1, N),
    (False, "equal", 0, N), (True, "equal", "true", N), ("true", "equal", True, N), (True, "not_equal", 1, Y),
    (True, "greater", 0, N), (True, "greater_or_equal", 1, N), (False, "less", 1, N), (True, "one_of", [1, "true"], N),
    (True, "one_of", [True], Y), (1, "one_of", [True], N), (True, "contains", "true", N), (True, "starts_with", "t", N),
    # Text compares by code point, and case matters.
    ("demo", "equal", "demo", Y), ("Demo", "equal", "demo", N), ("demo ", "equal", "demo", N), ("é", "equal", "e\u0301", N),
    ("a", "greater", "B", Y), ("Z", "less", "a", Y), ("a", "less", "b", Y), ("10", "less", "9", Y), ("é", "greater", "z", Y),
    ("\uffff", "less", "😀", Y), ("😀", "greater", "\ue000", Y), ("a b", "less", "ab", Y), ("a_b", "less", "aab", Y),
    ("ab", "greater", "a", Y), ("a", "greater_or_equal", "a", Y), ("a-b", "less", "aab", Y), ("ß", "greater", "ss", Y),
    # contains, starts_with
    ("Hello World", "contains", "World", Y), ("Hello World", "contains", "world", N), ("100%", "contains", "%", Y),
    ("100", "contains", "%", N), ("a_b", "contains", "_", Y), ("ab", "contains", "_", N), ("a\\b", "contains", "\\", Y),
    ("it's", "contains", "'", Y), ("größe", "contains", "öß", Y), ("Größe", "contains", "GRÖSSE", N), ("😀!", "contains", "😀", Y),
    (5, "contains", "5", N), (["hot lead"], "contains", "lead", Y), (["Hot"], "contains", "hot", N), ([5], "contains", "5", N),
    ([["hot"]], "contains", "hot", N), ([None, "hot"], "contains", "hot", Y), ([], "contains", "hot", N), ("", "contains", "a", N),
    ("Hello", "starts_with", "He", Y), ("Hello", "starts_with", "he", N), ("Hello", "starts_with", "ello", N),
    ("He", "starts_with", "Hello", N), ("%x", "starts_with", "%", Y), ("ax", "starts_with", "_", N), ("😀😀a", "starts_with", "😀😀", Y),
    (50, "starts_with", "5", N), (["Hello"], "starts_with", "He", N), ("größe", "starts_with", "grö", Y),
    # one_of
    ("red", "one_of", ["red", "blue"], Y), ("green", "one_of", ["red", "blue"], N), (1, "one_of", ["1", 1.0], Y),
    ("1", "one_of", [1, 2], N), (None, "one_of", ["x"], N), (["red"], "one_of", ["red"], N), (False, "one_of", [0, False], Y),
    # has
    (["hot", "vip"], "has", "hot", Y), (["hotter"], "has", "hot", N), (["Hot"], "has", "hot", N), ([], "has", "hot", N),
    ([["hot"]], "has", "hot", N), ([1], "has", 1.0, Y), ([1], "has", True, N), ([True], "has", 1, N), ([True], "has", True, Y),
    ([False], "has", True, N), (["1"], "has", 1, N), ([1], "has", "1", N), (["größe"], "has", "größe", Y), (["it's \"x\""], "has", "it's \"x\"", Y),
    ("hot", "has", "hot", N), ("all", "has", "email", Y), ("all", "has", "sms", Y), ("all", "has", "call", Y),
    ("all", "has", "chat", Y), ("all", "has", "all", N), ("all", "has", "fax", N), ("All", "has", "email", N),
    (["all"], "has", "email", N), (["email"], "has", "email", Y), (["email"], "has", "sms", N), (5, "has", 5, N),
    ([0.1], "has", 0.1, Y), ([1e16], "has", 1e16, Y), ([2**53], "has", 2**53, Y), ([None], "has", "null", N),
    # Lists and lists in lists compare with nothing.
    (["a"], "equal", "a", N), (["a"], "not_equal", "a", Y), ([1], "greater", 0, N), ([[1]], "has", 1, N), ([1], "less", 5, N),
    # older_than
    ("2020-01-01", "older_than", "30d", Y), ("2126-01-01", "older_than", "30d", N), (to_iso(NOW - DAY), "older_than", "1d", N),
    (to_iso(NOW - DAY - 1), "older_than", "1d", Y), (to_iso(NOW), "older_than", "1s", N), ("2020-02-30", "older_than", "1d", N),
    ("2020-02-29", "older_than", "1d", Y), ("2019-02-29", "older_than", "1d", N), ("1900-02-29", "older_than", "1d", N),
    ("2000-02-29", "older_than", "1d", Y), ("2020-13-01", "older_than", "1d", N), ("2020-00-10", "older_than", "1d", N),
    ("2020-04-31", "older_than", "1d", N), ("2020-1-1", "older_than", "1d", N), ("20200101", "older_than", "1d", N),
    ("2020-01-01 10:00", "older_than", "1d", Y), ("2020-01-01T24:00", "older_than", "1d", N), ("2020-01-01T10:60", "older_than", "1d", N),
    ("2020-01-01T10:00:60", "older_than", "1d", N), ("2020-01-01T10:00:00.123", "older_than", "1d", Y),
    ("2020-01-01T10:00:00.1234567", "older_than", "1d", N), ("2020-01-01T10:00:00.Z", "older_than", "1d", N),
    ("2020-01-01T10:00:00+02:00", "older_than", "1d", Y), ("2020-01-01T10:00:00+24:00", "older_than", "1d", N),
    ("2020-01-01T10:00Z", "older_than", "1d", Y), ("2020-01-01Z", "older_than", "1d", N), ("yesterday", "older_than", "1d", N),
    ("٢٠٢٠-٠١-٠١", "older_than", "1d", N), (20200101, "older_than", "1d", N), (["2020-01-01"], "older_than", "1d", N),
    ("0001-01-01", "older_than", "1d", Y), ("0000-01-01", "older_than", "1d", N), ("0001-01-01T00:00+00:01", "older_than", "1d", N),
    (" 2020-01-01", "older_than", "1d", N), ("2020-01-01\n", "older_than", "1d", N), ("9999-12-31T23:59-23:59", "older_than", "1d", N),
]  # fmt: skip


@pytest.mark.parametrize(("value", "name", "operand", "holds"), TABLE)
def test_an_operator_holds_in_python_as_the_table_says(
    value: Any, name: str, operand: Any, holds: bool
) -> None:
    assert OPERATORS[name].test(None if value is MISSING else value, operand, NOW) is holds


@pytest.mark.parametrize("name", OPERATORS)
def test_sql_agrees_with_the_table(database: sa.Engine, name: str) -> None:
    rows = [(value, operand) for value, operator, operand, _ in TABLE if operator == name]
    assert [
        wrong for value, operand in rows for wrong in disagreements(database, value, [(name, operand)])
    ] == []


SAMPLES: list[Any] = [
    MISSING, None, True, False, 0, 1, -1, 1.5, 2**53, "", " ", "a", "A", "true", "1", "all", "email", "2020-01-01",
    [], ["a"], ["email", "sms"], [1, 2.5, True, None, "a b", ["a"]], [{}], "2026-11-01T00:00:00+05:30",
]  # fmt: skip
QUESTIONS: list[tuple[str, Any]] = [
    *((name, operand) for name in ("equal", "not_equal") for operand in (0, 1, 1.5, True, False, "a", "true", "1", "all")),
    *((name, operand) for name in ("greater", "greater_or_equal", "less", "less_or_equal") for operand in (0, 1, 1.5, "a", "B")),
    *((name, flag) for name in ("empty", "not_empty") for flag in (True, False)),
    *((name, text) for name in ("contains", "starts_with") for text in ("a", "1", "2020", "a b")),
    ("one_of", [1, "a"]), ("one_of", [True]), ("one_of", ["all", 2.5]),
    *(("has", operand) for operand in ("a", "email", "sms", 1, 2.5, True, False)),
    ("older_than", "30d"), ("older_than", "1s"),
]  # fmt: skip


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
