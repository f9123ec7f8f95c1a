import sqlite3
from pathlib import Path
from typing import Any

import pytest

from conditions.times import from_iso
from runtime.errors import ReadableError
from services.intake.files.import_columns import Property
from services.intake.files.imports import BATCH
from store.database import Database
from tests.services.intake.shop import Shop


def test_usual_column_names_need_no_mapping_and_the_rest_are_properties(shop: Shop) -> None:
    done = shop.take("Email,type,date,amount,code,big\nada,purchase,2026-01-02,12.50,007,9007199254740993\n")
    assert (done.accepted, done.bad) == (1, 0)
    (row,) = shop.rows().values()
    assert (row["type"], row["occurred_at"], row["source"]) == (
        "purchase",
        from_iso("2026-01-02"),
        "shop.csv",
    )
    assert row["properties"] == {"amount": 12.5, "code": "007", "big": "9007199254740993"}


def test_columns_are_mapped_as_told(shop: Shop) -> None:
    shop.take(
        "who;what;when;no;Total;vip;n\nada;sold;2026-01-02T03:04:05Z;e-1;12;yes;5\n",
        contact="who",
        type_column="what",
        occurred_at="when",
        id="no",
        properties=[
            Property.parse("amount=Total:number"),
            Property.parse("vip:boolean"),
            Property.parse("n:text"),
        ],
    )
    row = shop.rows()["e-1"]
    assert (row["type"], row["occurred_at"]) == ("sold", from_iso("2026-01-02T03:04:05Z"))
    assert row["properties"] == {"amount": 12, "vip": True, "n": "5"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("amount", Property("amount", "amount")),
        ("amount=Total", Property("amount", "Total")),
        ("amount=Total:number", Property("amount", "Total", "number")),
        ("amount=Total: gross", Property("amount", "Total: gross")),
    ],
)
def test_a_property_is_read_from_its_text(text: str, expected: Property) -> None:
    assert Property.parse(text) == expected


@pytest.mark.parametrize("text", ["", "=Total", "amount=", "amount:nmber"])
def test_a_property_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="property"):
        Property.parse(text)


def test_a_second_import_adds_nothing_and_another_name_does(shop: Shop) -> None:
    text = "contact,type\n" + "".join(f"c{n},seen\n" for n in range(BATCH + 1))
    assert shop.take(text).accepted == BATCH + 1
    again = shop.take(text)
    assert (again.accepted, again.duplicates) == (0, BATCH + 1)
    assert shop.take(text, known_as="other.csv").accepted == BATCH + 1


def test_quoted_newlines_count_as_lines_and_a_byte_order_mark_is_no_name(shop: Shop) -> None:
    done = shop.take(b'\xef\xbb\xbfcontact,type,note\r\nada,seen,"two\r\nlines"\r\n\r\nbob,seen,\r\n')
    assert done.accepted == 2
    assert shop.properties() == [{"note": "two\r\nlines"}, {}]
    bad = shop.take(b'contact,type,note\r\nada,seen,"two\r\nlines"\r\n\r\n,seen,\r\n').first_bad
    assert [row.line for row in bad] == [5]


def test_every_bad_row_is_told_with_its_line_and_reason(shop: Shop) -> None:
    done = shop.take(
        b"contact,type,date,amount\n"
        b"ada,seen,2026-01-02,1\n"
        b",seen,2026-01-02,1\n"
        b"ada,seen,,1\n"
        b"ada,seen,yesterday,1\n"
        b"ada,seen,2026-01-02\n"
        b"ada,seen,2026-01-02,\xff\n"
        b"a/b,seen,2026-01-02,1\n"
        b"ada,seen,2026-01-02,much\n"
        b'ada,seen,2026-01-02,"1"2\n'
        b"ada,seen,2026-01-03,2\n",
        properties=[Property("amount", "amount", "number")],
        encoding="utf-8",
    )
    assert done.accepted == 2
    assert [str(row) for row in done.first_bad] == [
        "shop.csv:3: contact is empty",
        "shop.csv:4: date is empty",
        'shop.csv:5: date: "yesterday" is not a date or time; write 2026-11-22 or 2026-11-22T01:42:14Z',
        "shop.csv:6: it has 3 cells, and the header has 4",
        "shop.csv:7: it is not UTF-8; save the file as UTF-8",
        'shop.csv:8: contact: it cannot hold a "/"',
        'shop.csv:9: amount: "much" is not a number; write 12 or 12.50',
        "shop.csv:10: it is not CSV: ',' expected after '\"'",
    ]


