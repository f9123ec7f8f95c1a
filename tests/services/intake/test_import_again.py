"""Which rows are known: by what they say and how often, under the name of their import."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.intake.files.import_columns import Property
from services.intake.files.imports import BATCH
from services.intake.files.row_ids import RowIds, content_of
from tests.services.intake.shop import Shop

HEADER = "contact,type,date,amount\n"
A, B, C, D, E = (f"{name},bought,2026-01-0{day},{day}\n" for day, name in enumerate("abcde", 1))


@pytest.fixture
def shop(each_shop: Shop) -> Shop:
    return each_shop


def counts(shop: Shop) -> Counter[float]:
    return Counter(row["properties"]["amount"] for row in shop.rows().values())


def test_tomorrows_export_of_the_same_name_adds_what_is_new_wherever_it_stands(shop: Shop) -> None:
    assert shop.take(HEADER + C + B + A).accepted == 3
    shop.tomorrow()
    later = shop.take(HEADER + E + D + C + B + A)
    assert (later.accepted, later.duplicates, later.conflicts) == (2, 3, 0)
    assert counts(shop) == {1: 1, 2: 1, 3: 1, 4: 1, 5: 1}


def test_rows_that_are_alike_count_as_often_as_they_stand_there(shop: Shop) -> None:
    assert shop.take(HEADER + A + B + A).accepted == 3
    assert shop.take(HEADER + A + A + A).accepted == 1
    assert counts(shop) == {1: 3, 2: 1}
    assert shop.take(HEADER + B + A).accepted == 0


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.sampled_from([A, B, C]), max_size=9), max_size=4), st.integers(0))
def test_however_files_follow_each_other_each_row_counts_as_often_as_in_the_fullest(
    shop: Shop, files: list[list[str]], number: int
) -> None:
    before = len(shop.rows())
    expected: Counter[str] = Counter()
    for rows in files:
        shop.take(HEADER + "".join(rows), known_as=f"file {number} {id(files)} {before}")
        expected |= Counter(rows)
    assert len(shop.rows()) - before == expected.total()


@pytest.mark.parametrize(
    "again",
    [
        '"contact";"type";"date";"amount"\r\n"ada";"bought";"2026-01-02";"12.50"\r\n',
        "amount\tdate\ttype\tcontact\n12.5\t2026-01-02T00:00:00Z\tbought\t ada \n",
        "sep=,\ncontact,type,date,amount,,\nada,bought,2026-01-02T01:00+01:00,12.500,,\n,,,,,\n",
        "\ufeffcontact,type,date,amount\nada,bought,2026-01-02 00:00,12.50\n",
    ],
)
def test_a_file_that_was_saved_anew_says_the_same(shop: Shop, again: str) -> None:
    assert shop.take("contact,type,date,amount\nada,bought,2026-01-02,12.50\n").accepted == 1
    later = shop.take(again)
    assert (later.accepted, later.duplicates) == (0, 1)


@pytest.mark.parametrize(
    "row",
    [
        "ben,bought,2026-01-01,1\n",
        "a,sold,2026-01-01,1\n",
        "a,bought,2026-01-03,1\n",
        "a,bought,2026-01-01,2\n",
    ],
)
def test_what_differs_in_anything_is_another_row(shop: Shop, row: str) -> None:
    shop.take(HEADER + A)
    assert shop.take(HEADER + row).accepted == 1


def test_columns_that_were_added_make_other_rows_which_is_said(shop: Shop) -> None:
    shop.take(HEADER + A + B + C)
    shop.tomorrow()
    wider = "".join(f"{row.strip()},DE\n" for row in (HEADER, A, B, C)).replace(
        "amount,DE", "amount,country", 1
    )
    done = shop.take(wider)
    assert done.accepted == 3
    assert any('under the name "shop.csv" with other properties' in note for note in done.notes)
    assert shop.take(wider, properties=[Property("amount", "amount")]).accepted == 0


def test_the_rows_of_another_name_count_again_which_is_said(shop: Shop) -> None:
    shop.take(HEADER + A + B + C)
    shop.tomorrow()
    done = shop.take(HEADER + A + B + C + D, "orders-2.csv")
    assert done.accepted == 4
    assert any('equal rows of the import "shop.csv"' in note for note in done.notes)
    assert any('revoke --import "orders-2.csv"' in note for note in done.notes)
    shop.tomorrow()
    assert shop.take(HEADER + D + E, "more.csv").notes == []


def test_many_rows_are_known_across_batches(shop: Shop) -> None:
    rows = [f"c{n % 7},seen,2026-01-01,{n % 50}\n" for n in range(2 * BATCH + 10)]
    assert shop.take(HEADER + "".join(rows)).accepted == len(rows)
    again = shop.take(HEADER + "".join(reversed([*rows, A])))
    assert (again.accepted, again.duplicates) == (1, len(rows))


def test_lines_of_ndjson_without_an_id_are_known_in_the_same_way(shop: Shop) -> None:
    line = (
        '{"type": "x", "contact": "ada", "occurred_at": "2026-01-01", "properties": {"n": 1, "m": [1.0]}}\n'
    )
    other = '{"properties": {"m": [1], "n": 1.0}, "contact": "ada", "type": "x", "occurred_at": "2026-01-01T00:00Z"}\n'
    named = '{"id": "e1", "type": "seen", "contact": "ada", "occurred_at": "2026-01-01"}\n'
    assert shop.take(line + named + line, "x.ndjson").accepted == 3
    again = shop.take(named + other + other + other, "x.ndjson")
    assert (again.accepted, again.duplicates) == (1, 3)


def earlier(shop: Shop, name: str, rows: dict[int, str]) -> None:
    """What the first version stored of a file: each row under the number of its line."""
    events: list[dict[str, Any]] = []
    for line, row in rows.items():
        contact, kind, date, amount = row.strip().split(",")
        events.append({"id": f"{name}:{line}", "type": kind, "contact": contact, "occurred_at": date})
        events[-1]["properties"] = {"amount": float(amount)}
    assert shop.events.take(events, source=name).accepted == len(events)


def test_rows_under_the_ids_of_the_first_version_are_not_imported_again(shop: Shop) -> None:
    earlier(shop, "shop.csv", {2: C, 3: B, 4: A, 5: A})
    shop.tomorrow()
    assert shop.take(HEADER + C + B + A + A).duplicates == 4
    later = shop.take(HEADER + E + D + C + A + A + A + B)
    assert (later.accepted, later.duplicates) == (3, 4)
    assert counts(shop) == {1: 3, 2: 1, 3: 1, 4: 1, 5: 1}
    assert shop.take(HEADER + E + D + C + A + A + A + B).accepted == 0
    assert shop.take(HEADER + A, "other.csv").accepted == 1


def test_that_holds_for_rows_whose_contact_was_merged_and_for_rows_without_a_time(shop: Shop) -> None:
    earlier(shop, "shop.csv", {2: A, 3: B})
    shop.application.contacts.merge("a", {"into": "b"})
    row = {"type": "seen", "contact": "ada", "properties": {"n": 1}}
    shop.events.take([{"id": "plain.csv:2", **row}, {"id": "plain.csv:3", **row}], source="plain.csv")
    shop.tomorrow()
    assert shop.take(HEADER + A + B).accepted == 0
    assert shop.take("contact,type,n\nada,seen,1\nada,seen,1\nada,seen,1\n", "plain.csv").accepted == 1


def test_lines_that_got_a_random_id_are_known_too(shop: Shop) -> None:
    line = {"type": "seen", "contact": "ada", "occurred_at": "2026-01-01"}
    shop.events.take([line, line], source="x.ndjson")
    text = '{"type": "seen", "contact": "ada", "occurred_at": "2026-01-01"}\n'
    assert shop.take(text * 3, "x.ndjson").accepted == 1


def test_rows_that_were_revoked_stay_known(shop: Shop) -> None:
    earlier(shop, "shop.csv", {2: A})
    shop.take(HEADER + A + B)
    shop.application.revocations.revoke_import("shop.csv")
    assert shop.take(HEADER + B + A).accepted == 0


def test_ids_fit_with_the_longest_name_and_stand_in_the_order_of_time() -> None:
    ids = RowIds("n" * 180)
    days = ["1900-01-02", "1969-12-31", "1970-01-01", "2026-01-01", "2026-01-02", "9000-01-01"]
    row_ids = [
        ids.id_of(*content)  # type: ignore[arg-type]
        for day in days
        for content in [content_of({"contact": "ada", "type": "x", "occurred_at": day})] * 2
    ]
    assert len(set(row_ids)) == 12
    assert [text[:188] for text in row_ids] == sorted(text[:188] for text in row_ids)
    assert max(map(len, row_ids)) <= 200
