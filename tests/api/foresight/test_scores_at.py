"""The scores of many records at another time."""

from typing import Any

import pytest

from tests.api.installation import Installation, opened

RULES = [{"key": "opened", "on": "email.opened", "points": 2, "expires_after": "3d"}]
BANDS = {"cold": None, "warm": 2, "hot": 4}


@pytest.fixture
async def scored(kindling: Installation) -> Installation:
    await kindling.publish(rules=RULES, bands=BANDS)
    await kindling.send(*opened("ada", occurred_at="2026-11-20T00:00:00Z"), *opened("ada"), *opened("ben"))
    await kindling.send({"type": "hello", "contact": "cyd"})
    kindling.score()
    return kindling


async def _scores(kindling: Installation, **parameters: Any) -> dict[str, Any]:
    page = await kindling.get("/v1/scores", profile="engagement", **parameters)
    return {item["contact"]: (item["score"], item["band"]) for item in page["items"]}


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-11-19", {"ada": (None, None), "ben": (None, None), "cyd": (None, None)}),
        ("2026-11-21", {"ada": (2, "warm"), "ben": (None, None), "cyd": (None, None)}),
        ("now", {"ada": (4, "hot"), "ben": (2, "warm"), "cyd": (None, None)}),
        ("+2d", {"ada": (2, "warm"), "ben": (2, "warm"), "cyd": (None, None)}),
        ("next month", {"ada": (0, "cold"), "ben": (0, "cold"), "cyd": (None, None)}),
    ],
)
async def test_each_is_what_its_score_is_then(
    scored: Installation, at: str, expected: dict[str, Any]
) -> None:
    assert await _scores(scored, at=at) == expected
    for key, (score, band) in expected.items():
        one = await scored.get(f"/v1/contacts/{key}/scores/engagement", at=at)
        assert (one["score"], one["band"]) == (score, band)


async def test_in_pages_and_of_a_list(scored: Installation) -> None:
    page = await scored.get("/v1/scores", profile="engagement", limit=2)
    assert [item["contact"] for item in page["items"]] == ["ada", "ben"]
    rest = await scored.get("/v1/scores", profile="engagement", limit=2, cursor=page["next"])
    assert [item["contact"] for item in rest["items"]] == ["cyd"]
    assert rest["next"] is None
    hot = {"profile": "engagement", "filter": {"band": "hot"}}
    await scored.client.put("/v1/smart-lists/hot", json=hot)
    assert await _scores(scored, smart_list="hot", at="+2d") == {"ada": (2, "warm")}


async def test_as_published(scored: Installation) -> None:
    scored.later(1)
    await scored.publish(rules=[{**RULES[0], "points": 9}])
    assert await _scores(scored, at="-1h") == {"ada": (9, None), "ben": (9, None), "cyd": (None, None)}
    then = await _scores(scored, at="-1h", as_published=True)
    assert then == {"ada": (2, "warm"), "ben": (2, "warm"), "cyd": (None, None)}


async def test_of_deals(kindling: Installation) -> None:
    await kindling.publish("deals", applies_to="deal", rules=[{"key": "call", "on": "call", "points": 5}])
    await kindling.client.put("/v1/deals/d1", json={"contact": "ada"})
    await kindling.send({"type": "call", "deal": "d1"})
    kindling.score()
    [item] = (await kindling.get("/v1/scores", profile="deals"))["items"]
    assert (item["deal"], item["score"]) == ("d1", 5)
    assert "contact" not in item


async def test_of_a_profile_that_is_not_published(scored: Installation) -> None:
    await scored.client.post("/v1/profiles/engagement/unpublish")
    assert await _scores(scored) == {"ada": (None, None), "ben": (None, None), "cyd": (None, None)}


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"profile": "engagment"}, "did you mean"),
        ({"profile": "engagement", "at": "someday"}, "is no time; write -7d"),
        ({"profile": "engagement", "at": "+1d", "as_published": True}, "still to come"),
        ({"profile": "engagement", "smart_list": "mine"}, "no smart list"),
        ({"profile": "engagement", "cursor": "x"}, "cursor"),
        ({}, "profile"),
    ],
)
async def test_mistakes_are_named(scored: Installation, parameters: dict[str, Any], words: str) -> None:
    answer = await scored.client.get("/v1/scores", params=parameters)
    assert (answer.status_code, words in answer.text) == (422, True)
