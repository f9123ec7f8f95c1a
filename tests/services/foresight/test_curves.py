"""Curves, trends, nearness and consequences promise what the functions that score and match then do."""

from typing import Any

import pytest

from conditions.times import to_iso
from store.database import Database
from tests.api.installation import AUTOMATION, NOW, Installation, opened


@pytest.fixture
async def kindling(database: Database, tmp_path: Any) -> Any:
    installation = Installation(database, str(tmp_path))
    async with installation.client:
        yield installation


EXPIRING: dict[str, Any] = {
    "name": "Engagement",
    "bands": {"cold": None, "warm": 3, "hot": 6},
    "rules": [
        {"key": "opened", "on": "email.opened", "points": 1, "expires_after": "30d"},
        {"key": "demo", "on": "stage.changed", "where": {"to": {"equal": "demo"}}, "points": 3},
        {"key": "quiet", "after_silence": "20d", "points": -1},
    ],
}


async def test_a_curve_shows_what_the_score_of_each_moment_is(kindling: Installation) -> None:
    await kindling.publish(**EXPIRING)
    days = (1, 2, 2, 9, 14, 20)
    events = [
        {"type": "email.opened", "contact": "ada", "occurred_at": f"2026-10-{day:02}T0{number}:00:00Z"}
        for number, day in enumerate(days)
    ]
    await kindling.send(*events)
    kindling.score()
    curve = await kindling.get(
        "/v1/contacts/ada/scores/engagement/curve", since="2026-10-01", until="2027-01-31"
    )
    assert curve["exact"]
    for point in [*curve["points"], *curve["ahead"]]:
        then = await kindling.get("/v1/contacts/ada/scores/engagement", at=point["at"])
        assert (then["score"], then["band"]) == (point["score"], point["band"]), point
    scores = [point["score"] for point in curve["points"]]
    assert max(scores) == 6
    assert [point["score"] for point in curve["ahead"]] == []
    between = await kindling.get("/v1/contacts/ada/scores/engagement", at="2026-10-12T00:00:00Z")
    before = [point for point in curve["points"] if point["at"] <= "2026-10-12T00:00:00Z"][-1]
    assert between["score"] == before["score"]


async def test_a_curve_says_how_time_alone_goes_on(kindling: Installation) -> None:
    await kindling.publish(**EXPIRING)
    await kindling.send(*opened("ada", 4, occurred_at="2026-11-20T09:00:00Z"))
    kindling.score()
    curve = await kindling.get("/v1/contacts/ada/scores/engagement/curve", since="-10d", until="+60d")
    for point in curve["ahead"]:
        kindling.now = max(kindling.now, NOW)
        then = await kindling.get("/v1/contacts/ada/scores/engagement", at=point["at"])
        assert then["score"] == point["score"]
    assert [point["score"] for point in curve["ahead"]] == [3, -1]


@pytest.mark.parametrize(("since", "until"), [("+1d", "+9d"), ("-9d", "-1d"), ("soon", "+1d")])
async def test_a_curve_begins_in_the_past_and_ends_in_the_future(
    kindling: Installation, since: str, until: str
) -> None:
    await kindling.publish(**EXPIRING)
    await kindling.send(*opened("ada"))
    answer = await kindling.client.get(
        "/v1/contacts/ada/scores/engagement/curve", params={"since": since, "until": until}
    )
    assert answer.status_code == 422


async def test_a_trend_ends_with_the_present_score_and_says_when_the_band_is_left(
    kindling: Installation,
) -> None:
    await kindling.publish(**EXPIRING)
    await kindling.send(*opened("ada", 4, occurred_at="2026-11-10T09:00:00Z"), *opened("ben"))
    kindling.score()
    trends = {
        one["contact"]: one for one in (await kindling.get("/v1/trends", profile="engagement"))["items"]
    }
    assert trends["ada"]["scores"][0] is None
    assert trends["ada"]["scores"][-1] == 4
    score = await kindling.get("/v1/contacts/ada/scores/engagement")
    assert trends["ada"]["band_until"] == score["band_until"]
    assert len(trends["ada"]["scores"]) == 14


