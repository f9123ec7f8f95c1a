"""Lists as files, over HTTP."""

import csv
import json
from io import StringIO
from typing import Any

import pytest

from automations.list_filters import ContactFilter
from services.records.lists import RecordQuery
from tests.api.installation import Installation, opened

CSV, NDJSON = {"accept": "text/csv"}, {"accept": "application/x-ndjson"}


async def table(kindling: Installation, what: str, **parameters: Any) -> list[dict[str, str]]:
    answer = await kindling.client.get(f"/v1/exports/{what}", params=parameters, headers=CSV)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == f'attachment; filename="{what}.csv"'
    return list(csv.DictReader(StringIO(answer.text, newline="")))


async def lines(kindling: Installation, what: str, **parameters: Any) -> list[dict[str, Any]]:
    answer = await kindling.client.get(f"/v1/exports/{what}", params=parameters, headers=NDJSON)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.text.splitlines()]


async def put(kindling: Installation, path: str, **body: Any) -> None:
    answer = await kindling.client.put(f"/v1/{path}", json=body)
    assert answer.status_code in (200, 201), answer.text


async def test_contacts_are_a_table_whose_cells_are_no_formulas(kindling: Installation) -> None:
    await put(kindling, "contacts/ada", name="=HYPERLINK(1)", phone="+41 44", tags=["vip", "a, b"], dnd="all")
    await put(kindling, "contacts/@ben", stage="'=x", fields={"n": -5, "t": "-5", "on": True, "l": ["a", 1]})
    ada, ben = await table(kindling, "contacts")
    assert {name: ada[name] for name in ("key", "name", "phone", "tags", "dnd", "fields.n")} == {
        "key": "ada",
        "name": "'=HYPERLINK(1)",
        "phone": "'+41 44",
        "tags": '["vip","a, b"]',
        "dnd": "all",
        "fields.n": "",
    }
    assert {name: ben[name] for name in ben if name.startswith(("key", "stage", "fields"))} == {
        "key": "'@ben",
        "stage": "''=x",
        "fields.l": '["a",1]',
        "fields.n": "-5",
        "fields.on": "true",
        "fields.t": "'-5",
    }


async def test_the_lists_filters_and_smart_lists_say_who(kindling: Installation) -> None:
    await kindling.publish()
    for key, stage in (("ada", "lead"), ("ben", "demo"), ("eve", "lead")):
        await put(kindling, f"contacts/{key}", stage=stage)
    await kindling.send(*opened("ada", 4), *opened("ben", 1))
    kindling.score()
    assert [row["key"] for row in await table(kindling, "contacts", stage="lead")] == ["ada", "eve"]
    warm = await table(kindling, "contacts", profile="engagement", band="warm")
    assert [(row["key"], row["scores.engagement"], row["bands.engagement"]) for row in warm] == [
        ("ada", "4", "warm"),
        ("ben", "4", "warm"),
    ]
    await put(kindling, "smart-lists/hot", profile="engagement", filter={"score_gte": 4}, sort="-score")
    of_list = await lines(kindling, "contacts", list="hot", scores="engagement")
    assert [(line["key"], line["scores"], line["bands"]) for line in of_list] == [
        ("ada", {"engagement": 4}, {"engagement": "warm"}),
        ("ben", {"engagement": 4}, {"engagement": "warm"}),
    ]


async def test_scores_of_named_profiles_stand_beside_each(kindling: Installation) -> None:
    await kindling.publish()
    await kindling.publish(
        "fit",
        bands={"low": None, "good": 5},
        rules=[{"key": "lead", "while": {"stage": {"equal": "lead"}}, "points": 7}],
    )
    await put(kindling, "contacts/ada", stage="lead")
    await put(kindling, "contacts/ben")
    await kindling.send(*opened("ada", 4))
    kindling.score()
    ada, ben = await table(kindling, "contacts", scores="fit, engagement")
    names = ("scores.fit", "bands.fit", "scores.engagement", "bands.engagement")
    assert [[row[name] for name in names] for row in (ada, ben)] == [
        ["7", "good", "4", "warm"],
        ["", "", "", ""],
    ]
    listed = await kindling.get("/v1/contacts", scores="fit,engagement")
    assert listed["items"][0]["scores"] == {"fit": 7, "engagement": 4}
    assert "scores" not in (await kindling.get("/v1/contacts"))["items"][0]