@pytest.mark.parametrize(
    ("content", "name", "options", "message"),
    [
        ("", "shop.csv", {}, "is empty"),
        ("\n", "shop.csv", {}, "must name the columns"),
        ("contact,contact\n", "shop.csv", {"type": "x"}, "twice"),
        ("who,type\na,b\n", "shop.csv", {}, "which column is the contact.*columns are: who, type"),
        ("contact\na\n", "shop.csv", {}, "event type.*--type NAME"),
        ("contact,typ\na,b\n", "shop.csv", {"type_column": "type"}, 'no column "type". Did you mean "typ"?'),
        ("contact\na\n".encode("utf-16-le"), "shop.csv", {"type": "x"}, "UTF-16: say --encoding utf-16-le"),
        ("contact\nä\n".encode("utf-16-be"), "shop.csv", {"type": "x"}, "UTF-16: say --encoding utf-16-be"),
        ("{}\n", "shop.ndjson", {"type": "x"}, "Columns belong to CSV"),
        ("x\n", "shop.txt", {}, "--format csv or --format ndjson"),
        ("contact\na\n", "shop.csv", {"type": "x", "known_as": "a/b"}, "--name"),
    ],
)
def test_a_file_that_is_not_clear_is_refused_whole(
    shop: Shop, content: str | bytes, name: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ReadableError, match=message):
        shop.take(content, name, **options)
    assert shop.rows() == {}


def test_ndjson_lines_are_events_of_the_api(shop: Shop) -> None:
    lines = [
        b'\xef\xbb\xbf{"id": "1", "type": "seen", "contact": "ada", "properties": {"n": [1, null]}}',
        b"",
        b"[]",
        b'{"type": "seen"',
        b'{"id": "2", "type": "seen"}',
        b'{"id": "3", "type": "seen", "contact": "ada", "note": "' + b"x" * 1_100_000 + b'"}',
        b'{"id": "4", "type": "seen", "contact": "ada"}',
    ]
    done = shop.take(b"\n".join(lines), "shop.jsonl")
    assert (done.accepted, done.rows) == (2, 6)
    assert set(shop.rows()) == {"1", "4"}
    assert [row.line for row in done.first_bad] == [3, 4, 5, 6]
    assert "contact: an event needs the key of its contact" in done.first_bad[2].reason


def test_progress_ends_at_the_size_of_the_file(shop: Shop) -> None:
    text = "contact,type\n" + "ada,seen\n" * 2_500
    seen: list[int] = []
    shop.take(text, progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == len(text)
    assert len(seen) > 2


def test_memory_does_not_grow_with_the_bad_rows(shop: Shop) -> None:
    done = shop.take("contact,type\n" + ",seen\n" * 3_000)
    assert (done.bad, len(done.first_bad)) == (3_000, 20)
    assert [row.line for row in done.first_bad] == list(range(2, 22))


@pytest.mark.parametrize("last", ['ben,seen,5"', 'ben,seen,"', '"ben",seen,"again'])
def test_two_stray_quotes_are_told_from_a_cell_of_many_lines_without_times_too(shop: Shop, last: str) -> None:
    rows = [f"c{number},seen,note" for number in range(2, 1_001)]
    rows[2], rows[29] = 'c4,seen,"call back', last.replace("ben", "c31")
    done = shop.take("contact,type,note\n" + "\n".join(rows))
    assert done.first_bad[0].line == 4
    assert done.accepted >= 997


def test_a_cell_of_many_lines_without_times_stays_one(shop: Shop) -> None:
    places = "\n".join(f"Street {number}, Town, Land" for number in range(20))
    assert shop.take(f'contact,type,note\nada,seen,"{places}"\nben,seen,"a\nb, c, d"\n').accepted == 2
    pairs = "\n".join(f"a{number},b" for number in range(20))
    done = shop.take(f'contact,note\nc1,"x\n{pairs}"\n', "pairs.csv", type="seen")
    assert done.accepted == 1
    assert any("line 2 has a cell of several lines" in note for note in done.notes)


def test_an_import_goes_on_by_itself_after_a_lock_of_another_program(sqlite_url: str, tmp_path: Path) -> None:
    database = Database(sqlite_url, patience=0.05)
    outsider = sqlite3.connect(database.url.database or "", isolation_level=None)
    outsider.execute("BEGIN IMMEDIATE")
    told: list[str] = []

    def let_go(reason: str) -> None:
        told.append(reason)
        outsider.execute("ROLLBACK")

    shop = Shop(tmp_path, database)
    done = shop.take("contact,type\n" + "ada,seen\n" * (BATCH + 1), told=let_go)
    assert (done.accepted, done.bad) == (BATCH + 1, 0)
    assert len(told) == 1
    assert "locked by another program" in told[0]
    outsider.close()
    database.close()
