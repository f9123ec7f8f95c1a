"""Dates in the order that somebody declares, in files of events."""

from typing import Any

import pytest

from services.intake.files.dates import DateForm, DateForms
from tests.services.intake.shop import Shop


@pytest.mark.parametrize(
    ("form", "text", "iso"),
    [
        ("dd.mm.yyyy", "03.05.2026", "2026-05-03"),
        ("dd.mm.yyyy", "3.5.2026", "2026-05-03"),
        ("d.m.yy", "3.5.26", "2026-05-03"),
        ("MM/DD/YYYY", "05/31/2026", "2026-05-31"),
        ("dd.mm.yyyy hh:mm", "03.05.2026 14:07", "2026-05-03T14:07:00"),
        ("dd.mm.yyyy hh:mm", "03.05.2026", "2026-05-03"),
        ("dd.mm.yyyy hh:mm:ss", "03.05.2026 14:07:09", "2026-05-03T14:07:09"),
        ("yyyy-mm-ddThh:mm", "2026-05-03T14:07", "2026-05-03T14:07:00"),
        ("yyyymmdd", "20260503", "2026-05-03"),
    ],
)
def test_a_date_is_read_as_its_form_says(form: str, text: str, iso: str) -> None:
    assert DateForm.parse(form).iso(text) == iso


@pytest.mark.parametrize("text", ["2026-05-03", "31.31.2026", "", "3.5.2026 x", "30.02.2026"])
def test_what_has_another_form_is_no_date(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a date as dd\.mm\.yyyy is"):
        DateForm.parse("dd.mm.yyyy").iso(text)


@pytest.mark.parametrize("form", ["", "dd.mm", "dd.mm.yyyy.yy", "dd.dd.yyyy", "german", "dd.mm.yyyy hh"])
def test_a_form_that_is_none_is_refused(form: str) -> None:
    with pytest.raises(ValueError, match=r"dd\.mm\.yyyy, mm/dd/yyyy"):
        DateForm.parse(form)


def test_one_form_is_for_all_dates() -> None:
    with pytest.raises(ValueError, match="two forms"):
        DateForms.parse(["dd.mm.yyyy", "mm/dd/yyyy"])


def test_times_and_properties_of_a_german_file_are_read(shop: Shop) -> None:
    done = shop.take(
        "contact;type;date;due;signup\nada;x;03.05.2026 14:07;1.6.2026;12/31/2025\nben;x;2026-05-03;;\n",
        dates=DateForms.parse(["dd.mm.yyyy hh:mm", "signup=mm/dd/yyyy"]),
    )
    assert (done.accepted, done.bad) == (1, 1)
    assert done.first_bad[0].reason == 'date: "2026-05-03" is not a date as dd.mm.yyyy hh:mm is'
    (row,) = shop.rows().values()
    assert row["occurred_at"] == 1_777_817_220_000_000
    assert row["properties"] == {"due": "1.6.2026", "signup": "2025-12-31"}


def test_dates_in_the_future_are_pointed_out(shop: Shop) -> None:
    done = shop.take("contact,type,date\nada,x,2026-05-03\nben,x,2027-03-05\neve,x,2027-03-06\n")
    assert done.accepted == 3
    (note,) = done.notes
    assert note == (
        '2 rows are in the future, the first "2027-03-05" in line 3: they count as of now. If days and months changed '
        "places, --date-format dd.mm.yyyy says how dates are written."
    )


def test_the_names_of_a_file_stand_for_types(shop: Shop) -> None:
    names = {"Opened Mail": "email.opened", "Clicked": "email.clicked", "Bounced": "email.bounced"}
    done = shop.take(
        "contact,type,date\nada,opened mail,2026-05-03\nada,Clicked,2026-05-03\nada,Cliked,2026-05-03\n",
        names=names,
    )
    assert done.accepted == 3
    assert sorted(row["type"] for row in shop.rows().values()) == ["Cliked", "email.clicked", "email.opened"]
    assert done.notes == [
        'No row has the event name "Bounced"; known: Cliked.',
        'Event names that stayed as they are: "Cliked" (1); --event-name NAME=TYPE changes one.',
    ]
    lines = '{"contact": "ben", "type": "Clicked", "occurred_at": "2026-05-03"}\n'
    assert shop.take(lines, "x.ndjson", names=names).accepted == 1
    assert [row["type"] for row in shop.rows().values()].count("email.clicked") == 2


def test_a_dry_run_stores_nothing_and_shows_the_first_rows_as_events(shop: Shop) -> None:
    file = "contact;type;date;n\nada;Kauf;3.5.2026;1,5\nben;Kauf;4.5.2026;2\neve;Kauf;x;3\n"
    options: dict[str, Any] = {"dates": DateForms.parse(["dd.mm.yyyy"]), "names": {"Kauf": "purchase"}}
    looked = shop.take(file, dry_run=True, **options)
    assert (looked.accepted, looked.duplicates, looked.bad) == (2, 0, 1)
    assert [{name: event[name] for name in event if name != "id"} for event in looked.first] == [
        {"type": "purchase", "contact": "ada", "occurred_at": "2026-05-03", "properties": {"n": "1,5"}},
        {"type": "purchase", "contact": "ben", "occurred_at": "2026-05-04", "properties": {"n": 2}},
    ]
    assert shop.rows() == {}
    done = shop.take(file, **options)
    assert (done.accepted, done.bad) == (2, 1)
    again = shop.take(file, dry_run=True, **options)
    assert (again.accepted, again.duplicates) == (0, 2)
