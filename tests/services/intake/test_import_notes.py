"""What an import says of cells that are read in two ways, or not as published rules read them."""

import re
from typing import Any

import pytest

from runtime.errors import ReadableError
from services.intake.files.cell_values import NumberForm
from services.intake.files.import_columns import Property
from services.intake.files.record_columns import RecordColumns
from services.intake.files.record_files import import_records
from tests.services.intake.shop import Shop

COMMA = NumberForm(",")
RULES = [
    {"key": "paid", "on": "bought", "where": {"amount": {"greater_or_equal": 100}}, "points": 5},
    {"key": "coded", "on": "bought", "where": {"code": {"equal": "12"}}, "points": 5},
    {"key": "old", "on": "bought", "where": {"since": {"older_than": "30d"}}, "points": 5},
    {"key": "other", "on": "sold", "where": {"amount": {"equal": 1}}, "points": 5},
    {"key": "any", "on": "bought", "where": {"amount": {"not_equal": 5}, "n": {"empty": False}}, "points": 5},
]


def publish(shop: Shop, rules: list[dict[str, Any]] = RULES) -> None:
    shop.application.profiles.save("engagement", {"key": "engagement", "rules": rules})
    shop.application.profiles.publish("engagement")


def bought(name: str, *values: str) -> str:
    rows = (f'c{number};bought;2026-01-02;"{value}"\n' for number, value in enumerate(values))
    return f"contact;type;date;{name}\n" + "".join(rows)


@pytest.mark.parametrize(
    ("values", "note"),
    [
        (
            ("12", "250,00", "13", "1.355,90"),
            (
                'amount is a number in 2 rows, such as "12" in line 2, and a text in 2 rows, such as "250,00" in .*'
                "; if these are numbers, say how they are written: --number amount=1.234,56."
            ),
        ),
        (
            ("$1,299.00",),
            'amount is a text in 1 row, such as "[$]1,299.00" in line 2; if .* --number amount=1,234.56.',
        ),
        (
            ("12", "n/a"),
            'amount is a number in 1 row, such as "12" in line 2, and a text .* such as "n/a" in line 3.$',
        ),
        (
            ("1'201", "99"),
            'amount is a number in 1 row, .* and a text .* such as "1\'201" in line 2; if .* --number amount=1,234.56.',
        ),
        (("1 200", "4 100"), "amount is a text in 2 rows, .* --number amount=1,234.56."),
        (("€ 12",), "amount is a text in 1 row, .* --number amount=1,234.56."),
        (
            ("1.355", "12"),
            'amount: "1.355" in line 2 is read with a decimal point.* --number amount=1.234,56.',
        ),
    ],
)
def test_a_column_that_is_read_in_two_ways_is_told(shop: Shop, values: tuple[str, ...], note: str) -> None:
    notes = shop.take(bought("amount", *values)).notes
    assert len(notes) == 1
    assert re.match(note, notes[0])


@pytest.mark.parametrize(
    "values",
    [("12", "12.50"), ("1.355", "12.5"), ("red", "blue"), ("0.125",), ("007", "A-1"), ("+49 170 123 456",)],
)
def test_a_column_that_is_read_in_one_way_is_not(shop: Shop, values: tuple[str, ...]) -> None:
    assert shop.take(bought("amount", *values)).notes == []


def test_a_declared_form_is_read_and_what_is_no_such_number_is_a_bad_row(shop: Shop) -> None:
    text = bought("amount", "1.355,90", "250,00 €", "1.355", "much")
    done = shop.take(text, numbers={"amount": COMMA})
    assert sorted(row["amount"] for row in shop.properties()) == [250, 1355, 1355.9]
    assert [str(row) for row in done.first_bad] == [
        'shop.csv:5: amount: "much" is not a number as 1.234,56 is'
    ]
    assert done.notes == []


def test_the_decimal_sign_of_a_file_goes_for_all_its_columns(shop: Shop) -> None:
    shop.take("contact;type;net;gross;code\nada;bought;1.000,50;2,5;007\n", form=COMMA)
    assert shop.properties() == [{"net": 1000.5, "gross": 2.5, "code": "007"}]
    amount = [Property("amount", "net", "number")]
    shop.take("contact;type;net\nada;bought;1.000,50\n", form=COMMA, properties=amount, numbers={"net": None})
    assert {"amount": 1000.5} in shop.properties()


