import json
from collections.abc import Callable
from pathlib import Path

from tests.cli.conftest import ROOT, Kindling

Write = Callable[[str, str], Path]


def test_the_purchases_are_imported_once_however_often(kindling: Kindling) -> None:
    file = ROOT / "examples" / "data" / "cdnow-sample.csv"
    first = kindling.json("import", file, "--type", "purchase")
    assert (first["accepted"], first["duplicates"], first["bad"]) == (6919, 0, 0)
    again = kindling("import", file, "--type", "purchase")
    assert "Imported 0 events" in again.stdout
    assert "6,919 known already" in again.stdout
    assert "--name" in again.stderr


def test_bad_rows_are_listed_with_their_lines_and_the_good_ones_are_imported(
    kindling: Kindling, written: Write
) -> None:
    bad = "\n".join(f"ada,purchase,someday {n}" for n in range(25))
    file = written("mixed.csv", f"contact,type,date\nada,purchase,2026-01-02\n{bad}\n")
    done = kindling("import", file, status=1)
    assert "Imported 1 event in" in done.stdout
    assert "25 bad rows left out" in done.stdout
    assert 'mixed.csv:3: date: "someday 0" is not a date or time' in done.stderr
    assert "mixed.csv:22:" in done.stderr
    assert "mixed.csv:23:" not in done.stderr
    assert "... and 5 more bad rows" in done.stderr


def test_ndjson_takes_the_events_of_the_api(kindling: Kindling, written: Write) -> None:
    lines = '{"id": "e1", "type": "email.opened", "contact": "ada"}\n\nnonsense\n{"type": "x"}\n'
    done = kindling.json("import", written("events.ndjson", lines), status=1)
    assert (done["accepted"], done["bad"]) == (1, 2)
    assert [row["line"] for row in done["first_bad"]] == [3, 4]


def test_what_cannot_be_imported_is_told_and_nothing_is(kindling: Kindling, written: Write) -> None:
    file = written("people.csv", "customer,when\nada,2026-01-02\n")
    said = kindling("import", file, "--type", "x", "--occurred-at", "wen", status=1).stderr
    assert 'There is no column "wen". Did you mean "when"? The columns are: customer, when' in said
    assert "There is no file" in kindling("import", file.parent / "none.csv", status=1).stderr
    assert kindling.json("status")["pending_events"] == 0


def test_rows_under_the_id_of_another_event_are_named_and_left_out(
    kindling: Kindling, written: Write
) -> None:
    """An order number as id, with several lines an order: nothing disappears without a word."""
    lines = "\n".join(f"o-{number // 3},visit,c{number},2026-01-02" for number in range(9))
    file = written("orders.csv", f"order,type,contact,date\n{lines}\n")
    done = kindling("import", file, "--id", "order", status=1)
    assert "Imported 3 events in" in done.stdout
    assert "6 rows left out whose id is that of another event" in done.stdout
    assert 'orders.csv:3: the id "o-0" is known, of an event with another contact' in done.stderr
    again = kindling("import", file, "--id", "order", "--json", status=1)
    assert json.loads(again.stdout)["conflicts"] == 6
    assert "import it with --name" not in kindling("import", file, "--id", "order", status=1).stderr


def test_contacts_that_an_import_brings_twice_are_pointed_out(kindling: Kindling, written: Write) -> None:
    assert kindling("duplicates").stdout == "No two contacts share an e-mail address.\n"
    assert "Duplicates:  0 e-mail addresses of several contacts\n" in kindling("status").stdout
    header = "email,type,date\n"
    first = written("first.csv", f"{header}ada@x.example,visit,2026-01-02\nben@x.example,visit,2026-01-02\n")
    assert "share" not in kindling("import", first).stderr
    second = written(
        "second.csv", f"{header}Ada@X.example,visit,2026-01-03\nben@x.example,visit,2026-01-03\n"
    )
    said = kindling("import", second).stderr
    assert "New contacts share 1 e-mail address with other contacts. kindling duplicates lists them." in said
    assert "share" not in kindling("import", second).stderr
    third = written("third.csv", f"{header}ADA@x.example,visit,2026-01-03\n")
    assert kindling.json("import", third)["shared_addresses"] == 1
    shown = kindling("duplicates")
    assert shown.stdout == "ada@x.example\n  ada@x.example\n  Ada@X.example\n  ADA@x.example\n"
    assert "/merge" in shown.stderr
    [listed] = kindling.json("duplicates")
    assert (listed["address"], listed["count"]) == ("ada@x.example", 3)
    assert "1 e-mail address of several contacts; kindling duplicates lists them" in kindling("status").stdout
