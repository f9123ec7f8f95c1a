"""Why, and why not: an answer for every change."""

from functools import partial
from typing import Any

import pytest

from store.follow_ups import starting
from tests.api.installation import AUTOMATION, PROFILE, Installation, opened


async def why(kindling: Installation, automation: str = "hot", **record: str) -> list[dict[str, Any]]:
    explanation = await kindling.get(f"/v1/automations/{automation}/why", **(record or {"contact": "ada"}))
    items: list[dict[str, Any]] = explanation["items"]
    return items


async def test_each_change_has_its_verdict_filter_by_filter(kindling: Installation) -> None:
    await kindling.publish()
    await kindling.send(*opened("ada", 2))
    kindling.score()
    kindling.later()
    filters = {"score": {"greater_or_equal": 5}, "contact.stage": {"not_equal": "customer"}}
    await kindling.automate(
        trigger={"profile": "engagement", "filters": filters, "fires": "on_entry", "reentry": "once"},
        steps=AUTOMATION["steps"],
    )
    await kindling.send(*opened("ada", 4, id=None))
    kindling.score()
    await kindling.send({"type": "list.left", "contact": "ada"})
    kindling.score()
    await kindling.send(*opened("ada", 1))
    kindling.score()
    await kindling.send({"type": "list.left", "contact": "ada"}, triggers="silent")
    kindling.score()
    items = await why(kindling)
    assert [(item["previous"], item["current"], item["outcome"]) for item in items] == [
        (5, 3, "silent"),
        (4, 5, "skipped"),
        (6, 4, "filters"),
        (5, 6, "inside"),
        (4, 5, "enrolled"),
        (3, 4, "filters"),
        (2, 3, "filters"),
        (1, 2, "unpublished"),
        (None, 1, "unpublished"),
    ]
    assert items[1]["why"] == "skipped: reentry"
    assert items[4]["enrollment"] is not None
    assert items[2]["filters"] == [
        {"text": "score is at least 5", "actual": 4, "holds": False},
        {"text": "contact stage is not customer", "actual": None, "holds": True},
    ]
    await kindling.client.patch("/v1/contacts/ada", json={"stage": "customer"})
    assert (await why(kindling))[4]["outcome"] == "enrolled"


async def test_a_trigger_on_an_event_is_explained_by_events(kindling: Installation) -> None:
    await kindling.publish()
    await kindling.automate(
        "paid", trigger={"event": "pay", "where": {"n": {"greater": 5}}}, steps=[{"add_tag": "x"}]
    )
    await kindling.send({"type": "pay", "contact": "ada", "properties": {"n": 5}})
    kindling.later()
    await kindling.send({"type": "pay", "contact": "ada", "properties": {"n": 6}})
    kindling.score()
    items = await why(kindling, "paid")
    assert [item["outcome"] for item in items] == ["enrolled", "where"]
    assert items[1]["filters"] == [{"text": "n is greater than 5", "actual": 5, "holds": False}]


async def test_a_deals_automation_is_asked_about_a_deal(kindling: Installation) -> None:
    await kindling.publish("pipeline", applies_to="deal", rules=[{"key": "call", "on": "call", "points": 5}])
    trigger = {"profile": "pipeline", "filters": {"score": {"greater": 3}, "deal.value": {"greater": 10}}}
    await kindling.automate("deal-hot", trigger=trigger, steps=[{"add_tag": "x"}])
    await kindling.client.put("/v1/deals/d1", json={"contact": "ada", "value": 5})
    await kindling.send({"type": "call", "deal": "d1"})
    kindling.score()
    (item,) = await why(kindling, "deal-hot", deal="d1")
    assert (item["outcome"], [verdict["holds"] for verdict in item["filters"]]) == ("filters", [True, False])
    wrong = await kindling.client.get("/v1/automations/deal-hot/why?contact=ada")
    assert wrong.json()["detail"] == "the automation looks at scores of deals; name a deal"


@pytest.mark.parametrize(("query", "status"), [("", 422), ("?contact=a&deal=b", 422), ("?contact=none", 404)])
async def test_questions_that_cannot_be_answered(kindling: Installation, query: str, status: int) -> None:
    await kindling.client.put("/v1/profiles/engagement", json=PROFILE)
    await kindling.client.put("/v1/automations/hot", json=AUTOMATION)
    assert (await kindling.client.get(f"/v1/automations/hot/why{query}")).status_code == status


