"""Which column of a file of contacts is what, and what its rows become."""

from typing import Any

import pytest

from services.intake.cell_values import NumberForm
from services.intake.contact_columns import ContactColumns, ContactMapping, parse_mapping
from services.intake.import_columns import BadMapping


def mapping(header: str, *given: str, decimal: str | None = None) -> ContactMapping:
    form = None if decimal is None else NumberForm.parse(decimal)
    return ContactMapping(header.split(";"), ContactColumns(dict(map(parse_mapping, given)), form))


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
            {"key": "a", "fields": {"n": 12.5, "code": "007", "yes": "true"}},
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
    assert mapping(header, *given).contact(cells.split(";")) == (contact, [])


def test_numbers_are_read_in_the_form_that_is_said() -> None:
    contact, _ = mapping("key;sales", decimal=",").contact(["a", "1.355,90"])
    assert contact["fields"] == {"sales": 1355.9}
    _, problems = mapping("key;sales", "sales=sales:number").contact(["a", "1.355,90"])
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


@pytest.mark.parametrize("text", ["Ort", "Ort=", "=city", "Ort=city:date"])
def test_a_mapping_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"mapping|number, text or boolean"):
        parse_mapping(text)
