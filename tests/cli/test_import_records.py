"""Contacts and deals from files, as a person at a shell imports them."""

from pathlib import Path

from tests.cli.conftest import Kindling

GERMAN = (
    "E-Mail;Vorname;Nachname;Ort;Tags;Umsatz\r\n"
    "Ada@example.com;Ada;B;Rom;vip;1.355,90\r\n"
    "ben@example.com;Ben;;Bern;;250,00\r\n"
    "niemand;Eve;;;;\r\n"
)


def test_a_german_file_is_looked_at_and_then_imported(kindling: Kindling, tmp_path: Path) -> None:
    file = tmp_path / "kunden.csv"
    file.write_text(GERMAN, "utf-8")
    looked = kindling("import", "contacts", str(file), "--decimal", ",", "--dry-run", status=1)
    assert "Would import 2 contacts: 2 new" in looked.stdout
    assert "Ada@example.com (new): name empty → Ada B" in looked.stdout
    assert "fields.Umsatz empty → 1355.9" in looked.stdout
    assert "Vorname → first_name" in looked.stderr
    assert 'kunden.csv:4: E-Mail: "niemand" is no e-mail address' in looked.stderr
    assert (
        kindling.json("import", "contacts", str(file), "--decimal", ",", "--tag", "trial", status=1)[
            "created"
        ]
        == 2
    )
    again = kindling.json("import", "contacts", str(file), "--decimal", ",", status=1)
    assert (again["created"], again["changed"], again["unchanged"], again["bad"]) == (0, 0, 2, 1)


def test_lines_of_json_are_contacts_as_the_api_takes_them(kindling: Kindling, tmp_path: Path) -> None:
    file = tmp_path / "people.ndjson"
    file.write_text(
        '{"key": "ada", "fields": {"n": 1}}\n\n{"key": "ben", "mode": "add_tags", "tags": ["x"]}\n[]\n'
    )
    done = kindling.json("import", "contacts", str(file), status=1)
    assert (done["created"], done["bad"]) == (1, 2)
    assert [row["line"] for row in done["first_bad"]] == [3, 4]


def test_a_file_named_contacts_is_still_events_when_it_is_a_path(kindling: Kindling, tmp_path: Path) -> None:
    file = tmp_path / "contacts"
    file.write_text("contact,type\nada,visit\n")
    done = kindling.json("import", str(file), "--format", "csv")
    assert done["accepted"] == 1


def test_columns_that_are_not_clear_are_said_and_nothing_is_written(
    kindling: Kindling, tmp_path: Path
) -> None:
    file = tmp_path / "people.csv"
    file.write_text("name,city,x\nAda,Rome,1\n")
    refused = kindling("import", "contacts", str(file), status=1)
    assert "say --map COLUMN=key" in refused.stderr


def test_deals_are_imported_looked_at_first(kindling: Kindling, tmp_path: Path) -> None:
    file = tmp_path / "deals.csv"
    file.write_text("Deal ID;Kunde;Betrag;Abschluss\nd1;ada;1.355,90;3.5.2026\nd2;;7;\n")
    options = ("--map", "Kunde=contact", "--decimal", ",", "--date-format", "Abschluss=dd.mm.yyyy")
    looked = kindling("import", "deals", file, *options, "--dry-run", status=1)
    assert "Would import 1 deal: 1 new" in looked.stdout
    assert (
        "d1 (new): value empty → 1355.9; fields.Abschluss empty → 2026-05-03; contact empty → ada"
        in looked.stdout
    )
    assert (
        'deals.csv:3: Kunde: there is no deal "d2"; a new deal needs the key of its contact' in looked.stderr
    )
    assert "Betrag → value" in looked.stderr
    assert kindling.json("import", "deals", file, *options, status=1)["created"] == 1
