"""Points given by hand, over HTTP."""

from typing import Any

import pytest

from tests.api.installation import PROFILE, Installation, opened

ADJUST = "/v1/contacts/ada/scores/engagement/adjustments"


async def adjust(kindling: Installation, **body: Any) -> dict[str, Any]:
    answer = await kindling.client.post(ADJUST, json={"reason": "met at the fair", **body})
    assert answer.status_code == 202, answer.text
    kindling.score()
    adjustment: dict[str, Any] = answer.json()
    return adjustment


@pytest.fixture
async def scored(kindling: Installation) -> Installation:
    await kindling.publish()
    await kindling.send(*opened("ada", 4))
    kindling.score()
    return kindling


async def detail(kindling: Installation, **query: Any) -> dict[str, Any]:
    score: dict[str, Any] = await kindling.get("/v1/contacts/ada/scores/engagement", **query)
    return score


async def test_points_and_targets_add_up_with_reason_and_author(scored: Installation) -> None:
    given = await adjust(scored, points=5, author="eve")
    assert (given["status"], given["points"], given["author"], given["expires_at"]) == (
        "pending",
        5,
        "local for eve",
        None,
    )
    await adjust(scored, set_to=2)
    score = await detail(scored)
    assert score["score"] == 2
    assert {line["rule"]: line["points"] for line in score["breakdown"]} == {"opened": 4, "adjustments": -2}
    assert [(row["previous"], row["current"], row["cause"]) for row in score["history"][:2]] == [
        (9, 2, "adjustment"),
        (4, 9, "adjustment"),
    ]
    assert score["history"][1]["adjustment"] == {
        "id": given["id"],
        "reason": "met at the fair",
        "author": "local for eve",
    }


async def test_they_survive_publishing_and_may_expire(scored: Installation) -> None:
    await adjust(scored, points=5, expires_after="2d")
    await adjust(scored, points=1)
    await scored.publish("engagement", **{**PROFILE, "max": 100})
    assert (await detail(scored))["score"] == 10
    scored.later(2)
    scored.score()
    score = await detail(scored)
    assert (score["score"], score["history"][0]["cause"]) == (5, "expiry")


async def test_they_trigger_like_any_change_unless_silent(scored: Installation) -> None:
    await scored.automate()
    await scored.client.post(f"{ADJUST}?triggers=silent", json={"points": 2, "reason": "quietly"})
    scored.score()
    assert (await scored.get("/v1/enrollments"))["items"] == []
    await adjust(scored, points=1)
    assert [row["cause"] for row in (await scored.get("/v1/enrollments"))["items"]] == ["adjustment"]


async def test_one_id_counts_once(scored: Installation) -> None:
    first = await adjust(scored, points=5, id="a-1")
    again = await adjust(scored, points=5, id="a-1")
    assert (again["id"], again["at"], again["status"]) == (first["id"], first["at"], "applied")
    assert (await detail(scored))["score"] == 9
    await scored.send(*opened("bob"))
    other = await scored.client.post(
        ADJUST.replace("ada", "bob"), json={"points": 1, "reason": "x", "id": "a-1"}
    )
    assert other.status_code == 409


@pytest.mark.parametrize(
    ("body", "pointer", "message"),
    [
        ({"reason": "x"}, "", 'an adjustment takes either "points" or "set_to"'),
        ({"reason": "x", "points": 1, "set_to": 2}, "", 'an adjustment takes either "points" or "set_to"'),
        ({"points": 1}, "/reason", '"reason" is missing'),
        ({"points": 1, "reason": " "}, "/reason", "say why"),
        ({"points": 1.5, "reason": "x"}, "/points", '"points" should be a whole number'),
        ({"points": 1, "reason": "x", "expires_after": "soon"}, "/expires_after", '"soon" is not a duration'),
        ({"point": 1, "reason": "x"}, "/point", "unknown key"),
    ],
)
async def test_mistakes_are_told(scored: Installation, body: Any, pointer: str, message: str) -> None:
    answer = await scored.client.post(ADJUST, json=body)
    assert answer.status_code == 422
    mistakes = {error["pointer"]: error["message"] for error in answer.json()["errors"]}
    assert message in mistakes[pointer]
    scored.score()
    assert (await detail(scored))["score"] == 4


async def test_there_is_nothing_to_adjust_without_a_published_profile(kindling: Installation) -> None:
    await kindling.client.put("/v1/profiles/engagement", json=PROFILE)
    await kindling.send(*opened("ada"))
    body = {"points": 1, "reason": "x"}
    answer = await kindling.client.post(ADJUST, json=body)
    assert (answer.status_code, "not published" in answer.json()["detail"]) == (409, True)
    assert (await kindling.client.post(ADJUST.replace("ada", "bob"), json=body)).status_code == 404
    assert (await kindling.client.post(ADJUST.replace("engagement", "none"), json=body)).status_code == 404


async def test_the_entries_behind_a_score_are_listed_with_their_causes(scored: Installation) -> None:
    given = await adjust(scored, points=5)
    path = "/v1/contacts/ada/scores/engagement/entries"
    first = await scored.get(path, limit=3)
    rest = await scored.get(path, limit=3, cursor=first["next"])
    entries = first["items"] + rest["items"]
    assert rest["next"] is None
    assert sum(entry["worth"] for entry in entries) == 9
    by_hand = [entry for entry in entries if entry["rule"] == "adjustments"]
    assert [entry["adjustment"]["id"] for entry in by_hand] == [given["id"]]
    assert {entry["event"]["type"] for entry in entries if entry["rule"] == "opened"} == {"email.opened"}
    assert len((await scored.get(path, rule="opened"))["items"]) == 4


async def test_the_forecast_says_until_when_a_band_lasts(kindling: Installation) -> None:
    await kindling.publish(
        bands={"cold": None, "hot": 5},
        rules=[
            {"key": "a", "on": "a", "points": 4, "expires_after": "2d"},
            {"key": "b", "on": "b", "points": 3, "expires_after": "3d"},
            {"key": "quiet", "after_silence": "10d", "points": -1},
        ],
    )
    await kindling.send({"type": "a", "contact": "ada"}, {"type": "b", "contact": "ada"})
    kindling.score()
    score = await detail(kindling)
    assert (score["score"], score["band"], score["band_until"]) == (7, "hot", "2026-11-24T12:00:00.000000Z")
    assert [(row["at"][:10], row["score"], row["band"]) for row in score["forecast"]] == [
        ("2026-11-24", 3, "cold"),
        ("2026-11-25", 0, "cold"),
        ("2026-12-02", -1, "cold"),
    ]
    assert (await detail(kindling, at="2026-11-25T12:00:00Z"))["forecast"][0]["score"] == -1
    for row in score["forecast"]:
        assert (await detail(kindling, at=row["at"]))["score"] == row["score"]
