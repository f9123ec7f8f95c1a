"""Enrolling by hand, by list, and all who match: counted first, guarded like any other start."""

from typing import Any

import pytest
from sqlalchemy import func, select, update

from store.follow_ups.enrollments import ENROLLMENTS
from tests.api.installation import AUTOMATION, Installation, opened

ONCE: dict[str, Any] = {
    "trigger": {
        "profile": "engagement",
        "filters": {"score": {"greater_or_equal": 3}, "contact.stage": {"not_equal": "customer"}},
        "fires": "on_entry",
        "while_running": "skip",
    },
    "steps": [{"add_tag": "hot"}, {"wait": "30d"}],
    "exit_when": {"contact.owner": {"equal": "nobody"}},
}


async def enroll(kindling: Installation, status: int = 200, key: str = "hot", **body: Any) -> Any:
    answer = await kindling.client.post(f"/v1/automations/{key}/enroll", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def crowd(kindling: Installation) -> None:
    """Ada 5, Ben 3, Cleo 1, Dora 4 but a customer, Eve 6 with an exit; all before the automation is published."""
    await kindling.publish()
    for contact, count in (("ada", 5), ("ben", 3), ("cleo", 1), ("dora", 4), ("eve", 6)):
        await kindling.send(*opened(contact, count))
    await kindling.client.patch("/v1/contacts/dora", json={"stage": "customer"})
    await kindling.client.patch("/v1/contacts/eve", json={"owner": "nobody"})
    kindling.score()
    await kindling.automate(**ONCE)


async def enrolled(kindling: Installation) -> list[tuple[str, str, int]]:
    items = (await kindling.get("/v1/enrollments"))["items"]
    return sorted((item["contact"], item["cause"], item["current"]) for item in items)


async def test_all_who_match_are_counted_first_and_then_enrolled(kindling: Installation) -> None:
    await crowd(kindling)
    counted = await enroll(kindling, matching=True, dry_run=True)
    assert (counted["enrolled"], counted["skipped"], counted["records"]) == (2, {"exit": 1}, 5)
    assert await enrolled(kindling) == []
    done = await enroll(kindling, matching=True)
    assert (done["enrolled"], done["skipped"]) == (2, {"exit": 1})
    assert await enrolled(kindling) == [("ada", "manual", 5), ("ben", "manual", 3)]
    again = await enroll(kindling, matching=True)
    assert (again["enrolled"], again["skipped"]) == (0, {"exit": 1, "running": 2})


async def test_the_same_request_enrolls_nobody_twice(kindling: Installation) -> None:
    await kindling.publish()
    await kindling.send(*opened("ada", 5))
    kindling.score()
    await kindling.automate()
    first = await enroll(kindling, contacts=["ada"], request="monday")
    second = await enroll(kindling, contacts=["ada"], request="monday")
    third = await enroll(kindling, contacts=["ada"], again=True)
    assert (first["enrolled"], second["enrolled"], third["enrolled"]) == (1, 0, 1)


async def test_a_list_enrolled_once_more_reaches_those_who_are_new_on_it(kindling: Installation) -> None:
    await kindling.publish()
    await kindling.send(*opened("ada", 5), *opened("ben", 5), *opened("eve", 5))
    kindling.score()
    await kindling.automate()
    await enroll(kindling, contacts=["ada", "ben"], request="monday")
    with kindling.database.write() as connection:
        first = select(func.min(ENROLLMENTS.c.contact_id)).scalar_subquery()
        connection.execute(
            update(ENROLLMENTS).where(ENROLLMENTS.c.contact_id == first).values(status="completed")
        )
    for more in ({"dry_run": True}, {"request": "tuesday"}):
        counted = await enroll(kindling, matching=True, **more)
        left_out = (counted["running"], counted["recent"], counted["already"])
        assert (counted["enrolled"], left_out, counted["skipped"]) == (1, (1, 1, 0), {})
    assert [contact for contact, *_ in await enrolled(kindling)] == ["ada", "ben", "eve"]
    assert (await enroll(kindling, contacts=["ada", "ben"], again=True, dry_run=True))["enrolled"] == 2
    kindling.later(8)
    later = await enroll(kindling, matching=True, dry_run=True)
    assert (later["enrolled"], later["running"], later["recent"]) == (1, 2, 0)


@pytest.mark.parametrize(
    ("trigger", "skipped", "let_in"),
    [
        ({"while_running": "skip"}, {"running": 1}, 0),
        ({"reentry": "once", "while_running": "skip"}, {"reentry": 1}, 0),
        ({"reentry": {"after": "1d"}}, {}, 1),
    ],
)
async def test_what_a_trigger_says_of_coming_again_counts_for_hands_too(
    kindling: Installation, trigger: dict[str, Any], skipped: dict[str, int], let_in: int
) -> None:
    await kindling.publish()
    await kindling.send(*opened("ada", 5))
    kindling.score()
    await kindling.automate(
        trigger={"profile": "engagement", "filters": {"score": {"greater": 3}}, **trigger},
        steps=[{"add_tag": "x"}],
    )
    await enroll(kindling, contacts=["ada"])
    if "reentry" in trigger:
        with kindling.database.write() as connection:
            connection.execute(update(ENROLLMENTS).values(status="completed"))
    kindling.later(2)
    again = await enroll(kindling, contacts=["ada"])
    assert (again["skipped"], again["enrolled"], again["running"], again["recent"]) == (skipped, let_in, 0, 0)


async def test_named_contacts_enroll_whatever_the_filters_say(kindling: Installation) -> None:
    await crowd(kindling)
    done = await enroll(kindling, contacts=["cleo", "dora", "cleo", "eve"])
    assert (done["enrolled"], done["skipped"]) == (2, {"exit": 1})
    assert await enrolled(kindling) == [("cleo", "manual", 1), ("dora", "manual", 4)]


async def test_a_smart_list_enrolls(kindling: Installation) -> None:
    await crowd(kindling)
    saved = await kindling.client.put(
        "/v1/smart-lists/low", json={"profile": "engagement", "score_lte": 4, "sort": "-score"}
    )
    assert saved.status_code == 201
    assert (await enroll(kindling, smart_list="low", dry_run=True))["enrolled"] == 3
    await enroll(kindling, smart_list="low")
    assert [contact for contact, _, _ in await enrolled(kindling)] == ["ben", "cleo", "dora"]


async def test_publishing_and_resuming_offer_the_same(kindling: Installation) -> None:
    await kindling.publish()
    await kindling.send(*opened("ada", 5), *opened("ben", 1))
    kindling.score()
    await kindling.client.put("/v1/automations/hot", json=AUTOMATION)
    assert (await enroll(kindling, matching=True, dry_run=True))["enrolled"] == 1
    published = await kindling.client.post("/v1/automations/hot/publish", json={"enroll": {"matching": True}})
    assert published.json()["enrolled"]["enrolled"] == 1
    await kindling.client.post("/v1/automations/hot/pause")
    assert (await enroll(kindling, contacts=["ben"]))["skipped"] == {"paused": 1}
    resumed = await kindling.client.post("/v1/automations/hot/resume", json={"enroll": {"contacts": ["ben"]}})
    assert resumed.json()["enrolled"]["enrolled"] == 1
    assert await enrolled(kindling) == [("ada", "manual", 5), ("ben", "manual", 1)]


async def test_a_draft_is_counted_before_it_is_published(kindling: Installation) -> None:
    await crowd(kindling)
    wider = {**ONCE, "trigger": {**ONCE["trigger"], "filters": {"score": {"greater_or_equal": 1}}}}
    await kindling.client.put("/v1/automations/hot", json=wider)
    assert (await enroll(kindling, matching=True, dry_run=True))["enrolled"] == 2
    assert (await enroll(kindling, matching=True, dry_run=True, draft=True))["enrolled"] == 4
    assert (await enroll(kindling, 422, matching=True, draft=True))["errors"][0]["pointer"] == "/draft"


async def test_deals_enroll_in_automations_about_deals(kindling: Installation) -> None:
    await kindling.publish(
        "deal-score", applies_to="deal", rules=[{"key": "m", "on": "meeting.held", "points": 4}]
    )
    await kindling.client.put("/v1/deals/d1", json={"contact": "ada", "name": "Big"})
    await kindling.send({"type": "meeting.held", "deal": "d1"})
    kindling.score()
    trigger = {"profile": "deal-score", "filters": {"score": {"greater": 1}}}
    await kindling.automate("deals", trigger=trigger, steps=[{"stop": "x"}])
    assert (await enroll(kindling, key="deals", deals=["d1"]))["enrolled"] == 1
    assert (await enroll(kindling, key="deals", matching=True, again=True))["enrolled"] == 1
    assert (await enroll(kindling, key="deals", deals=["d1"]))["running"] == 1
    refused = await enroll(kindling, 422, key="deals", contacts=["ada"])
    assert refused["errors"] == [{"pointer": "/contacts", "message": '"deals" enrolls deals; name deals'}]


@pytest.mark.parametrize(
    ("body", "pointer", "message"),
    [
        ({}, "", "say who with one of contacts, deals, smart_list, matching"),
        ({"matching": True, "contacts": ["ada"]}, "", "say who with one of"),
        ({"contacts": ["ada", "nobody"]}, "/contacts/1", 'there is no contact "nobody"'),
        ({"contact": "ada"}, "/contact", 'did you mean "contacts"'),
        ({"contacts": []}, "/contacts", "should not be empty"),
    ],
)
async def test_requests_that_are_wrong_enroll_nobody(
    kindling: Installation, body: dict[str, Any], pointer: str, message: str
) -> None:
    await kindling.publish()
    await kindling.send(*opened("ada", 5))
    kindling.score()
    await kindling.automate()
    refused = await enroll(kindling, 422, **body)
    assert refused["errors"][0]["pointer"] == pointer
    assert message in refused["errors"][0]["message"]
    assert await enrolled(kindling) == []


async def test_what_cannot_be_done_is_said(kindling: Installation) -> None:
    await kindling.publish()
    await kindling.automate("paid", trigger={"event": "payment.failed"}, steps=[{"stop": "x"}])
    assert "nobody has now" in (await enroll(kindling, 409, key="paid", matching=True))["detail"]
    await kindling.client.put("/v1/automations/draft", json=AUTOMATION)
    assert "is not published" in (await enroll(kindling, 409, key="draft", matching=True))["detail"]
    assert "no smart list" in (await enroll(kindling, 404, key="paid", smart_list="x"))["detail"]


async def test_pausing_takes_running_ones_along_and_resuming_wakes_them(kindling: Installation) -> None:
    await crowd(kindling)
    await enroll(kindling, matching=True)
    paused = await kindling.client.post("/v1/automations/hot/pause", json={"running": True})
    assert paused.json()["follow_ups_paused"] == 2
    assert {item["paused"] for item in (await kindling.get("/v1/enrollments"))["items"]} == {True}
    kindling.wakes.clear()
    resumed = await kindling.client.post("/v1/automations/hot/resume", json={"running": True})
    assert resumed.json()["follow_ups_resumed"] == 2
    assert set(kindling.wakes) == {0, 1, 2, 3}
    assert {item["paused"] for item in (await kindling.get("/v1/enrollments"))["items"]} == {False}


async def test_publishing_shows_the_difference_from_the_version_before(kindling: Installation) -> None:
    await kindling.publish()
    await kindling.client.put("/v1/automations/hot", json=AUTOMATION)
    first = await kindling.client.post("/v1/automations/hot/publish")
    assert "difference" not in first.json()
    await kindling.client.put("/v1/automations/hot", json={**AUTOMATION, "steps": [{"add_tag": "warm"}]})
    second = (await kindling.client.post("/v1/automations/hot/publish")).json()
    assert (second["difference"]["from"], second["difference"]["to"]) == (1, 2)
    assert "+  - add_tag: warm" in second["difference"]["diff"] or "warm" in second["difference"]["diff"]


async def test_scores_of_other_profiles_are_read_though_nothing_published_reads_them(
    kindling: Installation,
) -> None:
    await kindling.publish()
    await kindling.publish("other", rules=[{"key": "o", "on": "email.opened", "points": 60}])
    await kindling.send(*opened("ada", 1))
    kindling.score()
    trigger = {"profile": "engagement", "filters": {"scores.other": {"greater": 10}, "score": {"greater": 0}}}
    await kindling.client.put("/v1/automations/hot", json={"trigger": trigger, "steps": [{"stop": "x"}]})
    assert (await enroll(kindling, matching=True, dry_run=True))["enrolled"] == 1


@pytest.mark.parametrize(
    ("wanted", "pointer"),
    [
        ({"contacts": ["nobody"]}, "/enroll/contacts/0"),
        ({"matching": True, "dry_run": True}, "/enroll/dry_run"),
        ({"matching": "yes"}, "/enroll/matching"),
    ],
)
async def test_a_publish_whose_enrolling_would_fail_changes_nothing(
    kindling: Installation, wanted: dict[str, Any], pointer: str
) -> None:
    await kindling.publish()
    await kindling.client.put("/v1/automations/hot", json=AUTOMATION)
    refused = await kindling.client.post("/v1/automations/hot/publish", json={"enroll": wanted})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == pointer
    assert (await kindling.get("/v1/automations/hot"))["status"] == "draft"
    await kindling.automate()
    await kindling.client.post("/v1/automations/hot/pause")
    again = await kindling.client.post("/v1/automations/hot/resume", json={"enroll": wanted})
    assert again.status_code == 422
    assert (await kindling.get("/v1/automations/hot"))["status"] == "paused"


async def test_deals_enroll_in_automations_that_start_at_an_event(kindling: Installation) -> None:
    await kindling.client.put("/v1/deals/d1", json={"contact": "ada"})
    await kindling.automate("won", trigger={"event": "deal.won"}, steps=[{"stop": "x"}])
    assert (await enroll(kindling, key="won", deals=["d1"]))["enrolled"] == 1
    assert [(item["contact"], item["deal"]) for item in (await kindling.get("/v1/enrollments"))["items"]] == [
        ("ada", "d1")
    ]


async def test_what_a_request_has_done_before_is_said(kindling: Installation) -> None:
    await kindling.publish()
    await kindling.send(*opened("ada", 1))
    kindling.score()
    await kindling.automate()
    await enroll(kindling, contacts=["ada"], request="monday")
    again = await enroll(kindling, contacts=["ada"], request="monday")
    assert (again["enrolled"], again["already"]) == (0, 1)


async def test_a_deal_and_its_contact_are_guarded_apart(kindling: Installation) -> None:
    """One event names the deal, the next only the contact: two records, in one batch as in two."""
    await kindling.client.put("/v1/deals/d1", json={"contact": "ada"})
    await kindling.automate("once", trigger={"event": "go", "reentry": "once"}, steps=[{"stop": "x"}])
    for event in ({"deal": "d1"}, {"contact": "ada"}, {"deal": "d1"}, {"contact": "ada"}):
        await kindling.send({"type": "go", **event})
        kindling.score()
    items = (await kindling.get("/v1/enrollments"))["items"]
    assert [item["deal"] for item in reversed(items)] == ["d1", None]


async def test_a_score_that_fell_before_a_queued_start_arms_it_again(kindling: Installation) -> None:
    await kindling.publish()
    trigger = {
        "profile": "engagement",
        "filters": {"score": {"greater_or_equal": 3}},
        "fires": "on_entry",
        "rearm": {"less": 2},
        "max_starts": {"times": 1, "per": "hour"},
    }
    await kindling.automate(trigger=trigger, steps=[{"stop": "x"}])
    await kindling.send(*opened("ada", 3), *opened("ben", 3))
    kindling.score()
    for contact in ("ada", "ben"):
        await kindling.send({"type": "list.left", "contact": contact})
        kindling.score()
        await kindling.send(*opened(contact, 2))
        kindling.score()
    items = (await kindling.get("/v1/enrollments"))["items"]
    assert sorted(item["contact"] for item in items) == ["ada", "ada", "ben", "ben"]


async def test_deals_are_guarded_by_enrollments_of_a_profile_that_is_unpublished_now(
    kindling: Installation,
) -> None:
    rules = [{"key": "m", "on": "meeting.held", "points": 4}]
    await kindling.client.put("/v1/deals/d1", json={"contact": "ada"})
    for profile in ("pa", "pb"):
        await kindling.publish(profile, applies_to="deal", rules=rules)
        trigger = {"profile": profile, "filters": {"score": {"greater": 1}}, "reentry": "once"}
        await kindling.automate("deals", trigger=trigger, steps=[{"stop": "x"}])
        await kindling.send({"type": "meeting.held", "deal": "d1"})
        kindling.score()
        await kindling.client.post("/v1/profiles/pa/unpublish")
    assert len((await kindling.get("/v1/enrollments"))["items"]) == 1


async def test_dates_that_are_over_are_counted_before_anybody_is_enrolled(kindling: Installation) -> None:
    """Ada's contract ended long ago, Ben's ends in years, Cleo has none."""
    wait = {"wait": {"until": "contact.renewal", "offset": "-30d", "if_past": "skip"}}
    await kindling.automate(trigger={"event": "never"}, steps=[{"add_tag": "x"}, wait, {"stop": "sent"}])
    await kindling.send(*({"type": "hello", "contact": contact} for contact in ("ada", "ben", "cleo")))
    for contact, renewal in (("ada", "2020-01-01"), ("ben", "2199-01-01")):
        await kindling.client.patch(f"/v1/contacts/{contact}", json={"fields": {"renewal": renewal}})
    counted = await enroll(kindling, contacts=["ada", "ben", "cleo"], dry_run=True)
    assert (counted["enrolled"], counted["past"]) == (3, 1)
    assert (await enroll(kindling, contacts=["ada", "ben", "cleo"]))["past"] == 1
    await kindling.automate(trigger={"event": "never"}, steps=[{"wait": "1d"}, wait])
    assert (await enroll(kindling, contacts=["ada"], dry_run=True))["past"] == 0
