"""What is one row, whatever wrote the file: spreadsheets, Python, people with a quote too many."""

import csv
import io
from collections.abc import Sequence

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from conditions.times import parse_moment
from services.intake.files.csv_cells import NotCsv, line_ends
from services.intake.files.csv_rows import DELIMITERS, LONGEST_ROW, CsvRows
from services.intake.files.file_text import decoding_of

HEADER = ["contact", "type", "date", "note", "more", "end"]
WANTED = {"contact", "type", "date"}


def rows_among(lines: Sequence[Sequence[str]], first: Sequence[str] | None) -> int:
    return sum(parse_moment(cells[2]) is not None for cells in lines)


def read(text: str, **options: str) -> CsvRows:
    ends = line_ends(text)
    return CsvRows(io.StringIO(text, newline=ends), wanted=WANTED, **options)


def cells(text: str, **options: str) -> list[Sequence[str] | str]:
    """The rows of a text: their cells, or what is wrong with them."""
    return [
        row.problem if row.cells is None else list(row.cells)
        for row in read(text, **options).rows(rows_among)
    ]


def lost(text: str) -> list[int]:
    """The lines that cannot be read."""
    return [row.line for row in read(text).rows(rows_among) if row.cells is None]


CELL = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12) | st.sampled_from(
    [
        '"',
        '""',
        'a "b" c',
        ', "',
        "a,b",
        "a;b",
        "1\t2",
        "|",
        "two\nlines",
        "two\r\nlines",
        "\n\n",
        " ",
        ' "x" ',
        "7",
        "sep=;",
    ]
)
ROWS = st.lists(st.lists(CELL, min_size=2, max_size=2), max_size=6)


@settings(max_examples=400, deadline=None)
@given(
    rows=ROWS,
    delimiter=st.sampled_from(DELIMITERS),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC, csv.QUOTE_NONE]),
    ends=st.sampled_from(["\r\n", "\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le", "gb18030"]),
    padding=st.integers(0, 3),
    declared=st.booleans(),
)
def test_whatever_pythons_writer_writes_comes_back_row_by_row(
    rows: list[list[str]],
    delimiter: str,
    quoting: int,
    ends: str,
    encoding: str,
    padding: int,
    declared: bool,
) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator=ends)  # type: ignore[arg-type]
    expected = [["ada", "seen", "2026-01-02", *row, "end"] for row in rows]
    try:
        writer.writerows([*each, *[""] * padding] for each in [HEADER, *expected])
    except csv.Error:  # without quotes it can write none of these
        assume(False)
    if quoting == csv.QUOTE_NONE:  # and does not notice line ends that are not its own
        assume(not any(sign in cell for row in rows for cell in row for sign in "\r\n"))
    written = (f"sep={delimiter}{ends}" if declared else "") + text.getvalue()
    file = io.BytesIO(written.encode(encoding))
    decoding = decoding_of(file, "shop.csv", encoding if encoding in {"utf-16-le", "gb18030"} else None)
    read_again = CsvRows(decoding.lines_of(file, line_ends, LONGEST_ROW), wanted=WANTED)
    assert read_again.header == HEADER
    assert [row.cells and list(row.cells) for row in read_again.rows(rows_among)] == expected


def lines(count: int, **changed: str) -> str:
    """A file of so many lines; `changed` are those that are otherwise, such as L4."""
    rows = [f"c{number},seen,2026-01-02,note" for number in range(2, count + 1)]
    for name, text in changed.items():
        rows[int(name[1:]) - 2] = text
    return "\n".join(["contact,type,date,note", *rows, ""])


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"L4": 'ada,seen,2026-01-02,"call back'}, [4]),
        ({"L4": 'ada,seen,2026-01-02,"call back', "L31": 'ben,seen,2026-01-02,"call again'}, [4, 31]),
        ({"L4": 'ada,seen,2026-01-02,"call back', "L31": 'ben,seen,2026-01-02,5"'}, [4]),
        ({"L4": 'ada,seen,2026-01-02,"call back', "L5": 'ben,seen,2026-01-02,5"'}, [4]),
        ({"L4": 'ada,"seen,2026-01-02,note', "L31": 'ben,"seen,2026-01-02,note'}, [4, 31]),
        ({"L4": 'ada,seen,2026-01-02,"a" b'}, [4]),
        ({"L2": '"ada,seen,2026-01-02,note'}, [2]),
        ({"L1000": 'ada,seen,2026-01-02,"'}, [1000]),
        ({"L4": 'ada,seen,2026-01-02,"x', "L9": '"ben, c",seen,2026-01-02,""'}, [4]),
    ],
)
def test_a_stray_quote_costs_its_own_line_at_most(changed: dict[str, str], named: list[int]) -> None:
    text = lines(1_000, **changed)
    rows = list(read(text).rows(rows_among))
    assert [row.line for row in rows if row.cells is None] == named
    assert len(rows) == 999
    assert [row.line for row in rows] == list(range(2, 1_001))


def test_many_stray_quotes_are_named_one_by_one() -> None:
    text = lines(5_000, **{f"L{number}": f'c{number},seen,2026-01-02,"call' for number in range(2, 5_001, 2)})
    assert lost(text) == list(range(2, 5_001, 2))


