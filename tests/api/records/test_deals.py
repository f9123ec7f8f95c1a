"""Deals over HTTP."""

from typing import Any

import pytest

from tests.api.installation import Installation

DEAL_PROFILE: dict[str, Any] = {
    "applies_to": "deal",
    "bands": {"cold": None, "warm": 5, "hot": 10},
    "rules": [
        {"key": "call", "on": "call", "points": 5},
        {"key": "offer", "while": {"stage": {"equal": "offer"}}, "points": 7},
        {"key": "big", "while": {"value": {"greater": 1000}}, "points": 3},
    ],
}


async def put(kindling: Installation, key: str, **body: Any) -> dict[str, Any]:
    answer = await kindling.client.put(f"/v1/deals/{key}", json=body)
    assert answer.status_code in (200, 201), answer.text
    deal: dict[str, Any] = answer.json()
    return deal


async def test_a_deal_is_created_changed_read_and_erased(kindling: Installation) -> None:
    deal = await put(kindling, "d1", contact="ada", name="Renewal", value=5000, fields={"seats": 3})
    assert {name: deal[name] for name in ("key", "contact", "name", "status", "value", "stage")} == {
        "key": "d1",
        "contact": "ada",
        "name": "Renewal",
        "status": "open",
        "value": 5000,
        "stage": None,
    }
    changed = await kindling.client.patch(
        "/v1/deals/d1", json={"stage": "offer", "fields": {"seats": None, "a": 1}}
    )
    assert (changed.json()["stage"], changed.json()["fields"]) == ("offer", {"a": 1})
    assert (await kindling.get("/v1/deals/d1")) == changed.json()
    replaced = await put(kindling, "d1", status="won")
    assert (replaced["contact"], replaced["name"], replaced["status"]) == ("ada", None, "won")
    types = [event["type"] for event in (await kindling.get("/v1/events", deal="d1"))["items"]]
    assert set(types) == {"deal.created", "field.changed", "deal.stage_changed", "deal.won"}
    assert (await kindling.client.delete("/v1/deals/d1")).status_code == 204
    assert (await kindling.client.get("/v1/deals/d1")).status_code == 404
    assert (await kindling.client.get("/v1/contacts/ada")).status_code == 200


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"/contact": "a new deal needs the key of its contact"}),
        ([], {"": 'a deal is an object such as {"contact": "ada", "name": "Renewal", "value": 5000}'}),
        ({"contact": "a/b"}, {"/contact": 'it cannot hold a "/"'}),
        ({"contact": "a", "value": "5"}, {"/value": '"value" should be a number'}),
        ({"contact": "a", "dnd": []}, {"/dnd": "unknown key"}),
        (
            {"contact": "a", "fields": {"stage": 1}},
            {
                "/fields/stage": '"stage" is a field of every deal; set it beside "fields", or choose another name'
            },
        ),
    ],
)
async def test_mistakes_are_told_and_nothing_is_saved(
    kindling: Installation, body: Any, errors: dict[str, str]
) -> None:
    answer = await kindling.client.put("/v1/deals/d1", json=body)
    assert answer.status_code == 422, answer.text
    mistakes = {error["pointer"]: error["message"] for error in answer.json()["errors"]}
    assert mistakes.keys() == errors.keys()
    for pointer, message in errors.items():
        assert message in mistakes[pointer]
    assert (await kindling.get("/v1/deals"))["items"] == []
    assert (await kindling.get("/v1/contacts"))["items"] == []


async def test_an_event_of_a_deal_that_is_not_the_contacts_is_rejected_and_creates_nobody(
    kindling: Installation,
) -> None:
    await put(kindling, "d1", contact="ada")
    told = await kindling.send(
        {"type": "call", "deal": "d1", "contact": "nobody"},
        {"type": "call", "deal": "none"},
        {"type": "call", "deal": "d1"},
        {"type": "call", "deal": "new", "contact": "bob"},
        {"type": "call", "deal": "new", "contact": "ada"},
        {"type": "call", "deal": "new", "contact": "unheard-of"},
    )
    assert (told["accepted"], [row["index"] for row in told["rejected"]]) == (2, [0, 1, 4, 5])
    assert [event_id is None for event_id in told["ids"]] == [True, True, False, False, True, True]
    assert {row["key"] for row in (await kindling.get("/v1/contacts"))["items"]} == {"ada", "bob"}
    assert [row["contact"] for row in (await kindling.get("/v1/deals"))["items"]] == ["ada", "bob"]


