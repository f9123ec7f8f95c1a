"""Many deals in one call: merged or replaced, each on its own."""

import json
from typing import Any

import pytest

from tests.api.installation import Installation
from tests.api.records.test_contacts_in_bulk import NDJSON, counts


async def write(kindling: Installation, *items: Any, **query: Any) -> dict[str, Any]:
    answer = await kindling.client.post("/v1/deals", json=list(items), params=query)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def test_what_is_given_is_merged_into_what_is_there(kindling: Installation) -> None:
    body = {"contact": "ada", "name": "Renewal", "value": 5000, "fields": {"seats": 3, "a": 1}}
    await kindling.client.put("/v1/deals/d1", json=body)
    told = await write(
        kindling,
        {"key": "d1", "stage": "offer", "status": "won", "fields": {"a": None, "b": "x"}},
        {"key": "d2", "contact": "ben", "value": -7.5},
        {"key": "d1", "value": 5000.0},
    )
    assert counts(told) == (1, 1, 0, 0)
    deal = await kindling.get("/v1/deals/d1")
    assert {name: deal[name] for name in ("contact", "name", "stage", "status", "value", "fields")} == {
        "contact": "ada",
        "name": "Renewal",
        "stage": "offer",
        "status": "won",
        "value": 5000,
        "fields": {"seats": 3, "b": "x"},
    }
    types = [item["type"] for item in (await kindling.get("/v1/events", deal="d1"))["items"]]
    assert {"deal.created", "deal.stage_changed", "deal.won", "field.changed"} == set(types)
    of_new = [item["type"] for item in (await kindling.get("/v1/events", contact="ben"))["items"]]
    assert sorted(of_new) == ["contact.created", "deal.created", "field.changed"]
    assert (await kindling.get("/v1/deals/d2"))["value"] == -7.5
    again = await write(
        kindling, {"key": "d1", "contact": "ada", "value": 5000}, {"key": "d2", "value": -7.5}
    )
    assert counts(again) == (0, 0, 2, 0)
    assert kindling.wakes


async def test_each_says_how_it_is_written(kindling: Installation) -> None:
    await write(kindling, {"key": "d1", "contact": "ada", "name": "Renewal", "fields": {"a": 1}})
    told = await write(
        kindling,
        {"key": "d1", "stage": "offer"},
        {"key": "d2", "contact": "ada", "mode": "merge", "name": "New"},
        {"key": "d3", "mode": "add_tags"},
        mode="put",
    )
    assert counts(told) == (1, 1, 0, 1)
    assert '"mode" is one of merge, put' in told["rejected"][0]["errors"][0]["message"]
    deal = await kindling.get("/v1/deals/d1")
    assert (deal["contact"], deal["name"], deal["stage"], deal["fields"]) == ("ada", None, "offer", {})


async def test_a_deal_goes_to_another_contact(kindling: Installation) -> None:
    await write(kindling, {"key": "d1", "contact": "ada"})
    looked = await write(kindling, {"key": "d1", "contact": "ben", "name": "R"}, dry_run=True)
    assert looked["changes"] == [
        {"deal": "d1", "created": False, "fields": {"name": [None, "R"], "contact": ["ada", "ben"]}}
    ]
    assert (await kindling.get("/v1/deals/d1"))["contact"] == "ada"
    assert (await kindling.client.get("/v1/contacts/ben")).status_code == 404
    assert counts(await write(kindling, {"key": "d1", "contact": "ben", "name": "R"})) == (0, 1, 0, 0)
    deal = await kindling.get("/v1/deals/d1")
    assert (deal["contact"], deal["name"]) == ("ben", "R")
    events = (await kindling.get("/v1/events", contact="ben"))["items"]
    assert {event["deal"] for event in events if event["type"] != "contact.created"} == {"d1"}


@pytest.mark.parametrize(
    ("item", "pointer", "words"),
    [
        ({"key": "new"}, "/contact", 'there is no deal "new"; a new deal needs the key of its contact'),
        ({"contact": "ada"}, "/key", 'say which deal: its "key"'),
        ({"key": "a/b", "contact": "ada"}, "/key", 'cannot hold a "/"'),
        ({"key": "d", "contact": "ada", "value": "5"}, "/value", "should be a"),
        ({"key": "d", "contact": "ada", "country": "x"}, "/country", 'stands under "fields"'),
        ({"key": "d", "contact": "ada", "fields": {"stage": 1}}, "/fields/stage", "is a field of every deal"),
        ([], "", "a deal is an object such as"),
    ],
)
async def test_a_deal_that_is_none_is_told_and_the_others_are_written(
    kindling: Installation, item: Any, pointer: str, words: str
) -> None:
    told = await write(kindling, {"key": "d1", "contact": "ada"}, item)
    assert counts(told) == (1, 0, 0, 1)
    (rejected,) = told["rejected"]
    assert rejected["index"] == 1
    assert rejected["errors"][0]["pointer"] == pointer
    assert words in rejected["errors"][0]["message"]


