import json
import os
import pty
import sqlite3
import subprocess
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


def test_dates_with_the_day_first_are_told_how_to_be_read(kindling: Kindling, written: Write) -> None:
    done = kindling("import", written("german.csv", "contact,type,date\nada,purchase,03.11.2026\n"), status=1)
    assert "are read with --date-format dd.mm.yyyy" in " ".join(done.stderr.split())


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
    looked = kindling("import", file, "--id", "order", "--dry-run", status=1)
    assert "Would import 3 events, 6 rows left out whose id is that of another event.\n" in looked.stdout
    assert 'orders.csv:3: the id "o-0" is that of another row further up' in looked.stderr
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


def test_tomorrows_export_brings_what_is_new(kindling: Kindling, written: Write) -> None:
    header, rows = "contact,type,date\n", [f"{name},bought,2026-01-02\n" for name in "cba"]
    assert kindling.json("import", written("orders.csv", header + "".join(rows)))["accepted"] == 3
    more = [f"{name},bought,2026-01-03\n" for name in "ed"]
    done = kindling("import", written("orders.csv", header + "".join(more + rows)))
    assert "Imported 2 events" in done.stdout
    assert "3 known already" in done.stdout


def test_one_stray_quote_costs_one_row(kindling: Kindling, written: Write) -> None:
    rows = [f"c{number},seen,2026-01-02,note\n" for number in range(10_000)]
    rows[2] = 'c2,seen,2026-01-02,"call back\n'
    done = kindling("import", written("calls.csv", "contact,type,date,note\n" + "".join(rows)), status=1)
    assert "Imported 9,999 events" in done.stdout
    assert "calls.csv:4: it is not CSV: a quote is opened and not closed" in done.stderr


def test_what_a_file_says_of_its_form_is_taken(kindling: Kindling, written: Write) -> None:
    german = "email;type;date;Betrag\nada@example.com;kauf;2026-01-02;1.355,90\n"
    file = written("kauf.csv", german)
    file.write_bytes(german.replace("kauf", "käufe").encode("cp1252"))
    said = kindling("import", file, status=1).stderr
    assert 'kauf.csv:2: it is not UTF-8. As cp1252 (Windows) it reads "käufe"' in said
    done = kindling.json("import", file, "--encoding", "cp1252")
    note, _ = done["notes"]
    assert note.startswith(
        'Betrag is a text in 1 row, such as "1.355,90" in line 2; if these are numbers, say'
    )
    assert note.endswith("--number Betrag=1.234,56.")
    form = ("--number", "Betrag=1.234,56", "--delimiter", ";", "--encoding", "cp1252", "--name", "again")
    assert len(kindling.json("import", file, *form)["notes"]) == 1
    assert (
        kindling.json("import", file, "--decimal", ",", "--encoding", "cp1252", "--name", "3")["accepted"]
        == 1
    )


def test_notes_are_for_programs_too(kindling: Kindling, written: Write) -> None:
    file = written("people.csv", "contact,type\nada,seen\n")
    note, of_silence = kindling.json("import", file)["notes"]
    assert of_silence.startswith("No follow-ups are started")
    assert note == "No column says when: events count as of now. --occurred-at COLUMN names one."
    assert "No column says when" in kindling("import", file).stderr


def test_a_form_that_is_none_is_wrong_usage(kindling: Kindling, written: Write) -> None:
    file = written("people.csv", "contact,type\nada,seen\n")
    assert "two ways" in kindling("import", file, "--number", "amount=1.234", status=2).stderr
    assert "--decimal" in kindling("import", file, "--decimal", "x", status=2).stderr
    assert "no delimiter" in kindling("import", file, "--delimiter", "ab", status=2).stderr
    assert 'no column "amount"' in kindling("import", file, "--number", "amount", status=1).stderr


def test_what_is_imported_starts_nothing_unless_it_is_told_to(kindling: Kindling, written: Write) -> None:
    events = "SELECT silent, count(*) FROM events WHERE type = 'visit' GROUP BY silent ORDER BY silent"
    quiet = kindling("import", written("quiet.csv", "contact,type\nada,visit\n"))
    assert "--triggers fire" in quiet.stderr
    loud = kindling(
        "import", written("loud.csv", "contact,type\nada,visit\nben,visit\n"), "--triggers", "fire"
    )
    assert "--triggers fire" not in loud.stderr
    with sqlite3.connect(kindling.home / "kindling.db") as database:
        assert database.execute(events).fetchall() == [(0, 2), (1, 1)]
    both = kindling("import", written("x.csv", "contact,type\n"), "--silent", "--triggers", "fire", status=2)
    assert "cannot both be meant" in both.stderr


DEFINITIONS = """
kind: score_profile
key: fit
bands: {cold: null, warm: 3}
rules: [{key: visit, on: visit, points: 5}]
---
kind: automation
key: hot
trigger: {profile: fit, filters: {score: {greater_or_equal: 5}}, fires: on_entry}
steps: [{create_task: {title: "Call {{ contact.key }}"}}]
"""


def test_what_would_be_started_is_said_and_needs_a_yes(kindling: Kindling, written: Write) -> None:
    kindling("apply", written("defs/fit.yaml", DEFINITIONS).parent, "--no-wait")
    file = written("visits.csv", "contact,type,date\nada,Visit,2026-01-02\nben,Visit,2026-01-02\n")
    options = ("--event-name", "Visit=visit", "--triggers", "fire")
    refused = kindling("import", file, *options, status=1)
    assert "Would start 2 follow-ups of hot." in refused.stderr
    assert "would start 2 follow-ups (hot: 2). Say --yes" in refused.stderr
    assert kindling.json("imports") == []
    looked = kindling("import", file, *options, "--dry-run")
    assert "Would import 2 events" in looked.stdout
    assert "2026-01-02  visit  ada" in looked.stdout
    assert "Would start 2 follow-ups of hot." in looked.stdout
    done = kindling.json("import", file, *options, "--yes")
    assert done["accepted"] == 2
    assert done["would_start"]["enrollments"][0]["enrolled"] == 2
    quiet = kindling("import", file, *options)
    assert "Would start no follow-ups." in quiet.stderr


def test_at_a_terminal_it_asks(kindling: Kindling, written: Write) -> None:
    kindling("apply", written("defs/fit.yaml", DEFINITIONS).parent, "--no-wait")
    file = written("visits.csv", "contact,type,date\nada,visit,2026-01-02\n")
    for answer, accepted in (("n", 0), ("y", 1)):
        ours, theirs = pty.openpty()
        os.write(ours, f"{answer}\n".encode())
        done = subprocess.run(
            kindling.command("import", file, "--triggers", "fire"),
            env=kindling.environment,
            stdin=theirs,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        os.close(ours)
        os.close(theirs)
        assert "Import and start them?" in done.stderr
        assert done.returncode == 1 - accepted
        assert sum(one["events"] for one in kindling.json("imports")) == accepted
