"""What goes on around records, in lists, in answers to why, and in a look back."""

from typing import Any

import pytest

from tests.api.installation import Installation, opened

STEPS = [{"create_task": {"title": "Call"}}]


async def test_why_reads_events_as_they_were_before(kindling: Installation) -> None:
    await kindling.publish()
    back = {"profile": "engagement", "filters": {"contact.last_seen": {"older_than": "2d"}}}
    await kindling.automate("back", trigger=back, steps=STEPS)
    for _ in range(3):
        await kindling.send(*opened("ada"))
        kindling.score()
        kindling.later(3)
    await kindling.send(*opened("ada", 2))
    kindling.score()
    explanation = await kindling.get("/v1/automations/back/why", contact="ada")
    outcomes = [(item["current"], item["outcome"]) for item in explanation["items"]]
    assert outcomes == [(5, "filters"), (4, "enrolled"), (3, "enrolled"), (2, "enrolled"), (1, "filters")]
    tests = [item["filters"][0]["actual"] for item in explanation["items"]]
    assert tests[0][:10] == "2026-12-01"
    assert tests[1][:10] == "2026-11-28"
    assert tests[-1] is None
    looked = await kindling.client.post("/v1/automations/back/backtest", json={"days": 30})
    assert looked.json()["enrollments"] == 3


async def test_a_look_back_at_events_counts_what_was_before_each(kindling: Installation) -> None:
    first = {"event": "form", "where": {"contact.last_event.form": {"empty": True}}}
    await kindling.automate("first", trigger=first, steps=STEPS)
    for contact in ("ada", "ben", "ada"):
        await kindling.send({"type": "form", "contact": contact})
    kindling.score()
    items = (await kindling.get("/v1/automations/first/why", contact="ada"))["items"]
    assert [item["outcome"] for item in items] == ["where", "enrolled"]
    looked = await kindling.client.post("/v1/automations/first/backtest", json={"days": 30})
    assert looked.json()["enrollments"] == 2


@pytest.mark.parametrize(
    ("filters", "keys"),
    [
        ({"contact.last_seen": {"older_than": "2d"}}, ["ada"]),
        ({"contact.open_deals": {"equal": 1}}, ["ben"]),
        ({"contact.in.watched": {"equal": True}}, ["ada", "ben"]),
        ({"contact.in.watched": {"equal": False}}, ["cyd"]),
    ],
)
async def test_smart_lists_ask_for_it(
    kindling: Installation, filters: dict[str, Any], keys: list[str]
) -> None:
    await kindling.automate("watched", trigger={"event": "email.opened"}, steps=[{"wait": "30d"}])
    await kindling.send(*opened("ada"))
    kindling.score()
    kindling.later(3)
    await kindling.send(*opened("ben"), {"type": "hello", "contact": "cyd"})
    await kindling.client.put("/v1/deals/d", json={"contact": "ben"})
    kindling.score()
    saved = await kindling.client.put("/v1/smart-lists/mine", json={"filters": filters})
    assert saved.status_code == 201, saved.text
    page = await kindling.get("/v1/smart-lists/mine/contacts")
    assert [row["key"] for row in page["items"]] == keys


async def test_a_list_names_an_automation_that_is_not_there(kindling: Installation) -> None:
    await kindling.automate("watched", trigger={"event": "x"}, steps=STEPS)
    filters = {"contact.in.wacthed": {"equal": True}}
    answer = await kindling.client.put("/v1/smart-lists/mine", json={"filters": filters})
    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {
            "pointer": "/filters/contact.in.wacthed",
            "message": 'there is no automation "wacthed"; did you mean "watched"?',
        }
    ]


@pytest.mark.parametrize("name", ["open_tasks", "last_seen", "in", "last_event"])
async def test_a_field_of_ones_own_has_another_name(kindling: Installation, name: str) -> None:
    answer = await kindling.client.put("/v1/contacts/ada", json={"fields": {name: 3}})
    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {
            "pointer": f"/fields/{name}",
            "message": f'"contact.{name}" means something else in conditions; choose another name for the field',
        }
    ]


async def test_a_rule_may_not_read_it(kindling: Installation) -> None:
    rule = {"key": "idle", "while": {"open_tasks": {"equal": 0}}, "points": 5}
    answer = await kindling.client.put("/v1/profiles/p", json={"rules": [rule]})
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert error["pointer"] == "/rules/0/while/open_tasks"
    assert "a score comes of events, fields and time alone" in error["message"]


async def test_a_rehearsal_reads_it_as_a_trigger_and_as_steps_do(kindling: Installation) -> None:
    await kindling.publish()
    trigger = {"event": "visit", "filters": {"contact.last_seen": {"older_than": "2d"}}}
    idle = {"contact.open_tasks": {"equal": 1}, "contact.open_follow_ups": {"equal": 0}}
    steps = [
        {"create_task": {"title": "Call"}},
        {"if": idle, "then": [{"add_tag": "busy"}], "else": [{"stop": "x"}]},
    ]
    await kindling.send(*opened("ada"))
    kindling.score()
    kindling.later(3)
    answer = await kindling.client.post(
        "/v1/automations/back/rehearse",
        json={"document": {"trigger": trigger, "steps": steps}, "contact": "ada", "event": "visit"},
    )
    assert answer.status_code == 200, answer.text
    assert "busy" in answer.text
    assert '"enrolls":true' in answer.text.replace(" ", "")