def test_rules_that_never_hold_for_what_was_read_are_named(shop: Shop) -> None:
    publish(shop)
    rule = 'Rule "{}" of profile "engagement" {}, and never holds for {}, such as {}.'
    never = [
        (
            "amount",
            ["250,00", "300"],
            "paid",
            "compares amount with a number",
            "1 row where it is a text",
            '"250,00"',
        ),
        ("code", ["12", "13"], "coded", "compares code with a text", "2 rows where it is a number", '"12"'),
        (
            "since",
            ["15/05/2020", "2020-05-15", "31182"],
            "old",
            "asks how old since is",
            "2 rows where it is no date",
            '"15/05/2020"',
        ),
    ]
    for column, values, key, asks, rows, example in never:
        said = rule.format(key, asks, rows, f"{example} in line 2")
        if column == "since":
            said = f"{said[:-1]}; write 2026-11-22 or 2026-11-22T01:42:14Z; as day, month, year it would be 2020-05-15."
        assert shop.take(bought(column, *values)).notes[-1] == said


def test_rules_that_can_hold_and_those_on_other_events_are_not(shop: Shop) -> None:
    publish(shop)
    assert shop.take(bought("amount", "100", "12.5")).notes == []
    assert shop.take(bought("since", "2020-05-15", "2020-05-15T10:00:00.1234567+0000")).notes == []
    assert shop.take(bought("amount", "a", "b").replace("bought", "seen")).notes == []


def test_a_property_that_is_said_to_be_a_text_is_one(shop: Shop) -> None:
    said = [Property.parse("amount:text")]
    assert shop.take(bought("amount", "1.355,90"), properties=said).notes == []


def test_fields_of_contacts_are_told_of_as_properties_are(shop: Shop) -> None:
    rules = [
        {"key": "plan", "while": {"renewal": {"older_than": "30d"}}, "points": 5},
        {"key": "big", "on": "seen", "where": {"contact.sales": {"greater": 1000}}, "points": 5},
    ]
    publish(shop, rules)
    file = shop.file("key;renewal;sales\nada;15/05/2026;1.201,50\nben;2026-05-15;12\n", "people.csv")
    columns, *notes = import_records(shop.application.contacts_in_bulk, file).notes
    assert columns == "Columns: key → key, renewal → fields.renewal, sales → fields.sales."
    assert notes == [
        (
            'Rule "plan" of profile "engagement" asks how old renewal is, and never holds for 1 row where it is no '
            'date, such as "15/05/2026" in line 2; write 2026-11-22 or 2026-11-22T01:42:14Z; as day, month, year it '
            "would be 2026-05-15."
        ),
        (
            'sales is a number in 1 row, such as "12" in line 3, and a text in 1 row, such as "1.201,50" in line 2; if '
            "these are numbers, say how they are written: --decimal ,."
        ),
        (
            'Rule "big" of profile "engagement" compares sales with a number, and never holds for 1 row where it is a '
            'text, such as "1.201,50" in line 2.'
        ),
    ]
    said = import_records(shop.application.contacts_in_bulk, file, RecordColumns(form=NumberForm(",")))
    assert len(said.notes) == 2


def test_automations_that_read_events_are_named_too(shop: Shop) -> None:
    publish(shop)
    trigger = {"event": "bought", "where": {"size": {"greater": 5}}}
    shop.application.automations.save(
        "big", {"key": "big", "trigger": trigger, "steps": [{"add_tag": "big"}]}
    )
    shop.application.automations.publish("big")
    (note,) = shop.take(bought("size", "XL", "L")).notes
    assert note.startswith('Automation "big" compares size with a number, and never holds for 2 rows')


def test_a_column_without_a_name_and_with_something_in_it_is_told(shop: Shop) -> None:
    done = shop.take("contact,type,,\nada,seen,,\nben,seen,x,\n")
    assert done.accepted == 2
    assert "1 row with something under a column without a name, the first in line 3" in "".join(done.notes)


def test_two_columns_of_one_name_are_refused_only_where_they_are_read(shop: Shop) -> None:
    text = "contact,type,note,note,amount\nada,seen,a,b,5\n"
    with pytest.raises(ReadableError, match="twice.*--property"):
        shop.take(text)
    assert shop.take(text, properties=[Property("amount", "amount")]).accepted == 1
