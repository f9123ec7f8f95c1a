"""Why an event gave what it gave: an answer for every event and profile, also why nothing."""

from typing import Any

from tests.api.installation import Installation

RULES = [
    {"key": "paid", "on": "pay", "where": {"amount": {"greater_or_equal": 100}}, "points": 20},
    {"key": "opened", "on": "open", "points": 1, "limit": {"times": 2, "per": "day"}, "group": "mail"},
    {"key": "seen", "on": "see", "points": 8, "expires_after": "1h"},
    {"key": "quiet", "after_silence": "30d", "of": ["see"], "points": -5},
]
MONEY: dict[str, Any] = {
    "applies_to": "contact",
    "groups": {"mail": {"max": 1}},
    "rules": RULES,
}


async def told(kindling: Installation, event_id: str) -> dict[str, Any]:
    """What the profile "money" says of an event."""
    explanation = await kindling.get(f"/v1/events/{event_id}/points")
    [profile] = [one for one in explanation["profiles"] if one["profile"] == "money"]
    return dict(profile)


async def scored(kindling: Installation, *events: dict[str, Any]) -> None:
    await kindling.publish("money", **MONEY)
    await kindling.send(*events)
    kindling.score()


async def test_a_text_where_a_number_was_meant_is_told(kindling: Installation) -> None:
    await scored(kindling, {"id": "e1", "type": "pay", "contact": "ada", "properties": {"amount": "120.00"}})
    points = await told(kindling, "e1")
    assert (points["points"], points["record"], points["version"]) == (0, "ada", 1)
    assert points["why"] == 'paid: amount is at least 100: no, it is the text "120.00"'
    [rule] = points["rules"]
    assert (rule["rule"], rule["outcome"], rule["filters"][0]["actual"]) == ("paid", "where", "120.00")


async def test_points_and_no_rule_are_told(kindling: Installation) -> None:
    await scored(
        kindling,
        {"id": "e1", "type": "pay", "contact": "ada", "properties": {"amount": 120}},
        {"id": "e2", "type": "visit", "contact": "ada"},
    )
    points = await told(kindling, "e1")
    assert (points["points"], points["worth"], points["why"]) == (20, 20, "+20 points by paid")
    assert (await told(kindling, "e2"))["why"] == "no rule is on visit"


async def test_a_limit_that_is_reached_is_told_and_a_groups_bound_too(kindling: Installation) -> None:
    await scored(kindling, *({"id": f"o{n}", "type": "open", "contact": "ada"} for n in range(3)))
    third = await told(kindling, "o2")
    assert third["rules"][0]["outcome"] == "limit"
    assert third["why"].startswith("opened: limit of 2 a day reached")
    first = await told(kindling, "o0")
    assert (first["points"], first["bounds"]) == (
        1,
        ["the group mail is at its bound, which changes its sum by -1"],
    )


async def test_points_that_are_over_and_silences_are_told(kindling: Installation) -> None:
    await scored(kindling, {"id": "s", "type": "see", "contact": "ada"})
    assert "for another" in (await told(kindling, "s"))["rules"][0]["why"]
    kindling.later()
    kindling.score()
    seen, quiet = (await told(kindling, "s"))["rules"]
    assert (seen["why"], seen["worth"]) == ("+8 points, which are over", 0)
    assert (quiet["rule"], quiet["outcome"]) == ("quiet", "silence")


async def test_what_does_not_count_says_so(kindling: Installation) -> None:
    await scored(kindling)
    await kindling.send({"id": "p", "type": "pay", "contact": "ada", "properties": {"amount": 500}})
    assert (await told(kindling, "p"))["why"] == "it has not been applied yet"
    kindling.score()
    await kindling.client.delete("/v1/events/p")
    assert (await told(kindling, "p"))["why"] == "it has been revoked"


async def test_a_deals_profile_needs_a_deal(kindling: Installation) -> None:
    await kindling.publish("deals", applies_to="deal", rules=[{"key": "r", "on": "pay", "points": 1}])
    await scored(kindling, {"id": "e", "type": "pay", "contact": "ada"})
    explanation = await kindling.get("/v1/events/e/points")
    assert {one["profile"]: one["why"] for one in explanation["profiles"]}["deals"] == (
        "the event names no deal, and the profile scores deals"
    )


async def test_an_unknown_event_is_not_found(kindling: Installation) -> None:
    response = await kindling.client.get("/v1/events/nobody/points")
    assert (response.status_code, 'no event "nobody"' in response.json()["detail"]) == (404, True)