async def test_nearness_says_what_keeps_a_record_out_the_nearest_first(kindling: Installation) -> None:
    await kindling.publish()
    await kindling.automate("hot")
    far = {
        "profile": "engagement",
        "filters": {"score": {"greater_or_equal": 50}, "contact.stage": {"equal": "vip"}},
    }
    await kindling.automate("far", **{**AUTOMATION, "trigger": far})
    once = {
        **AUTOMATION["trigger"],
        "filters": {"score": {"greater_or_equal": 1}},
        "reentry": {"after": "7d"},
    }
    await kindling.automate("once", **{**AUTOMATION, "trigger": {**once, "while_running": "start"}})
    await kindling.send(*opened("ada", 3))
    kindling.score()
    near = {one["automation"]: one for one in (await kindling.get("/v1/contacts/ada/nearness"))["items"]}
    assert list(near) == ["hot", "far", "once"]
    assert (near["hot"]["state"], near["hot"]["short"], near["hot"]["why"]) == (
        "filters",
        2,
        "score is at least 5",
    )
    assert (near["far"]["holding"], near["far"]["tests"]) == (0, 2)
    assert near["once"]["state"] == "running"
    [enrollment] = (await kindling.get("/v1/enrollments", automation="once"))["items"]
    await kindling.client.post(f"/v1/enrollments/{enrollment['id']}/cancel")
    [out] = [
        one
        for one in (await kindling.get("/v1/contacts/ada/nearness"))["items"]
        if one["automation"] == "once"
    ]
    assert out["state"] == "guard"
    assert out["until"] == to_iso(NOW + 7 * 86_400_000_000)


async def test_what_points_by_hand_are_said_to_bring_about_is_what_they_do(kindling: Installation) -> None:
    await kindling.publish()
    await kindling.automate("hot")
    await kindling.send(*opened("ada", 2))
    kindling.score()
    body = {"points": 4, "reason": "met"}
    promised = await kindling.client.post(
        "/v1/contacts/ada/scores/engagement/adjustments/consequences", json=body
    )
    said = promised.json()
    assert said["starts"] == ["hot"]
    [move] = said["scores"]
    assert (move["before"], move["after"], move["band_after"]) == (2, 6, "hot")
    assert (await kindling.get("/v1/enrollments"))["items"] == []
    assert (await kindling.get("/v1/contacts/ada/scores/engagement"))["score"] == 2
    await kindling.client.post("/v1/contacts/ada/scores/engagement/adjustments", json=body)
    kindling.score()
    after = await kindling.get("/v1/contacts/ada/scores/engagement")
    assert (after["score"], after["band"]) == (move["after"], move["band_after"])
    assert [one["automation"] for one in (await kindling.get("/v1/enrollments"))["items"]] == said["starts"]


async def test_what_a_change_is_said_to_bring_about_is_what_it_does(kindling: Installation) -> None:
    await kindling.publish()
    await kindling.automate("hot")
    await kindling.send(*opened("ada", 2))
    kindling.score()
    said = (await kindling.client.post("/v1/contacts/ada/consequences", json={"stage": "demo"})).json()
    assert said["starts"] == ["hot"]
    await kindling.client.patch("/v1/contacts/ada", json={"stage": "demo"})
    kindling.score()
    score = await kindling.get("/v1/contacts/ada/scores/engagement")
    assert score["score"] == said["scores"][0]["after"] == 5
    wrong = await kindling.client.post("/v1/contacts/ada/consequences", json={"stage": 5})
    assert wrong.status_code == 422


async def test_the_overview_tells_what_needs_a_person_and_what_the_day_brings(kindling: Installation) -> None:
    await kindling.publish(**EXPIRING)
    await kindling.send(*opened("ada", 4, occurred_at="2026-10-23T15:00:00Z"))
    due = {"contact": "ada", "title": "Call"}
    await kindling.client.post("/v1/tasks", json={**due, "due_at": "2026-11-22T11:00:00Z"})
    await kindling.client.post("/v1/tasks", json={**due, "due_at": "2026-11-22T18:30:00Z"})
    kindling.score()
    told = await kindling.get("/v1/overview")
    needs = {one["kind"]: one["count"] for one in told["needs"]}
    assert needs["tasks"] == 1
    hours = {one["at"]: one for one in told["day"]["hours"]}
    assert len(hours) == 24
    assert hours["2026-11-22T18:00:00.000000Z"]["tasks"] == 1
    assert hours["2026-11-22T15:00:00.000000Z"]["scores"] == 1
    assert told["day"]["leaving"] == [{"profile": "engagement", "band": "warm", "count": 1}]