async def test_guards_are_told_for_every_change_near_or_not(kindling: Installation) -> None:
    await kindling.publish()
    trigger = {
        "profile": "engagement",
        "filters": {"score": {"greater_or_equal": 5}},
        "fires": "on_entry",
        "rearm": {"less": 3},
        "reentry": {"after": "7d"},
        "while_running": "skip",
    }
    await kindling.automate(trigger=trigger, steps=[{"wait": "30d"}])
    await kindling.send(*opened("ada", 5))
    kindling.score()
    kindling.later(8)
    await kindling.send({"type": "list.left", "contact": "ada"})
    await kindling.send(*opened("ada", 2))
    kindling.score()
    items = await why(kindling)
    assert [(item["previous"], item["current"], item["outcome"]) for item in items[:4]] == [
        (4, 5, "rearm"),
        (3, 4, "filters"),
        (5, 3, "filters"),
        (4, 5, "enrolled"),
    ]
    said = {guard["guard"]: (guard["text"], guard["holds"]) for guard in items[0]["guards"]}
    assert said["rearm"] == ("rearm: score is less than 3, since the last start", False)
    assert said["reentry"] == ("reentry: after 7 days; the last start was 2026-11-22T12:00:00.000000Z", True)
    assert said["while_running"] == ("while_running: skip; 1 running then", False)
    assert said["depth"] == ("0 of at most 5 follow-ups led here", True)
    first = {guard["guard"]: guard["holds"] for guard in items[3]["guards"]}
    assert first == {"reentry": True, "while_running": True, "rearm": True, "depth": True}
    assert items[0]["workflow_id"] is items[3]["workflow_id"] is None
    begun = partial(starting.assign, workflow_id="hot.1", ids=[items[3]["enrollment"]])
    kindling.database.run(begun)
    item = (await why(kindling, "hot"))[3]
    assert (item["workflow_id"], item["workflow_url"].rpartition("/")[2]) == ("hot.1", "hot.1")


async def test_bands_of_other_profiles_are_told_as_they_are(kindling: Installation) -> None:
    await kindling.publish()
    bands = {"low": None, "high": 50}
    await kindling.publish("other", bands=bands, rules=[{"key": "o", "on": "email.opened", "points": 60}])
    trigger = {"profile": "engagement", "filters": {"bands.other": {"equal": "high"}}}
    await kindling.automate(trigger=trigger, steps=[{"stop": "x"}])
    await kindling.send(*opened("ada", 1))
    kindling.score()
    [item] = await why(kindling)
    assert item["outcome"] == "enrolled"
    assert item["filters"] == [{"text": "other band is high", "actual": "high", "holds": True}]


async def test_each_change_is_answered_by_the_version_of_its_time(kindling: Installation) -> None:
    await kindling.publish()
    await kindling.automate()
    await kindling.send(*opened("ada", 1))
    kindling.score()
    kindling.later()
    stage = {"profile": "engagement", "filters": {"contact.stage": {"equal": "x"}}}
    await kindling.automate(trigger=stage, steps=[{"stop": "x"}])
    await kindling.send(*opened("ada", 1))
    kindling.score()
    newer, older = await why(kindling)
    assert (newer["automation_version"], newer["filters"][0]["text"]) == (2, "contact stage is x")
    assert (older["automation_version"], older["filters"][0]["text"]) == (1, "score is at least 5")
    kindling.later()
    await kindling.automate(trigger={"event": "email.opened"}, steps=[{"stop": "x"}])
    assert [item["outcome"] for item in await why(kindling)] == ["elsewhere", "elsewhere"]


async def test_enrollments_by_hand_are_told_besides(kindling: Installation) -> None:
    await kindling.publish()
    await kindling.send(*opened("ada", 1))
    kindling.score()
    kindling.later()
    await kindling.automate()
    await kindling.client.post("/v1/automations/hot/enroll", json={"contacts": ["ada"]})
    await kindling.client.post("/v1/automations/hot/drop-queued")
    explanation = await kindling.get("/v1/automations/hot/why", contact="ada")
    assert [(one["cause"], one["enrollment"], one["reason"]) for one in explanation["besides"]] == [
        ("manual", None, "dropped")
    ]
    assert explanation["items"][0]["outcome"] == "unpublished"


async def test_guards_of_events_of_one_batch_tell_what_came_before(kindling: Installation) -> None:
    await kindling.automate("once", trigger={"event": "go", "reentry": "once"}, steps=[{"stop": "x"}])
    await kindling.send({"type": "go", "contact": "ada"}, {"type": "go", "contact": "ada"})
    kindling.later(1 / 24)
    kindling.score()
    second, first = await why(kindling, "once")
    assert (first["outcome"], second["outcome"]) == ("enrolled", "skipped")
    assert first["guards"][0]["text"] == "reentry: once; there was none before"
    assert (second["guards"][0]["guard"], second["guards"][0]["holds"]) == ("reentry", False)


async def test_entering_because_of_a_field_is_told_besides(kindling: Installation) -> None:
    await kindling.publish()
    filters = {"score": {"greater_or_equal": 5}, "contact.stage": {"equal": "lead"}}
    trigger = {"profile": "engagement", "filters": filters, "fires": "on_entry"}
    await kindling.automate(trigger={**trigger, "looks_at": "scores_and_fields"}, steps=[{"add_tag": "hot"}])
    await kindling.send(*opened("ada", 5))
    kindling.score()
    kindling.later()
    await kindling.client.patch("/v1/contacts/ada", json={"stage": "lead"})
    kindling.score()
    explanation = await kindling.get("/v1/automations/hot/why", contact="ada")
    assert explanation["items"][0]["outcome"] == "otherwise", "the score was there, the stage was not"
    [besides] = explanation["besides"]
    assert (besides["cause"], besides["reason"]) == ("attribute", None)
    assert besides["enrollment"] is not None
