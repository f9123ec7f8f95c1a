"""Which column of a file of contacts or deals is what, and what its rows become."""

from typing import Any

import pytest

from services.intake.files.cell_values import NumberForm
from services.intake.files.dates import DateForms
from services.intake.files.import_columns import BadMapping
from services.intake.files.record_columns import RecordColumns, parse_mapping
from services.intake.files.record_mapping import RecordMapping
from services.records.kinds import Kind


def mapping(
    header: str,
    *given: str,
    kind: Kind = "contact",
    decimal: str | None = None,
    dates: tuple[str, ...] = (),
    restore: bool = False,
) -> RecordMapping:
    form = None if decimal is None else NumberForm.parse(decimal)
    said = dict(parse_mapping(text, kind) for text in given)
    return RecordMapping(kind, header.split(";"), RecordColumns(said, form, DateForms.parse(dates), restore))


@pytest.mark.parametrize(
    ("header", "targets"),
    [
        ("key;name;email", ["key", "name", "email"]),
        ("E-Mail;Vorname;Nachname;Ort", ["email", "first_name", "last_name", "fields.Ort"]),
        ("Contact ID;Full Name;Phone Number;Lifecycle Stage", ["key", "name", "phone", "stage"]),
        ("id;key;email", ["fields.id", "key", "email"]),
        ("EMAIL;;Tags;fields.plan", ["email", "None", "tags", "fields.plan"]),
    ],
)
def test_columns_are_known_by_their_usual_names(header: str, targets: list[str]) -> None:
    assert [str(target) for target in mapping(header).targets] == targets


@pytest.mark.parametrize(
    ("header", "given", "cells", "contact"),
    [
        ("key;name", (), "ada; Ada ", {"key": "ada", "name": "Ada"}),
        ("key;name", (), "ada;", {"key": "ada"}),
        ("key;Vorname;Nachname", (), "a;Ada;B", {"key": "a", "name": "Ada B"}),
        ("key;Vorname;Nachname", (), "a;;B", {"key": "a", "name": "B"}),
        ("key;tags", (), "a;vip, new|x", {"key": "a", "tags": ["vip", "new", "x"]}),
        ("key;dnd", (), "a;ALL", {"key": "a", "dnd": "all"}),
        ("key;dnd", (), "a;email,sms", {"key": "a", "dnd": ["email", "sms"]}),
        ("key;phone;stage", (), "a;0041;7", {"key": "a", "phone": "0041", "stage": "7"}),
        (
            "key;n;code;yes",
            (),
            "a;12.5;007;true",
            {"key": "a", "fields": {"n": 12.5, "code": "007", "yes": True}},
        ),
        (
            "k;n;zip;yes;x",
            ("k=key", "n=fields.size:number", "ZIP=zip:text", "yes=vip:boolean", "x=-"),
            "a;7;8000;yes;z",
            {"key": "a", "fields": {"size": 7, "zip": "8000", "vip": True}},
        ),
    ],
)
def test_a_row_is_a_contact(header: str, given: tuple[str, ...], cells: str, contact: dict[str, Any]) -> None:
    assert mapping(header, *given).record(cells.split(";")) == (contact, [])


@pytest.mark.parametrize(
    ("header", "targets"),
    [
        (
            "key;Contact;Amount;Stage;Ort",
            ["key", "contact", "value", "stage", "fields.Ort"],
        ),
        ("Deal ID;E-Mail;Title;Betrag;Currency", ["key", "email", "name", "value", "currency"]),
        (
            "key;contact;status;scores.fit;bands.fit;created_at;updated_at",
            ["key", "contact", "status", "None", "None", "None", "None"],
        ),
    ],
)
def test_columns_of_deals_are_known_by_their_usual_names(header: str, targets: list[str]) -> None:
    assert [str(target) for target in mapping(header, kind="deal").targets] == targets


def test_a_row_is_a_deal() -> None:
    deals = mapping("key;contact;Betrag;Seats", kind="deal", decimal=",")
    assert deals.record(["d1", "ada", "-1.355,90", "3"]) == (
        {"key": "d1", "contact": "ada", "value": -1355.9, "fields": {"Seats": 3}},
        [],
    )
    assert deals.record(["d1", "", "much", ""])[1] == ['Betrag: "much" is not a number as 1.234,56 is']


def test_dates_are_read_in_the_form_that_is_said() -> None:
    contacts = mapping("key;Geburtstag;bis", "bis=until:date", dates=("Geburtstag=mm/dd/yy", "dd.mm.yyyy"))
    record, problems = contacts.record(["a", "5/31/86", "3.5.2026"])
    assert (record["fields"], problems) == ({"Geburtstag": "1986-05-31", "until": "2026-05-03"}, [])
    _, problems = contacts.record(["a", "31.5.86", "soon"])
    assert problems == [
        'Geburtstag: "31.5.86" is not a date as mm/dd/yy is',
        'bis: "soon" is not a date as dd.mm.yyyy is',
    ]
    with pytest.raises(BadMapping, match="There is no column"):
        mapping("key;a", dates=("b=dd.mm.yyyy",))
    _, (problem,) = mapping("key;a", "a=since:date").record(["k", "31.5.2026"])
    assert problem.startswith('a: "31.5.2026" is not a date or time; write 2026-11-22')


def test_what_exports_show_besides_is_left_out_and_restored_when_asked_for() -> None:
    header = "key;scores.fit;bands.fit;created_at;updated_at"
    assert [str(target) for target in mapping(header).targets] == ["key", *["None"] * 4]
    assert [str(target) for target in mapping(header, restore=True).targets][3] == "created_at"
    row = ["a", "5", "hot", "2026-05-15T09:00:00Z", "2026-05-15T09:00:00Z"]
    assert mapping(header, restore=True).record(row)[0] == {
        "key": "a",
        "created_at": "2026-05-15T09:00:00Z",
    }


def test_numbers_are_read_in_the_form_that_is_said() -> None:
    contact, _ = mapping("key;sales", decimal=",").record(["a", "1.355,90"])
    assert contact["fields"] == {"sales": 1355.9}
    _, problems = mapping("key;sales", "sales=sales:number").record(["a", "1.355,90"])
    assert "--decimal ," in problems[0]


@pytest.mark.parametrize(
    ("header", "given", "words"),
    [
        ("name;city", (), "say --map COLUMN=key"),
        ("key;name", ("nam=name",), 'There is no column "nam". Did you mean "name"?'),
        ("key;name;Title", ("Title=name",), None),
        ("key;a;b", ("a=x", "b=x"), "Two columns are fields.x (a, b)"),
        ("key;a.b", (), '--map "a.b=NAME"'),
        ("key;last_seen", (), '--map "last_seen=NAME"'),
        ("key,name,city", (), "--delimiter"),
    ],
)
def test_what_is_not_clear_is_said_before_anything_is_written(
    header: str, given: tuple[str, ...], words: str | None
) -> None:
    if words is None:
        assert [str(target) for target in mapping(header, *given).targets] == ["key", "fields.name", "name"]
        return
    with pytest.raises(BadMapping) as refused:
        mapping(header, *given)
    assert words in str(refused.value)


@pytest.mark.parametrize("text", ["Ort", "Ort=", "=city", "Ort=city:day"])
def test_a_mapping_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"mapping|number, text, boolean or date"):
        parse_mapping(text)
