"""Scoring by real processes: a publish killed in the middle, points that fall on time, follow-ups of the erased."""

import asyncio

import pytest

from runtime.embedded import Stack
from runtime.registry import FOLLOW_UP_WORKFLOW
from runtime.settings import Settings
from runtime.temporal import connect
from tests.crash.installation import AUTOMATION, PROFILE, Client, Look, eventually

pytestmark = [pytest.mark.stack, pytest.mark.slow, pytest.mark.timeout(300)]

CONTACTS = 3_000
PER_CONTACT = 4
LATE = 500


async def test_a_publish_whose_worker_is_killed_goes_on_where_it_was_and_counts_what_arrives_once(
    stack: Stack, client: Client, look: Look
) -> None:
    await client.define()
    visits = [
        {"id": f"e-{contact}-{number}", "type": "page.visited", "contact": f"c-{contact}"}
        for contact in range(CONTACTS)
        for number in range(PER_CONTACT)
    ]
    for start in range(0, len(visits), 2_000):
        await client.call("POST", "/v1/events", visits[start : start + 2_000])
    await eventually(look.idle, 60)
    await client.call(
        "PUT",
        "/v1/profiles/engagement",
        {**PROFILE, "rules": [{"key": "v", "on": "page.visited", "points": 3}]},
    )
    await client.call("POST", "/v1/profiles/engagement/publish", {"triggers": "silent"})

    seen: list[int] = []

    async def watch() -> None:
        while True:
            publishing = (await client.call("GET", "/v1/profiles/engagement"))["publishing"]
            if publishing is None:
                return
            assert publishing["total"] == CONTACTS
            seen.append(publishing["done"])
            await asyncio.sleep(0.05)

    async def disturb() -> None:
        for _ in range(3):
            await asyncio.sleep(0.4)
            stack.kill("worker")
            await stack.ready()

    late = [{"id": f"late-{n}", "type": "page.visited", "contact": f"c-{n}"} for n in range(LATE)]
    await asyncio.gather(watch(), disturb(), client.call("POST", "/v1/events", late))
    assert seen == sorted(seen), "progress never goes back"
    assert stack.restarts["worker"] >= 3
    await eventually(look.idle, 60)
    scores = look.scores()
    assert len(scores) == CONTACTS
    assert all(scores[f"c-{n}"] == 3 * (PER_CONTACT + (n < LATE)) for n in range(CONTACTS))
    # One change by the publish for everybody that was not scored anew by an event first, and none twice.
    assert look.one("SELECT count(*) FROM changes WHERE cause = 'publish'") == CONTACTS
    assert (
        look.one("SELECT max(n) FROM (SELECT count(*) AS n FROM changes GROUP BY profile_id, cause_id) AS m")
        == 1
    )
    assert look.one("SELECT count(*) FROM enrollments") == 0


async def test_points_fall_within_a_second_of_their_time_and_soon_after_a_standstill(
    stack: Stack, client: Client, look: Look
) -> None:
    rules = [
        {"key": "v", "on": "page.visited", "points": 3, "expires_after": "6s"},
        {"key": "q", "after_silence": "9s", "points": -1},
    ]
    await client.call("PUT", "/v1/profiles/engagement", {**PROFILE, "rules": rules})
    await client.call("POST", "/v1/profiles/engagement/publish")
    await client.call(
        "POST", "/v1/events", [{"type": "page.visited", "contact": f"c-{n}"} for n in range(2_000)]
    )
    await eventually(lambda: set(look.scores().values()) == {-1}, 60)
    late = look.rows(
        "SELECT h.cause, max(h.at - e.occurred_at) FROM changes h JOIN events e ON e.contact_id = h.record_id "
        "WHERE e.type = 'page.visited' AND h.cause <> 'event' GROUP BY h.cause ORDER BY h.cause"
    )
    assert [cause for cause, _ in late] == ["expiry", "inactivity"]
    for (_, after), due in zip(late, (6, 9), strict=True):
        assert due * 1_000_000 <= after < (due + 1) * 1_000_000
    await client.call("POST", "/v1/events", [{"type": "page.visited", "contact": "c-0"}])
    await eventually(lambda: look.scores()["c-0"] == 3, 20)
    stack.kill("temporal")
    stack.kill("worker")
    await eventually(lambda: look.scores()["c-0"] == -1, 60)


async def test_erasing_a_contact_cancels_its_follow_ups_in_temporal(
    settings: Settings, stack: Stack, client: Client, look: Look
) -> None:
    await client.define()
    await client.call(
        "PUT", "/v1/automations/hot", {**AUTOMATION, "steps": [{"wait": "30d"}, {"add_tag": "late"}]}
    )
    await client.call("POST", "/v1/automations/hot/publish")
    for contact in ("ada", "ben"):
        await client.call("POST", "/v1/events", [{"type": "page.visited", "contact": contact}] * 30)
    await eventually(lambda: look.rows("SELECT status, step FROM enrollments") == [("running", "0")] * 2, 20)
    await client.erase("ada")
    temporal = await connect(settings)

    async def standing() -> list[str]:
        executions = temporal.list_workflows(f"WorkflowType = '{FOLLOW_UP_WORKFLOW}'")
        return sorted(
            [execution.status.name async for execution in executions if execution.status is not None]
        )

    async with asyncio.timeout(30):
        while await standing() != ["CANCELED", "RUNNING"]:
            await asyncio.sleep(0.2)
    assert look.one("SELECT count(*) FROM cancellations") == 0
    assert look.one("SELECT count(*) FROM enrollments") == 1
    assert look.rows("SELECT DISTINCT key FROM contacts") == [("ben",)]
