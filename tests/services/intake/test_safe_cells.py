"""Texts as cells that no spreadsheet takes for a formula, and back."""

import csv
from io import StringIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.exports.cells import cell, list_cell
from services.intake.files.record_columns import RecordColumns
from services.intake.files.record_mapping import RecordMapping
from services.intake.files.safe_cells import guarded, unguarded

_STORABLE = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
TEXTS = st.text(_STORABLE) | st.text("'=+-@\t\r 1.,[]truefalse\"\n;|")
SHORT = st.text(st.characters(exclude_categories=["Cs", "Cc"])) | st.text("'=+-@ 1.,[]\";|")
NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
SCALARS = TEXTS | NUMBERS | st.booleans()
VALUES = SCALARS | st.lists(SCALARS)


@pytest.mark.parametrize(
    ("text", "as_cell"),
    [
        ("Ada", "Ada"),
        ("=1+1", "'=1+1"),
        ("+41 44", "'+41 44"),
        ("-", "'-"),
        ("@ada", "'@ada"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("'=1", "''=1"),
        ("''=1", "'''=1"),
        ("'quoted'", "'quoted'"),
        ("12", "12"),
    ],
)
def test_a_formula_has_an_apostrophe_in_front_and_loses_exactly_one(text: str, as_cell: str) -> None:
    assert guarded(text) == as_cell
    assert (unguarded(as_cell) if as_cell != text else text) == text


@pytest.mark.parametrize(
    ("value", "as_cell"),
    [
        (-5, "-5"),
        (-1.5, "-1.5"),
        (1e21, "1000000000000000000000.0"),
        (1.5e-7, "0.00000015"),
        ("-5", "'-5"),
        ("12", "'12"),
        ("007", "007"),
        ("true", "'true"),
        ("TRUE", "'TRUE"),
        (True, "true"),
        (["a", 1], '["a",1]'),
        ("[1]", "'[1]"),
        ("[x]", "[x]"),
        ("", "'"),
        (None, ""),
    ],
)
def test_a_field_says_its_type_by_its_cell(value: Any, as_cell: str) -> None:
    assert cell(value, own=True) == as_cell


def through_csv(*cells: str) -> list[str]:
    """The cells as they are once they have been in a file."""
    text = StringIO(newline="")
    csv.writer(text).writerow(cells)
    text.seek(0)
    return next(csv.reader(text))


@given(VALUES)
def test_a_field_comes_back_as_what_it_was(value: Any) -> None:
    mapping = RecordMapping("contact", ["key", "fields.x"], RecordColumns())
    record, problems = mapping.record(through_csv("a", cell(value, own=True)))
    assert not problems
    back = record["fields"]["x"]
    assert back == value
    assert type(back) is type(value)


@given(SHORT)
def test_a_text_comes_back_as_what_it_was(text: str) -> None:
    mapping = RecordMapping("contact", ["key", "name"], RecordColumns())
    record, _ = mapping.record(through_csv("a", cell(text)))
    assert record.get("name", "") == text
    first = through_csv(cell(text))[0][:1] if text else ""
    assert first not in set("=+-@\t\r") or not first


@given(st.lists(SHORT.map(str.strip).filter(bool)))
def test_tags_come_back_as_what_they_were(tags: list[str]) -> None:
    mapping = RecordMapping("contact", ["key", "tags"], RecordColumns())
    record, _ = mapping.record(through_csv("a", list_cell(tags)))
    assert record.get("tags", []) == tags