async def test_deals_are_scored_listed_and_filtered_by_score(kindling: Installation) -> None:
    await kindling.publish("pipeline", **DEAL_PROFILE)
    await put(kindling, "d1", contact="ada", stage="offer", owner="eve")
    await put(kindling, "d2", contact="ada", value=2000)
    await put(kindling, "d3", contact="bob", pipeline="sales")
    await kindling.send(*({"type": "call", "deal": "d2"} for _ in range(2)))
    kindling.score()

    async def listed(**query: Any) -> list[tuple[str, int | None, str | None]]:
        page = await kindling.get("/v1/deals", profile="pipeline", sort="-score", **query)
        return [(row["key"], row["score"], row["band"]) for row in page["items"]]

    assert await listed() == [("d2", 13, "hot"), ("d1", 7, "warm"), ("d3", None, None)]
    assert await listed(band="warm") == [("d1", 7, "warm")]
    assert await listed(score_gte=8) == [("d2", 13, "hot")]
    assert await listed(contact="bob") == [("d3", None, None)]
    assert await listed(owner="eve") == [("d1", 7, "warm")]
    assert await listed(pipeline="sales") == [("d3", None, None)]
    first = await kindling.get("/v1/deals", profile="pipeline", sort="-score", limit=2)
    rest = await kindling.get("/v1/deals", profile="pipeline", sort="-score", limit=2, cursor=first["next"])
    assert [row["key"] for row in first["items"] + rest["items"]] == ["d2", "d1", "d3"]
    detail = await kindling.get("/v1/deals/d2/scores/pipeline")
    assert (detail["deal"], detail["score"]) == ("d2", 13)
    assert [(line["rule"], line["points"]) for line in detail["breakdown"]] == [("call", 10), ("big", 3)]
    wrong = await kindling.client.get("/v1/contacts/ada/scores/pipeline")
    assert wrong.json()["detail"] == 'the profile "pipeline" scores deals, not contacts'
    wrong = await kindling.client.get("/v1/contacts?profile=pipeline")
    assert wrong.status_code == 422


async def test_a_deals_follow_up_names_the_deal_and_its_contact(kindling: Installation) -> None:
    await kindling.publish("pipeline", **DEAL_PROFILE)
    await kindling.automate(
        "deal-hot",
        trigger={
            "profile": "pipeline",
            "filters": {"band": {"equal": "warm"}, "deal.stage": {"equal": "offer"}},
        },
        steps=[{"create_task": {"title": "Close {{ deal.name }} with {{ contact.label }}"}}],
    )
    kindling.later()
    await put(kindling, "d1", contact="ada", stage="offer")
    kindling.score()
    (enrollment,) = (await kindling.get("/v1/enrollments", deal="d1"))["items"]
    assert (enrollment["contact"], enrollment["deal"], enrollment["current"]) == ("ada", "d1", 7)
    timeline = (await kindling.get("/v1/deals/d1/timeline"))["items"]
    assert {moment["kind"] for moment in timeline} == {"event", "change", "enrollment"}


async def test_a_deal_can_be_given_to_another_contact(kindling: Installation) -> None:
    await kindling.publish("pipeline", **DEAL_PROFILE)
    await put(kindling, "d1", contact="ada")
    await kindling.send({"type": "call", "deal": "d1"})
    kindling.score()
    moved = await kindling.client.patch("/v1/deals/d1", json={"contact": "zoe"})
    assert moved.json()["contact"] == "zoe"
    await kindling.send({"type": "call", "deal": "d1"})
    kindling.score()
    assert (await kindling.get("/v1/deals/d1/scores"))["items"][0]["score"] == 10


async def test_a_profile_cannot_score_other_records_than_its_versions_did(kindling: Installation) -> None:
    await kindling.publish("pipeline", **DEAL_PROFILE)
    answer = await kindling.client.put(
        "/v1/profiles/pipeline", json={**DEAL_PROFILE, "applies_to": "contact"}
    )
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/applies_to"


