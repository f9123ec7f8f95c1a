"""Many contacts in one call: merged, replaced or tagged, each on its own."""

import json
from typing import Any

import pytest

from tests.api.installation import Installation

NDJSON = {"content-type": "application/x-ndjson"}


async def write(kindling: Installation, *items: Any, **query: Any) -> dict[str, Any]:
    answer = await kindling.client.post("/v1/contacts", json=list(items), params=query)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def counts(told: dict[str, Any]) -> tuple[int, int, int, int]:
    return told["created"], told["changed"], told["unchanged"], told["rejected_count"]


async def test_what_is_given_is_merged_into_what_is_there(kindling: Installation) -> None:
    await kindling.client.put(
        "/v1/contacts/ada",
        json={
            "name": "Ada",
            "stage": "lead",
            "tags": ["vip"],
            "dnd": ["sms"],
            "fields": {"plan": "pro", "n": 1},
        },
    )
    ada = {"key": "ada", "stage": "customer", "tags": ["new"], "fields": {"n": None, "city": "Rome"}}
    told = await write(kindling, ada, {"key": "ben", "name": "Ben"}, {"key": "ada", "name": "Ada"})
    assert counts(told) == (1, 1, 0, 0)
    contact = await kindling.get("/v1/contacts/ada")
    assert (contact["name"], contact["stage"], contact["tags"], contact["dnd"]) == (
        "Ada",
        "customer",
        ["vip", "new"],
        ["sms"],
    )
    assert contact["fields"] == {"plan": "pro", "city": "Rome"}
    types = [item["type"] for item in (await kindling.get("/v1/events", contact="ben"))["items"]]
    assert sorted(types) == ["contact.created", "field.changed"]
    assert counts(await write(kindling, ada, {"key": "ben", "name": "Ben"})) == (0, 0, 2, 0)
    assert kindling.wakes


async def test_each_says_how_it_is_written(kindling: Installation) -> None:
    for key in ("ada", "ben"):
        await kindling.client.put(
            f"/v1/contacts/{key}",
            json={"name": key, "tags": ["vip"], "dnd": "all", "fields": {"plan": "pro"}},
        )
    told = await write(
        kindling,
        {"key": "ada", "mode": "put", "stage": "lead", "tags": ["new"]},
        {"key": "ben", "tags": ["new", "vip"]},
        {"key": "eve", "tags": ["new"]},
        {"key": "ben", "stage": "lead"},
        mode="add_tags",
    )
    assert counts(told) == (0, 2, 0, 2)
    assert [place["index"] for place in told["rejected"]] == [2, 3]
    assert 'there is no contact "eve"' in told["rejected"][0]["errors"][0]["message"]
    assert 'only "tags" are written' in told["rejected"][1]["errors"][0]["message"]
    ada, ben = [await kindling.get(f"/v1/contacts/{key}") for key in ("ada", "ben")]
    assert (ada["name"], ada["stage"], ada["tags"], ada["dnd"], ada["fields"]) == (
        None,
        "lead",
        ["new"],
        "all",
        {},
    )
    assert (ben["name"], ben["tags"]) == ("ben", ["vip", "new"])


async def test_who_has_no_key_is_found_by_the_address_whatever_its_case(kindling: Installation) -> None:
    await kindling.client.put("/v1/contacts/ada", json={"email": "Ada@Example.com"})
    await kindling.client.put("/v1/contacts/Ben@example.com", json={})
    for key in ("e1", "e2"):
        await kindling.client.put(f"/v1/contacts/{key}", json={"email": "eve@example.com"})
    told = await write(
        kindling,
        {"email": "ada@example.com", "name": "Ada"},
        {"email": "ben@EXAMPLE.com", "name": "Ben"},
        {"email": "eve@example.com", "name": "Eve"},
        {"email": "new@example.com", "name": "New"},
        {"email": "NEW@example.com", "stage": "lead"},
    )
    assert counts(told) == (1, 2, 0, 1)
    assert '2 contacts have this address ("e1", "e2")' in told["rejected"][0]["errors"][0]["message"]
    assert (await kindling.get("/v1/contacts/ada"))["name"] == "Ada"
    assert (await kindling.get("/v1/contacts/Ben@example.com"))["name"] == "Ben"
    new = await kindling.get("/v1/contacts/new@example.com")
    assert (new["name"], new["stage"]) == ("New", "lead")


