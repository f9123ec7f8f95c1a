"""Numbers as they are written in different countries."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.files.cell_values import NumberForm, likely_form, plain_number, recognised

POINT, COMMA = NumberForm("."), NumberForm(",")


@pytest.mark.parametrize(
    ("text", "point", "comma"),
    [
        ("1.355,90", None, 1355.9),
        ("250,00", None, 250),
        ("$1,299.00", 1299, None),
        ("1'200", 1200, 1200),
        ("1\u2019200.5", 1200.5, None),
        ("1 200,5", None, 1200.5),
        ("1\u00a0200\u202f300", None, None),
        ("1\u202f200\u202f300", 1_200_300, 1_200_300),
        ("1.355", 1.355, 1355),
        ("1,355", 1355, 1.355),
        ("12.5", 12.5, None),
        ("12", 12, 12),
        ("-1,5 €", None, -1.5),
        ("EUR 3,25", None, 3.25),
        ("3.25 USD", 3.25, None),
        ("US$3", 3, 3),
        ("(1,299.00)", -1299, None),
        ("5-", -5, -5),
        ("\u22125", -5, -5),
        ("$-5", -5, -5),
        ("+5", 5, 5),
        (".5", 0.5, None),
        (",5", None, 0.5),
        ("0,125", None, 0.125),
        ("1,23,456", None, None),
        ("--5", None, None),
        ("(5", None, None),
        ("1.355.90", None, None),
        ("12 kg", None, None),
        ("n/a", None, None),
        ("", None, None),
        ("5 000 0", None, None),
        ("9" * 500, None, None),
    ],
)
def test_a_number_is_read_in_the_form_that_was_declared(text: str, point: object, comma: object) -> None:
    assert (POINT.read(text), COMMA.read(text)) == (point, comma)


@pytest.mark.parametrize(
    "text", ["007", "1 200", "12 kg", "$5", "2026-01-02", "15.05.2020", "10:30", "1.2.3", "5-", "+5", "-"]
)
def test_what_is_no_plain_number_stays_a_text_where_numbers_are_recognised(text: str) -> None:
    assert COMMA.recognised(text) == text
    assert recognised(text) == text


def test_numbers_are_recognised_in_the_form_of_the_file() -> None:
    assert [COMMA.recognised(text) for text in ("1.355,90", "-250,00", "1.355", "0,5")] == [
        1355.9,
        -250,
        1355,
        0.5,
    ]
    assert [recognised(text) for text in ("1.355,90", "1.355", "12")] == ["1.355,90", 1.355, 12]


@pytest.mark.parametrize(
    ("example", "form"),
    [
        ("1.234,56", COMMA),
        ("1,234.56", POINT),
        ("1234,5", COMMA),
        ("12.50", POINT),
        (",", COMMA),
        (".", POINT),
    ],
)
def test_a_form_is_named_by_an_example(example: str, form: NumberForm) -> None:
    assert NumberForm.parse(example) == form
    assert NumberForm.parse(form.example) == form


@pytest.mark.parametrize(
    ("example", "why"), [("1.234", "two ways"), ("12", "two ways"), ("much", "not a number"), ("", "not a")]
)
def test_an_example_that_does_not_tell_is_refused(example: str, why: str) -> None:
    with pytest.raises(ValueError, match=f"{why}.*1,234.56 or 1.234,56"):
        NumberForm.parse(example)


@given(st.decimals(-(10**9), 10**9, places=2), st.sampled_from("'  \u00a0"))
def test_whatever_is_written_in_a_form_is_read_back(number: float, between: str) -> None:
    english = f"{number:,.2f}"
    german = english.translate(str.maketrans(",.", ".,"))
    swiss = english.replace(",", between)
    assert POINT.read(english) == COMMA.read(german) == POINT.read(swiss) == float(number)
    assert likely_form("1" + german[1:]) in {COMMA, None}


@pytest.mark.parametrize("text", ["1_000", "inf", "nan", "0x1", "\u0661", "1,5", ""])
def test_a_plain_number_is_one_that_programs_write(text: str) -> None:
    with pytest.raises(ValueError, match="is not a number; write 12 or 12.50"):
        plain_number(text)
    assert [plain_number(good) for good in ("12", "-12.50", ".5", "1e3", "+7")] == [12, -12.5, 0.5, 1000, 7]


def test_a_number_in_another_form_is_told_how_to_declare_it() -> None:
    with pytest.raises(ValueError, match="--decimal ,$"):
        plain_number("1.355,90")
