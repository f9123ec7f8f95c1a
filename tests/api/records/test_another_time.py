"""Scores of an earlier time by the version and the fields of then, as far as they are kept."""

from typing import Any

import pytest

from tests.api.installation import Installation, opened

FIRST: list[dict[str, Any]] = [
    {"key": "opened", "on": "email.opened", "points": 1},
    {"key": "lead", "while": {"stage": {"equal": "lead"}}, "points": 10},
    {"key": "big", "while": {"seats": {"greater": 50}}, "points": 100},
    {"key": "partner", "while": {"tags": {"has": "partner"}}, "points": 1_000},
    {"key": "mute", "while": {"dnd": {"has": "email"}}, "points": 10_000},
]


@pytest.fixture
async def changed(kindling: Installation) -> Installation:
    """A day after the first scores, the rules and all fields are others."""
    await kindling.publish(rules=FIRST)
    await kindling.send(*opened("ada"))
    fields = {"stage": "lead", "tags": ["partner"], "dnd": ["email"], "fields": {"seats": 60}}
    await kindling.client.patch("/v1/contacts/ada", json=fields)
    kindling.score()
    kindling.later(2)
    await kindling.publish(rules=[{**rule, "points": rule["points"] * 2} for rule in FIRST])
    kindling.later(1)
    await kindling.client.patch("/v1/contacts/ada", json={"stage": "customer", "fields": {"seats": 10}})
    await kindling.client.patch("/v1/contacts/ada", json={"stage": "won", "fields": {"seats": None}})
    await kindling.client.patch("/v1/contacts/ada", json={"tags": ["other"], "dnd": []})
    kindling.score()
    return kindling


async def _score(kindling: Installation, **parameters: Any) -> dict[str, Any]:
    one: dict[str, Any] = await kindling.get("/v1/contacts/ada/scores/engagement", **parameters)
    return one


async def test_the_version_and_the_fields_of_then(changed: Installation) -> None:
    today = await _score(changed, at="-2d")
    assert (today["score"], today["version"]) == (2, 2)
    assert (today["recorded"]["score"], today["recorded"]["version"]) == (11_111, 1)
    then = await _score(changed, at="-2d", as_published=True)
    assert (then["score"], then["version"], then["notes"]) == (11_111, 1, [])
    assert sum(line["points"] for line in then["breakdown"]) == 11_111
    [summary] = (await changed.get("/v1/contacts/ada/scores", at="-2d", as_published=True))["items"]
    assert summary["score"] == 11_111
    later = await _score(changed, at="-1h", as_published=True)
    assert (later["score"], later["version"]) == (22_222, 2)
    now = await _score(changed, at="now", as_published=True)
    assert (now["score"], now["recorded"]["score"]) == (2, 2)


async def test_before_the_first_version_there_was_nothing(changed: Installation) -> None:
    then = await _score(changed, at="-30d", as_published=True)
    assert (then["score"], then["version"], then["recorded"]) == (None, None, None)
    assert then["notes"] == ["no version of the profile was published then"]
    assert then["at"] == "2026-10-26T12:00:00.000000Z"


async def test_a_contact_that_was_not_there_had_no_score(changed: Installation) -> None:
    await changed.client.put("/v1/contacts/bob", json={"stage": "lead"})
    changed.score()
    one = await changed.get("/v1/contacts/bob/scores/engagement", at="-2d", as_published=True)
    assert (one["score"], one["notes"]) == (None, ["there was no such contact then"])
    assert (await changed.get("/v1/contacts/bob/scores/engagement", at="-2d"))["score"] == 20


async def test_what_was_shown_then_may_be_another(kindling: Installation) -> None:
    await kindling.publish(rules=FIRST)
    await kindling.send({"type": "hello", "contact": "ada"})
    kindling.score()
    kindling.later(3)
    await kindling.send(*opened("ada", occurred_at="2026-11-23T00:00:00Z"))
    kindling.score()
    then = await _score(kindling, at="-1d", as_published=True)
    assert (then["score"], then["recorded"]) == (1, None)
    assert "recorded" not in await _score(kindling, at="+1d")
    assert "recorded" not in await _score(kindling)


async def test_what_is_not_kept_is_said(changed: Installation) -> None:
    await changed.client.put("/v1/contacts/bob", json={"stage": "lead"})
    await changed.client.post("/v1/contacts/bob/merge", json={"into": "ada"})
    changed.score()
    then = await _score(changed, at="-2d", as_published=True)
    assert then["version"] == 1
    assert "another contact has been merged into this one since" in then["notes"][0]
    changed.later(1)
    assert (await _score(changed, at="-1h", as_published=True))["notes"] == []


async def test_fields_of_deals_and_their_contacts(kindling: Installation) -> None:
    rules: list[dict[str, Any]] = [
        {"key": "big", "while": {"value": {"greater": 50}}, "points": 10},
        {"key": "open", "while": {"status": {"equal": "open"}}, "points": 100},
        {"key": "call", "on": "call", "where": {"contact.stage": {"equal": "lead"}}, "points": 1},
    ]
    await kindling.publish("deals", applies_to="deal", rules=rules)
    await kindling.client.put("/v1/contacts/ada", json={"stage": "lead"})
    await kindling.client.put("/v1/deals/d", json={"contact": "ada", "value": 60})
    await kindling.send({"type": "call", "deal": "d"})
    kindling.score()
    kindling.later(2)
    await kindling.client.patch("/v1/deals/d", json={"value": 10, "status": "won"})
    await kindling.client.patch("/v1/contacts/ada", json={"stage": "customer"})
    kindling.score()
    then = await kindling.get("/v1/deals/d/scores/deals", at="-1d", as_published=True)
    assert then["score"] == then["recorded"]["score"] == 111
    assert (await kindling.get("/v1/deals/d/scores/deals", at="-1d"))["score"] is None


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"as_published": True}, "say of which time"),
        ({"at": "+7d", "as_published": True}, "still to come"),
        ({"at": "22.11.2026"}, "2026-11-22"),
    ],
)
async def test_mistakes_are_named(changed: Installation, parameters: dict[str, Any], words: str) -> None:
    for path in ("/v1/contacts/ada/scores", "/v1/contacts/ada/scores/engagement"):
        answer = await changed.client.get(path, params=parameters)
        assert (answer.status_code, words in answer.text) == (422, True)
