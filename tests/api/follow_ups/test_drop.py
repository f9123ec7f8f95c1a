"""Giving up what waits for its start."""

from tests.api.installation import AUTOMATION, Installation, opened


async def test_what_waits_is_dropped_and_recorded_as_such(kindling: Installation) -> None:
    await kindling.publish()
    trigger = {"profile": "engagement", "max_starts": {"times": 2, "per": "hour"}}
    await kindling.automate("many", trigger=trigger, steps=AUTOMATION["steps"])
    for number in range(5):
        await kindling.send(*opened(f"c{number}"))
    kindling.score()
    assert len((await kindling.get("/v1/enrollments", automation="many"))["items"]) == 5
    answer = await kindling.client.post("/v1/automations/many/drop-queued")
    assert (answer.status_code, answer.json()) == (200, {"dropped": 5})
    assert (await kindling.get("/v1/enrollments", automation="many"))["items"] == []
    assert (await kindling.get("/v1/status"))["pending_events"] == 0
    (item,) = (await kindling.get("/v1/automations/many/why", contact="c4"))["items"]
    assert (item["outcome"], item["why"]) == ("skipped", "skipped: dropped")
    assert (await kindling.client.post("/v1/automations/none/drop-queued")).status_code == 404
