"""Looking back: who would have entered, when and how often, beside what happened."""

from typing import Any

import pytest

from tests.api.installation import AUTOMATION, PROFILE, Installation, opened


async def backtest(kindling: Installation, status: int = 200, key: str = "hot", **body: Any) -> Any:
    answer = await kindling.client.post(f"/v1/automations/{key}/backtest", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def steps_up(kindling: Installation, contact: str, *events: str) -> None:
    """One change after another, an hour between them."""
    for event in events:
        kindling.later(1 / 24)
        await kindling.send({"type": event, "contact": contact})
        kindling.score()


UP, DOWN = "email.opened", "list.left"


async def test_every_change_is_warned_of_with_what_on_entry_would_do(kindling: Installation) -> None:
    await kindling.publish()
    await steps_up(kindling, "ada", *[UP] * 7, DOWN, DOWN, *[UP] * 3)
    await steps_up(kindling, "ben", *[UP] * 6)
    await steps_up(kindling, "cleo", *[UP] * 2)
    await kindling.client.put("/v1/automations/hot", json=AUTOMATION)
    result = await backtest(kindling)
    assert (result["enrollments"], result["records"], result["looked_at"]) == (8, 2, 20)
    assert result["warnings"] == [
        "fires on every change: 8 enrollments of 2 contacts, did you mean on_entry? That makes 3 enrollments"
    ]
    assert [(item["contact"], item["times"]) for item in result["items"]] == [("ada", 6), ("ben", 2)]
    assert result["items"][0]["entries"][0] == {
        "at": "2026-11-22T17:00:00.000000Z",
        "previous": 4,
        "current": 5,
    }
    assert sum(day["enrollments"] for day in result["per_day"]) == 8
    assert result["published"] == {"enrollments": 0, "records": 0, "skipped": {}}
    assert (await kindling.get("/v1/enrollments"))["items"] == []


async def test_the_draft_stands_beside_what_the_published_version_did(kindling: Installation) -> None:
    await kindling.publish()
    await kindling.automate()
    await steps_up(kindling, "ada", *[UP] * 6)
    await steps_up(kindling, "ben", *[UP] * 4)
    trigger = {"profile": "engagement", "filters": {"score": {"equal": 4}}, "fires": "on_entry"}
    await kindling.client.put("/v1/automations/hot", json={**AUTOMATION, "trigger": trigger})
    draft = await backtest(kindling)
    assert (draft["enrollments"], draft["records"], draft["warnings"]) == (2, 2, [])
    assert draft["published"] == {"enrollments": 2, "records": 1, "skipped": {}}
    assert (draft["only_here"], draft["only_published"]) == (1, 0)
    published = await backtest(kindling, version=1)
    assert (published["enrollments"], published["records"]) == (2, 1)


@pytest.mark.parametrize(
    ("more", "enrollments", "skipped"),
    [
        ({"fires": "on_entry"}, 3, {}),
        ({"fires": "on_entry", "rearm": {"less_or_equal": 3}}, 3, {}),
        ({"fires": "on_entry", "rearm": {"less": 3}}, 1, {}),
        ({"fires": "on_entry", "reentry": "once"}, 1, {"reentry": 2}),
        ({"fires": "on_entry", "reentry": {"after": "4h"}}, 2, {"reentry": 1}),
        ({"fires": "on_entry", "while_running": "skip"}, 2, {"running": 1}),
        ({"while_running": "skip"}, 2, {"running": 1}),
    ],
)
async def test_guards_count_as_they_would_have(
    kindling: Installation, more: dict[str, Any], enrollments: int, skipped: dict[str, int]
) -> None:
    """The score goes 1 2 3 4 5* 3 4 5* 3 4 5*; the filters hold at *, an hour between two changes."""
    await kindling.publish()
    await steps_up(kindling, "ada", *[UP] * 5, DOWN, UP, UP, DOWN, UP, UP)
    trigger = {"profile": "engagement", "filters": {"score": {"greater_or_equal": 5}}, **more}
    steps = [{"add_tag": "hot"}, {"wait": "5h"}]
    await kindling.client.put("/v1/automations/hot", json={"trigger": trigger, "steps": steps})
    result = await backtest(kindling)
    assert (result["enrollments"], result["skipped"]) == (enrollments, skipped)


async def test_only_the_days_asked_for_count_and_what_was_before_guards(kindling: Installation) -> None:
    await kindling.publish()
    once = {**AUTOMATION["trigger"], "fires": "on_entry", "reentry": "once"}
    await kindling.automate(trigger=once, steps=[{"stop": "x"}])
    await steps_up(kindling, "ada", *[UP] * 5)
    kindling.later(20)
    await steps_up(kindling, "ada", DOWN, UP, UP)
    await steps_up(kindling, "ben", *[UP] * 5)
    assert (await backtest(kindling, days=10))["skipped"] == {"reentry": 1}
    assert (await backtest(kindling, days=10))["enrollments"] == 1
    assert (await backtest(kindling, days=30))["enrollments"] == 2


async def test_silent_changes_and_fields_of_the_event(kindling: Installation) -> None:
    await kindling.publish()
    await kindling.send(*opened("ada", 1, properties={"mail": "a"}))
    await kindling.send(*opened("ben", 1, properties={"mail": "b"}))
    await kindling.send(*opened("cleo", 1, properties={"mail": "a"}), triggers="silent")
    kindling.score()
    trigger = {"profile": "engagement", "filters": {"event.mail": {"equal": "a"}}}
    await kindling.client.put("/v1/automations/hot", json={"trigger": trigger, "steps": [{"stop": "x"}]})
    assert [item["contact"] for item in (await backtest(kindling))["items"]] == ["ada"]


async def test_a_trigger_on_an_event_is_run_over_events(kindling: Installation) -> None:
    await kindling.publish()
    for contact, amount in (("ada", 10), ("ada", 200), ("ben", 300), ("ben", 400)):
        kindling.later()
        await kindling.send({"type": "payment.failed", "contact": contact, "properties": {"amount": amount}})
        kindling.score()
    trigger = {"event": "payment.failed", "where": {"amount": {"greater": 100}}, "reentry": {"after": "7d"}}
    await kindling.client.put("/v1/automations/pay", json={"trigger": trigger, "steps": [{"stop": "x"}]})
    result = await backtest(kindling, key="pay")
    assert (result["enrollments"], result["records"], result["skipped"]) == (2, 2, {"reentry": 1})
    assert result["looked_at"] == 4


async def test_deals_are_told_by_their_keys(kindling: Installation) -> None:
    await kindling.publish("d", applies_to="deal", rules=[{"key": "m", "on": "meeting.held", "points": 4}])
    await kindling.client.put("/v1/deals/d1", json={"contact": "ada"})
    await kindling.send({"type": "meeting.held", "deal": "d1"})
    kindling.score()
    trigger = {"profile": "d", "filters": {"score": {"greater": 1}, "deal.status": {"equal": "open"}}}
    await kindling.client.put("/v1/automations/deals", json={"trigger": trigger, "steps": [{"stop": "x"}]})
    [item] = (await backtest(kindling, key="deals"))["items"]
    assert (item["contact"], item["deal"], item["times"]) == ("ada", "d1", 1)


async def test_what_cannot_be_looked_back_on(kindling: Installation) -> None:
    await kindling.publish()
    await kindling.client.put("/v1/automations/hot", json=AUTOMATION)
    assert (await backtest(kindling, 422, days=0))["errors"][0]["pointer"] == "/days"
    assert (await backtest(kindling, 422, day=3))["errors"][0]["pointer"] == "/day"
    assert "it has not been published" in (await backtest(kindling, 404, version=1))["detail"]
    await kindling.client.post("/v1/profiles/engagement/unpublish")
    assert "is not published" in (await backtest(kindling, 409))["detail"]


async def test_numbers_of_an_automation(kindling: Installation) -> None:
    await kindling.publish()
    await kindling.automate(
        trigger=AUTOMATION["trigger"],
        steps=[{"key": "ask", "if": {"score": {"greater": 5}}, "then": [{"add_tag": "x"}]}],
    )
    await kindling.send(*opened("ada", 6))
    kindling.score()
    stats = await kindling.get("/v1/automations/hot/stats")
    assert (stats["entered"], stats["queued"], stats["completed"], stats["skipped"]) == (2, 2, 0, {})
    assert stats["steps"] == [
        {
            "path": "0",
            "key": "ask",
            "title": "if score is greater than 5",
            "done": 0,
            "branches": [
                {"branch": "then", "title": "then", "count": 0},
                {"branch": "else", "title": "else", "count": 0},
            ],
        },
        {"path": "0.then.0", "key": None, "title": "add tag x", "done": 0, "branches": []},
    ]
    assert (await kindling.get("/v1/automations/hot/stats", version=1))["entered"] == 2
    missing = await kindling.client.get("/v1/automations/hot/stats", params={"version": 7})
    assert missing.status_code == 404


async def test_bands_of_the_time_decide(kindling: Installation) -> None:
    await kindling.publish()
    trigger = {"profile": "engagement", "filters": {"band": {"equal": "hot"}}, "fires": "on_entry"}
    await kindling.automate(trigger=trigger, steps=[{"stop": "x"}])
    await steps_up(kindling, "ada", *[UP] * 6)
    await kindling.publish(**{**PROFILE, "bands": {"cold": None, "hot": 80}})
    result = await backtest(kindling, version=1)
    assert (result["enrollments"], result["only_published"]) == (1, 0)


async def test_changes_of_one_batch_run_at_once(kindling: Installation) -> None:
    await kindling.publish()
    trigger = {"profile": "engagement", "filters": {"score": {"greater": 0}}, "while_running": "skip"}
    await kindling.automate(trigger=trigger, steps=[{"stop": "x"}])
    await kindling.send(*opened("ada", 4))
    kindling.score()
    result = await backtest(kindling)
    assert (result["enrollments"], result["skipped"]) == (1, {"running": 3})
    assert result["published"] == {"enrollments": 1, "records": 1, "skipped": {"running": 3}}


async def test_events_are_run_in_the_order_of_arrival(kindling: Installation) -> None:
    await kindling.publish()
    trigger = {"event": "pay", "reentry": {"after": "2s"}}
    await kindling.automate("pay", trigger=trigger, steps=[{"stop": "x"}])
    for at in ("2026-11-22T11:00:00Z", "2026-11-22T10:00:00Z"):
        await kindling.send({"type": "pay", "contact": "ada", "occurred_at": at})
        kindling.score()
        kindling.later(1 / 24)
    assert (await backtest(kindling, key="pay"))["enrollments"] == 2
    assert (await backtest(kindling, key="pay"))["published"]["enrollments"] == 2


async def test_who_was_enrolled_by_hand_is_not_what_the_trigger_did(kindling: Installation) -> None:
    await kindling.publish()
    await kindling.automate()
    await kindling.send(*opened("ada", 1))
    kindling.score()
    await kindling.client.post("/v1/automations/hot/enroll", json={"contacts": ["ada"]})
    assert (await backtest(kindling))["published"]["enrollments"] == 0


@pytest.mark.parametrize("looks_at", ["scores", "scores_and_fields"])
async def test_fields_are_read_as_they_were(kindling: Installation, looks_at: str) -> None:
    """Points first, the stage later: the change of the score enrolled nobody, and would not have."""
    await kindling.publish()
    trigger = {
        "profile": "engagement",
        "fires": "on_entry",
        "looks_at": looks_at,
        "filters": {"score": {"greater_or_equal": 2}, "contact.stage": {"equal": "lead"}},
    }
    await kindling.automate("hot", trigger=trigger, steps=[{"add_tag": "x"}])
    await kindling.send(*opened("ada", 3))
    kindling.score()
    kindling.later(1 / 24)
    await kindling.client.patch("/v1/contacts/ada", json={"stage": "lead"})
    kindling.score()
    result = await kindling.client.post("/v1/automations/hot/backtest", json={"days": 30})
    told = result.json()
    by_field = looks_at == "scores_and_fields"
    assert (told["enrollments"], told["published"]["enrollments"], told["only_here"]) == (0, int(by_field), 0)
    assert len(told["warnings"]) == by_field


async def test_who_matched_then_counts_whatever_fields_tags_and_other_scores_are_now(
    kindling: Installation,
) -> None:
    await kindling.publish()
    await kindling.publish("other", rules=[{"key": "pay", "on": "pay", "points": 5}])
    await kindling.client.put(
        "/v1/contacts/ada", json={"stage": "lead", "tags": ["vip"], "fields": {"city": "Bonn"}}
    )
    filters = {
        "contact.stage": {"equal": "lead"},
        "contact.tags": {"contains": "vip"},
        "contact.city": {"equal": "Bonn"},
        "scores.other": {"empty": True},
    }
    await kindling.automate(
        "hot", trigger={"profile": "engagement", "filters": filters}, steps=[{"add_tag": "seen"}]
    )
    kindling.later(1 / 24)
    await kindling.send(*opened("ada", 1))
    kindling.score()
    kindling.later(1 / 24)
    await kindling.client.patch(
        "/v1/contacts/ada", json={"stage": "customer", "tags": {"remove": ["vip"]}, "fields": {"city": "Ulm"}}
    )
    await kindling.send({"type": "pay", "contact": "ada"})
    kindling.score()
    kindling.later(1 / 24)
    await kindling.send(*opened("ada", 1))
    kindling.score()
    told = await backtest(kindling)
    assert (told["enrollments"], told["published"]["enrollments"], told["only_here"]) == (1, 1, 0)
    assert told["warnings"] == []