async def test_a_dry_run_shows_what_would_change_and_writes_nothing(kindling: Installation) -> None:
    await kindling.client.put("/v1/contacts/ada", json={"name": "Ada", "tags": ["vip"]})
    told = await write(
        kindling,
        {"key": "ada", "name": "Ada B", "tags": ["new"]},
        {"key": "ben", "stage": "lead"},
        {"key": "ben", "owner": "eve"},
        dry_run=True,
    )
    assert (told["dry_run"], *counts(told)) == (True, 1, 1, 0, 0)
    assert told["changes"] == [
        {
            "contact": "ada",
            "created": False,
            "fields": {"name": ["Ada", "Ada B"], "tags": [["vip"], ["vip", "new"]]},
        },
        {"contact": "ben", "created": True, "fields": {"stage": [None, "lead"], "owner": [None, "eve"]}},
    ]
    assert (await kindling.get("/v1/contacts/ada"))["name"] == "Ada"
    assert (await kindling.client.get("/v1/contacts/ben")).status_code == 404


@pytest.mark.parametrize(
    ("item", "pointer", "words"),
    [
        (1, "", "a contact is an object"),
        ({}, "/key", "say which contact"),
        ({"key": "a/b"}, "/key", 'cannot hold a "/"'),
        ({"key": 7}, "/key", "a key is a text"),
        ({"email": "a/b@example.com"}, "/email", "say which it is with a key"),
        ({"key": "ada", "mode": "marge"}, "/mode", 'did you mean "merge"'),
        ({"key": "ada", "country": "DE"}, "/country", '{"fields": {"country": ...}}'),
        ({"key": "ada", "stagee": "x"}, "/stagee", "stage"),
        ({"key": "ada", "fields": {"stage": "x"}}, "/fields/stage", 'set it beside "fields"'),
        ({"key": "ada", "mode": "put", "tags": {"add": ["x"]}}, "/tags", "tags are a list"),
    ],
)
async def test_one_that_is_wrong_says_so_and_the_others_are_written(
    kindling: Installation, item: Any, pointer: str, words: str
) -> None:
    told = await write(kindling, item, {"key": "good"})
    assert counts(told) == (1, 0, 0, 1)
    [error] = told["rejected"][0]["errors"]
    assert (told["rejected"][0]["index"], error["pointer"]) == (0, pointer)
    assert words in error["message"]


async def test_lines_come_in_a_stream_of_any_length(kindling: Installation) -> None:
    lines = [json.dumps({"key": f"c{number}", "fields": {"n": number}}) for number in range(2_300)]
    lines[1_500] = "{"
    answer = await kindling.client.post("/v1/contacts", content="\n".join(lines), headers=NDJSON)
    told = answer.json()
    assert counts(told) == (2_299, 0, 0, 1)
    assert told["rejected"][0]["index"] == 1_500
    assert (await kindling.get("/v1/contacts/c2299"))["fields"] == {"n": 2_299}
    many = await kindling.client.post("/v1/contacts", json=[{"key": "x"}] * 2_501)
    assert (many.status_code, "up to 2,500" in many.json()["detail"]) == (413, True)
    single = await kindling.client.post("/v1/contacts", json={"key": "x"})
    assert (single.status_code, "send an array" in single.text) == (422, True)


async def test_who_was_erased_for_good_is_counted_and_not_written(kindling: Installation) -> None:
    await kindling.client.put("/v1/contacts/ada", json={"email": "ada@example.com"})
    await kindling.client.delete("/v1/contacts/ada", params={"suppress": "true"})
    told = await write(kindling, {"key": "ada"}, {"key": "x", "email": "ADA@example.com"}, {"key": "ben"})
    assert (counts(told), told["suppressed"]) == ((1, 0, 0, 0), 2)
    [suppression] = (await kindling.get("/v1/suppressions"))["items"]
    assert suppression["met"] == 2


async def test_a_merged_contact_is_written_under_either_key(kindling: Installation) -> None:
    for key in ("ada", "old"):
        await kindling.client.put(f"/v1/contacts/{key}", json={"tags": [key]})
    await kindling.client.post("/v1/contacts/old/merge", json={"into": "ada"})
    assert counts(await write(kindling, {"key": "old", "tags": ["x"]}, {"key": "ada", "tags": ["y"]})) == (
        0,
        1,
        0,
        0,
    )
    assert set((await kindling.get("/v1/contacts/ada"))["tags"]) == {"ada", "old", "x", "y"}


async def test_rules_see_what_was_written_in_bulk(kindling: Installation) -> None:
    rule = {"key": "lead", "while": {"stage": {"equal": "lead"}}, "points": 5}
    await kindling.publish("engagement", name="E", rules=[rule])
    await write(kindling, *({"key": f"c{number}", "stage": "lead"} for number in range(150)))
    kindling.score()
    scored = await kindling.get("/v1/contacts", profile="engagement", score_gte=5, limit=200)
    assert len(scored["items"]) == 150
    assert (await kindling.get("/v1/contacts/c149/scores"))["items"][0]["score"] == 5