async def types_of(kindling: Installation, deal: str) -> list[str]:
    events = (await kindling.get("/v1/events", deal=deal))["items"]
    return [f"{event['type']} {event['properties'].get('tag', '')}".strip() for event in reversed(events)]


async def test_deals_have_tags(kindling: Installation) -> None:
    made = await put(kindling, "d1", contact="ada", tags=["big", " big "])
    assert made["tags"] == ["big"]
    added = await kindling.client.put("/v1/deals/d1/tags/hot")
    assert added.json()["tags"] == ["big", "hot"]
    again = await kindling.client.put("/v1/deals/d1/tags/hot")
    assert again.headers["etag"] == added.headers["etag"]
    changed = await kindling.client.patch("/v1/deals/d1", json={"tags": {"add": ["new"], "remove": ["big"]}})
    assert changed.json()["tags"] == ["hot", "new"]
    gone = await kindling.client.delete("/v1/deals/d1/tags/new")
    assert gone.json()["tags"] == ["hot"]
    assert sorted(await types_of(kindling, "d1")) == [
        "deal.created",
        "tag.added big",
        "tag.added hot",
        "tag.added new",
        "tag.removed big",
        "tag.removed new",
    ]
    assert (await put(kindling, "d1"))["tags"] == []
    assert (await put(kindling, "d2", contact="ada"))["tags"] == []
    wrong = await kindling.client.patch("/v1/deals/d1", json={"tags": {"ad": ["x"]}})
    assert wrong.status_code == 422


async def test_lists_and_smart_lists_find_deals_by_tag(kindling: Installation) -> None:
    for key, tags in (("d1", ["hot"]), ("d2", ["hot", "big"]), ("d3", [])):
        await put(kindling, key, contact="ada", tags=tags)
    await kindling.client.put("/v1/contacts/ada", json={"tags": ["big"]})
    assert [deal["key"] for deal in (await kindling.get("/v1/deals", tag="hot"))["items"]] == ["d1", "d2"]
    big = {"applies_to": "deal", "filter": {"tag": "hot"}, "filters": {"deal.tags": {"has": "big"}}}
    assert (await kindling.client.put("/v1/smart-lists/big", json=big)).json()["count"] == 1
    untagged = {"applies_to": "deal", "filters": {"deal.tags": {"empty": True}}}
    assert (await kindling.client.put("/v1/smart-lists/untagged", json=untagged)).json()["count"] == 1
    of_contact = {"applies_to": "deal", "filters": {"contact.tags": {"has": "big"}}}
    assert (await kindling.client.put("/v1/smart-lists/ofcontact", json=of_contact)).json()["count"] == 3


async def test_rules_and_triggers_read_the_tags_of_deals(kindling: Installation) -> None:
    await kindling.publish(
        "deals",
        applies_to="deal",
        rules=[
            {"key": "hot", "while": {"tags": {"has": "hot"}}, "points": 5},
            {"key": "tagged", "on": "tag.added", "where": {"deal.tags": {"has": "big"}}, "points": 2},
        ],
    )
    await kindling.publish(
        "contacts",
        rules=[
            {"key": "own", "on": "tag.added", "where": {"deal.key": {"empty": True}}, "points": 1},
            {"key": "any", "on": "tag.added", "points": 10},
        ],
    )
    trigger = {"event": "tag.added", "where": {"tag": {"equal": "hot"}}}
    await kindling.automate("vip", trigger=trigger, steps=[{"wait": "1d"}])
    await put(kindling, "d1", contact="ada")
    kindling.score()
    await kindling.client.put("/v1/deals/d1/tags/hot")
    await kindling.client.put("/v1/deals/d1/tags/big")
    kindling.score()
    assert (await kindling.get("/v1/deals/d1/scores/deals"))["score"] == 9
    assert (await kindling.get("/v1/contacts/ada/scores/contacts"))["score"] == 20
    assert [one["deal"] for one in (await kindling.get("/v1/enrollments"))["items"]] == ["d1"]
