"""Whose scores time alone will move within a time: what the forecast of each score says, of all of them."""

from typing import Any

import pytest

from conditions.times import DAY, from_iso, to_iso
from services.foresight import moves
from tests.api.installation import NOW, Installation, opened

RULES: list[dict[str, Any]] = [
    {"key": "opened", "on": "email.opened", "points": 2, "expires_after": "6d"},
    {"key": "paid", "on": "paid", "points": 10, "decay": {"percent": 50, "every": "5d"}},
    {"key": "quiet", "after_silence": "8d", "points": -3},
    {"key": "old-hand", "while": {"since": {"older_than": "10d"}}, "points": 7},
]
BANDS = {"cold": None, "warm": 3, "hot": 8}


@pytest.fixture
async def scored(kindling: Installation) -> Installation:
    """Ten contacts whose scores go every way, and one that nothing will move."""
    await kindling.publish(rules=RULES, bands=BANDS, max=20)
    for number in range(10):
        key = f"c{number}"
        days = [to_iso(NOW - number * DAY // 2 - turn * DAY) for turn in range(number % 4)]
        for day in days:
            await kindling.send(*opened(key, occurred_at=day))
        if number % 3 == 0:
            await kindling.send({"type": "paid", "contact": key, "occurred_at": to_iso(NOW - number * DAY)})
        else:
            await kindling.send({"type": "hello", "contact": key})
        if number % 2:
            since = to_iso(NOW - (4 + number) * DAY)[:10]
            await kindling.client.patch(f"/v1/contacts/{key}", json={"fields": {"since": since}})
    kindling.score()
    return kindling


async def _expected(kindling: Installation, within: int) -> dict[str, dict[str, Any]]:
    """The same by the forecast of each score."""
    expected = {}
    for contact in (await kindling.get("/v1/contacts", limit=100))["items"]:
        one = await kindling.get(f"/v1/contacts/{contact['key']}/scores/engagement")
        assert len(one["forecast"]) < 10, "the forecast of one shows ten"
        coming = [change for change in one["forecast"] if from_iso(change["at"]) <= NOW + within * DAY]
        if coming:
            leaves = next((change["at"] for change in coming if change["band"] != one["band"]), None)
            expected[contact["key"]] = {
                "contact": contact["key"],
                "score": one["score"],
                "band": one["band"],
                "at": coming[0]["at"],
                "score_then": coming[-1]["score"],
                "band_then": coming[-1]["band"],
                "band_until": leaves,
                "looked_until": None,
            }
    return expected


@pytest.mark.parametrize("within", [1, 3, 7, 30])
async def test_it_is_what_the_forecast_of_each_score_says(scored: Installation, within: int) -> None:
    expected = await _expected(scored, within)
    page = await scored.get("/v1/forecast", profile="engagement", within=f"{within}d")
    assert {item["contact"]: item for item in page["items"]} == expected
    assert page["next"] is None
    assert [item["contact"] for item in page["items"]] != []


async def test_it_happens_as_foretold(scored: Installation) -> None:
    moving = {item["contact"]: item for item in await _all(scored, within="7d")}
    before = {row["key"]: row["score"] for row in await _scores(scored)}
    scored.later(7)
    scored.score()
    for row in await _scores(scored):
        foretold = moving.get(row["key"])
        expected = (foretold["score_then"], foretold["band_then"]) if foretold else (before[row["key"]], None)
        assert row["score"] == expected[0]
        if foretold:
            assert row["band"] == expected[1]


async def test_who_cools_who_warms_and_who_changes_its_band(scored: Installation) -> None:
    every = {item["contact"]: item for item in await _all(scored, within="14d")}
    for direction, sign in (("down", -1), ("up", 1)):
        going = {item["contact"] for item in await _all(scored, within="14d", direction=direction)}
        assert going == {
            key
            for key, item in every.items()
            if ((item["score_then"] or 0) - (item["score"] or 0)) * sign > 0
        }
        assert going
    every = {item["contact"]: item for item in await _all(scored, within="3d")}
    bands = {item["contact"] for item in await _all(scored, within="3d", bands=True)}
    assert bands == {key for key, item in every.items() if item["band"] != item["band_then"]}
    assert 0 < len(bands) < len(every)


async def test_pages_go_on_where_they_ended(scored: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = await _all(scored, within="30d")
    assert await _all(scored, within="30d", limit=2) == whole
    monkeypatch.setattr(moves, "CHUNK", 3)
    monkeypatch.setattr(moves, "MOST", 3)
    assert await _all(scored, within="30d", limit=2) == whole
    assert await _all(scored, within="30d", direction="up", limit=2) == [
        item for item in whole if (item["score_then"] or 0) > (item["score"] or 0)
    ]


async def test_of_a_smart_list(scored: Installation) -> None:
    filters = {"contact.since": {"not_empty": True}}
    await scored.client.put("/v1/smart-lists/dated", json={"filters": filters})
    listed = {row["key"] for row in (await scored.get("/v1/smart-lists/dated/contacts"))["items"]}
    every = await _all(scored, within="30d")
    of_list = await _all(scored, within="30d", smart_list="dated")
    assert of_list == [item for item in every if item["contact"] in listed]
    assert 0 < len(of_list) < len(every)
    scores = {"profile": "engagement", "filter": {"score_gte": 5}}
    await scored.client.put("/v1/smart-lists/scored", json=scores)
    high = await _all(scored, within="30d", smart_list="scored")
    assert high == [item for item in every if (item["score"] or 0) >= 5]


async def test_deals_move_too(kindling: Installation) -> None:
    rules = [{"key": "call", "on": "call", "points": 5, "expires_after": "3d"}]
    await kindling.publish("deals", applies_to="deal", rules=rules)
    await kindling.client.put("/v1/deals/d1", json={"contact": "ada"})
    await kindling.send({"type": "call", "deal": "d1"})
    kindling.score()
    [item] = (await kindling.get("/v1/forecast", profile="deals"))["items"]
    assert (item["deal"], item["score"], item["score_then"]) == ("d1", 5, 0)
    assert item["at"] == to_iso(NOW + 3 * DAY)
    assert "contact" not in item


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"profile": "engagment"}, 'no profile "engagment"; did you mean "engagement"?'),
        ({"profile": "engagement", "within": "soon"}, "a duration is a whole number and a unit"),
        ({"profile": "engagement", "direction": "dwon"}, 'did you mean "down"?'),
        ({"profile": "engagement", "smart_list": "mine"}, 'no smart list "mine"'),
        ({"profile": "engagement", "smart_list": "deals"}, "has deals, and the profile scores contacts"),
        ({"profile": "engagement", "cursor": "xyz"}, "the cursor is not one of this list"),
        ({"within": "7d"}, "profile"),
    ],
)
async def test_mistakes_are_named(kindling: Installation, parameters: dict[str, str], words: str) -> None:
    await kindling.publish()
    await kindling.client.put("/v1/smart-lists/deals", json={"applies_to": "deal"})
    answer = await kindling.client.get("/v1/forecast", params=parameters)
    assert answer.status_code == 422
    assert words in answer.text.replace('\\"', '"')


async def test_a_profile_that_is_not_published_moves_nobody(scored: Installation) -> None:
    await scored.client.post("/v1/profiles/engagement/unpublish")
    assert await _all(scored, within="30d") == []


async def _scores(kindling: Installation) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await kindling.get("/v1/contacts", profile="engagement", limit=100))[
        "items"
    ]
    return items


async def _all(kindling: Installation, **parameters: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = await kindling.get("/v1/forecast", profile="engagement", **parameters, **cursor)
        items += page["items"]
        if page["next"] is None:
            return items
        cursor = {"cursor": page["next"]}