async def test_lines_have_no_limit_and_are_counted(kindling: Installation) -> None:
    lines = [json.dumps({"key": f"d{n}", "contact": f"c{n % 7}", "value": n}) for n in range(2_600)]
    body = "\n".join([*lines[:5], "nonsense", *lines[5:]])
    answer = await kindling.client.post("/v1/deals", content=body, headers=NDJSON)
    assert counts(answer.json()) == (2_600, 0, 0, 1)
    assert answer.json()["rejected"][0]["index"] == 5
    too_many = await kindling.client.post("/v1/deals", json=[{}] * 2_501)
    assert too_many.status_code == 413
    assert "2,501 deals" in too_many.json()["detail"]
    single = await kindling.client.post("/v1/deals", json={"key": "d1"})
    assert single.status_code == 422
    assert "send an array of deals" in single.json()["detail"]


async def test_deals_of_those_who_were_erased_for_good_are_counted(kindling: Installation) -> None:
    await kindling.client.put("/v1/contacts/ada", json={})
    await kindling.client.delete("/v1/contacts/ada", params={"suppress": True})
    told = await write(kindling, {"key": "d1", "contact": "ada"}, {"key": "d2", "contact": "ben"})
    assert (told["created"], told["suppressed"]) == (1, 1)
    assert (await kindling.get("/v1/suppressions"))["items"][0]["met"] == 1


async def test_what_is_restored_is_as_old_as_it_says_and_emits_nothing(kindling: Installation) -> None:
    old = "2026-01-02T03:04:05.000000Z"
    contact = {"key": "ada", "stage": "demo", "tags": ["vip"], "created_at": old, "scores": {"fit": 1}}
    answer = await kindling.client.post("/v1/contacts", json=[contact], params={"restore": True})
    assert answer.json()["created"] == 1
    deal = {"key": "d1", "contact": "ada", "stage": "offer", "created_at": old, "id": 7}
    assert counts(await write(kindling, deal, restore=True)) == (1, 0, 0, 0)
    assert [(await kindling.get(path))["created_at"] for path in ("/v1/contacts/ada", "/v1/deals/d1")] == [
        old,
        old,
    ]
    assert (await kindling.get("/v1/events"))["items"] == []
    wrong = await write(kindling, {**deal, "created_at": "yesterday"}, restore=True)
    assert wrong["rejected"][0]["errors"][0]["pointer"] == "/created_at"
    ordinary = await write(kindling, {"key": "d2", "contact": "ada", "created_at": old})
    assert counts(ordinary) == (1, 0, 0, 0)
    assert (await kindling.get("/v1/deals/d2"))["created_at"] > old


async def test_the_contact_of_a_deal_may_be_found_by_the_address(kindling: Installation) -> None:
    await kindling.client.put("/v1/contacts/ada", json={"email": "Ada@example.com"})
    for key in ("ben", "bob"):
        await kindling.client.put(f"/v1/contacts/{key}", json={"email": "b@example.com"})
    told = await write(
        kindling,
        {"key": "d1", "email": "ada@EXAMPLE.com"},
        {"key": "d2", "email": "New@example.com"},
        {"key": "d3", "email": "new@example.com"},
        {"key": "d4", "email": "b@example.com"},
        {"key": "d5", "email": "nobody"},
        {"key": "d6", "email": 7},
        {"key": "d7", "email": "b@example.com", "contact": "ben"},
    )
    assert counts(told) == (4, 0, 0, 3)
    assert [place["index"] for place in told["rejected"]] == [3, 4, 5]
    assert "2 contacts have this address" in told["rejected"][0]["errors"][0]["message"]
    assert [(await kindling.get(f"/v1/deals/{key}"))["contact"] for key in ("d1", "d2", "d3", "d7")] == [
        "ada",
        "New@example.com",
        "New@example.com",
        "ben",
    ]


async def test_tags_are_added_or_with_put_replaced(kindling: Installation) -> None:
    async def write(mode: str, tags: Any) -> Any:
        body = [{"key": "d1", "contact": "ada", "tags": tags}]
        return (await kindling.client.post("/v1/deals", json=body, params={"mode": mode})).json()

    await write("merge", ["big"])
    await write("merge", ["hot"])
    assert (await kindling.get("/v1/deals/d1"))["tags"] == ["big", "hot"]
    await write("merge", {"remove": ["big"]})
    assert (await kindling.get("/v1/deals/d1"))["tags"] == ["hot"]
    assert (await write("put", {"add": ["x"]}))["rejected_count"] == 1
    await write("put", ["new"])
    assert (await kindling.get("/v1/deals/d1"))["tags"] == ["new"]