@pytest.mark.parametrize(
    ("path", "parameter", "words"),
    [
        ("contacts?scores=fti", "scores", 'there is no profile "fti"; did you mean "fit"?'),
        ("deals?scores=fit", "scores", 'the profile "fit" scores contacts, not deals'),
        ("contacts?stge=lead", "stge", "unknown parameter"),
        ("contacts?list=vip&stage=lead", "list", "a smart list has filters of its own"),
        ("contacts?sort=score", "sort", "unknown parameter"),
        ("tasks?status=opn", "status", "did you mean"),
        ("tasks?contact=nobody", "contact", 'there is no contact "nobody"'),
        ("changes?profile=fti", "profile", 'there is no profile "fti"'),
        ("changes?contact=ada&deal=d1", "deal", "name a contact or a deal"),
        ("changes?since=soon", "since", "is no time"),
        ("events?contact=nobody", "contact", 'there is no contact "nobody"'),
    ],
)
async def test_what_cannot_be_asked_is_said_before_anything_is_sent(
    kindling: Installation, path: str, parameter: str, words: str
) -> None:
    await kindling.publish("fit", rules=[{"key": "lead", "on": "lead", "points": 7}])
    answer = await kindling.client.get(f"/v1/exports/{path}")
    assert answer.status_code == 422, answer.text
    (error,) = answer.json()["errors"]
    assert error["parameter"] == parameter
    assert words in error["message"]


async def test_the_format_is_asked_for_by_header_or_by_parameter(kindling: Installation) -> None:
    async def kind(accept: str, path: str = "contacts") -> str:
        answer = await kindling.client.get(f"/v1/exports/{path}", headers={"accept": accept})
        return answer.headers["content-type"].partition(";")[0] if answer.status_code == 200 else "none"

    assert await kind("*/*") == "text/csv"
    assert await kind("application/json, application/x-ndjson;q=0.9") == "application/x-ndjson"
    assert await kind("text/csv", "contacts?format=ndjson") == "application/x-ndjson"
    assert await kind("image/png") == "none"
    refused = await kindling.client.get("/v1/exports/contacts", headers={"accept": "image/png"})
    assert refused.status_code == 406
    missing = await kindling.client.get("/v1/exports/contacts", params={"list": "vip"})
    assert missing.status_code == 404


async def test_deals_tasks_enrollments_and_changes_are_tables(kindling: Installation) -> None:
    await kindling.publish()
    await kindling.automate()
    await put(kindling, "deals/d1", contact="ada", name="-1", value=-5000.5, fields={"seats": 3})
    await kindling.send(*opened("ada", 5))
    kindling.score()
    (deal,) = await table(kindling, "deals", status="open")
    assert (deal["key"], deal["contact"], deal["name"], deal["value"], deal["fields.seats"]) == (
        "d1",
        "ada",
        "'-1",
        "-5000.5",
        "3",
    )
    (enrollment,) = await table(kindling, "enrollments", automation="hot", status="queued")
    assert (enrollment["contact"], enrollment["current"], enrollment["cause"]) == ("ada", "5", "event")
    assert await table(kindling, "tasks", status="open") == []
    changes = await table(kindling, "changes", profile="engagement", contact="ada")
    assert [(row["previous"], row["current"], row["event.type"]) for row in changes] == [
        ("", "1", "email.opened"),
        *((str(n), str(n + 1), "email.opened") for n in range(1, 5)),
    ]
    assert await lines(kindling, "changes", since="2027-01-01") == []
    assert (await lines(kindling, "changes"))[0]["contact"] == "ada"


async def test_events_are_lines_that_can_be_sent_again(kindling: Installation) -> None:
    await put(kindling, "deals/d1", contact="ada")
    await kindling.send(
        {"id": "e1", "type": "visit", "contact": "ada", "properties": {"url": "/x"}},
        {"id": "e2", "type": "call", "deal": "d1", "occurred_at": "2026-01-02"},
        {"id": "e3", "type": "visit", "contact": "ada"},
    )
    await kindling.client.delete("/v1/events/e3")
    sent = await lines(kindling, "events")
    assert [(line["id"], line["contact"], line.get("deal"), line["properties"]) for line in sent] == [
        ("e1", "ada", None, {"url": "/x"}),
        ("e2", "ada", "d1", {}),
    ]
    again = await kindling.send(*sent)
    assert (again["accepted"], again["duplicates"]) == (0, 2)
    internal = await lines(kindling, "events", internal=True, type="deal.created")
    assert [(line["id"][:13], line["deal"]) for line in internal] == [("deal.created:", "d1")]


async def test_a_list_of_any_size_goes_out_in_pages_between_which_nothing_is_held(
    kindling: Installation,
) -> None:
    written = await kindling.client.post(
        "/v1/contacts", json=[{"key": f"c{n:04}", "fields": {f"f{n % 3}": n}} for n in range(1_203)]
    )
    assert written.json()["created"] == 1_203
    query = RecordQuery("contact", ContactFilter())
    stream = kindling.application.exports.records(query, "csv")
    sizes = []
    for part in stream.parts():
        sizes.append(part.rows)
        assert kindling.database.empty_log()  # nobody reads what is older
        await put(kindling, "contacts/c0000", name=str(len(sizes)))  # and nobody waits
    assert sizes == [0, 500, 500, 203]
    rows = await table(kindling, "contacts")
    assert [row["key"] for row in rows] == [f"c{n:04}" for n in range(1_203)]
    assert rows[1_202]["fields.f2"] == "1202"