def test_a_long_quoted_cell_and_one_of_many_lines_are_cells() -> None:
    long, many = "x" * 140_000, "\n".join(f"line {number}, of many, and more" for number in range(5_000))
    text = lines(9, L4=f'ada,seen,2026-01-02,"{long}"', L5=f'ada,seen,2026-01-02,"{many}"')
    rows = list(read(text).rows(rows_among))
    assert [row.cells and row.cells[3] for row in rows[2:5]] == [long, many, "note"]
    assert [row.line for row in rows[2:5]] == [4, 5, 5_005]


def test_a_row_beyond_all_measure_is_named_and_the_next_one_is_read() -> None:
    assert cells(lines(4, L3=f"ada,seen,2026-01-02,{'x' * 1_100_000}"))[1] == "the row is longer than 1 MB"
    open_for_long = lines(40_000, L3='ada,seen,2026-01-02,"open')
    assert lost(open_for_long) == [3]


def test_a_cell_whose_lines_may_be_rows_is_pointed_at_where_no_time_can_tell() -> None:
    text = 'contact,type\nada,"seen\nb,seen\nc,seen\nd,seen"\n'
    file = read(text)
    assert [row.cells for row in file.rows()] == [["ada", "seen\nb,seen\nc,seen\nd,seen"]]
    assert file.doubtful == (1, 2)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("contact,type,,\nada,seen,,\nben,seen,,\n", [["ada", "seen"], ["ben", "seen"]]),
        ("contact , type\nada,seen\n", [["ada", "seen"]]),
        ("contact,type\nada,seen\n,\n,,,,\n\n  \n", [["ada", "seen"]]),
        ("contact,type\nada,seen,,,\n", [["ada", "seen"]]),
        ("contact,type\nada,seen,x\n", ["it has 3 cells, and the header has 2"]),
        ("contact,type,,\nada,seen,,x\n", [["ada", "seen", "", "x"]]),
        ("contact,type,,\nada\n", ["it has 1 cells, and the header has 2"]),
        ("sep=;\ncontact;type\nada,b;seen\n", [["ada,b", "seen"]]),
        ('"sep=\t"\r\ncontact\ttype\r\nada\tseen\r\n', [["ada", "seen"]]),
        ("SEP=,\ncontact,type\nada,seen\n", [["ada", "seen"]]),
        ('contact;type;"Betrag, EUR, netto"\nada;seen;"5,00"\n', [["ada", "seen", "5,00"]]),
        ("contact\ttype\tBetrag, EUR, netto\nada\tseen\t5\n", [["ada", "seen", "5"]]),
        (
            "who\twhat\tBetrag, EUR, netto\nada\tseen\t5\nben\tseen\t6\n",
            [["ada", "seen", "5"], ["ben", "seen", "6"]],
        ),
        ("contact|type|a;b;c;d\nada|seen|x\n", [["ada", "seen", "x"]]),
        ("contact;amount\nada;1,50\nben;2,50\n", [["ada", "1,50"], ["ben", "2,50"]]),
        ('contact, type, note\nada, seen, "a, b" \n', [["ada", " seen", "a, b"]]),
        ('contact\nada\n""\nben\n', [["ada"], ["ben"]]),
        ("contact,type\rada,seen\rben,seen\r", [["ada", "seen"], ["ben", "seen"]]),
        ('contact,"ty\npe"\nada,seen\n', [["ada", "seen"]]),
        ('\n \n;;;\n"";\ncontact;type\nada;seen\n', [["ada", "seen"]]),
        ("sep=;\n;;\ncontact;type\nada;seen\n", [["ada", "seen"]]),
    ],
)
def test_what_spreadsheets_add_is_no_matter(text: str, expected: list[list[str] | str]) -> None:
    assert cells(text) == expected


def test_a_delimiter_that_is_named_is_taken() -> None:
    text = "contact,type;x\na,b;c\n"
    assert cells(text, delimiter=";") == [["a,b", "c"]]
    assert cells(text, delimiter=",") == [["a", "b;c"]]
    assert cells(f"sep=;\n{text}", delimiter=",") == [["a", "b;c"]]
    assert cells("contact type\na b\n", delimiter=" ") == [["a", "b"]]


def test_without_a_better_reason_the_first_candidate_is_taken() -> None:
    assert read("a,b\tc\n", candidates="\t,").header == ["a,b", "c"]
    assert read("a,b\tc\n", candidates=",\t").header == ["a", "b\tc"]
    assert read("a,b,c\td,e\n", candidates="\t,").delimiter == ","


def test_a_header_with_an_open_quote_is_no_header() -> None:
    with pytest.raises(NotCsv, match="opened and not closed"):
        read('contact,"type\nada,seen\n', delimiter=",")


def test_what_stands_under_no_name_is_counted() -> None:
    file = read("contact,,type,\nada,x,seen,\nben,,seen,\ncleo,,seen,y\n")
    assert len(list(file.rows())) == 3
    assert file.nameless == (2, 2)
