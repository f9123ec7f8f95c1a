"""Scoring by real processes: a publish killed in the middle, points that fall on time, follow-ups of the erased."""

import asyncio
from collections.abc import Callable

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
LONG = 20_000


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
    assert sum(times for name, times in stack.restarts.items() if name.startswith("worker")) >= 3
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


async def test_a_contact_with_a_long_history_is_re_scored_merged_and_erased_once_whatever_is_killed(
    stack: Stack, client: Client, look: Look
) -> None:
    rules = [
        {"key": "v", "on": "page.visited", "points": 1},
        {"key": "vip", "on": "page.visited", "points": 2, "where": {"contact.stage": {"equal": "vip"}}},
    ]
    await client.call("PUT", "/v1/profiles/engagement", {**PROFILE, "rules": rules})
    await client.call("POST", "/v1/profiles/engagement/publish")
    await client.call("PUT", "/v1/contacts/ben", {})
    for start in range(0, LONG, 2_000):
        visits = [
            {"id": f"e-{number}", "type": "page.visited", "contact": "gateway"}
            for number in range(start, min(start + 2_000, LONG))
        ]
        await client.call("POST", "/v1/events", visits)
    await eventually(look.idle, 60)

    async def disturbed(done: Callable[[], bool]) -> None:
        for _ in range(4):
            await asyncio.sleep(0.15)
            stack.kill("worker")
            await stack.ready()
        await eventually(done, 60)

    def changes(cause: str) -> list[tuple[int | None, int]]:
        return look.rows(f"SELECT previous, current FROM changes WHERE cause = '{cause}'")

    def rest() -> tuple[int, int]:
        return look.rows("SELECT (SELECT count(*) FROM folds), (SELECT count(*) FROM leftovers)")[0]

    await client.call("PATCH", "/v1/contacts/gateway", {"stage": "vip"})
    await disturbed(lambda: bool(changes("attribute")) and rest() == (0, 0))
    assert changes("attribute") == [(LONG, 3 * LONG)]
    assert look.scores()["gateway"] == 3 * LONG
    await client.call("POST", "/v1/contacts/gateway/merge", {"into": "ben"})
    late = [{"id": f"late-{n}", "type": "page.visited", "contact": "gateway"} for n in range(5)]
    await client.call("POST", "/v1/events", late)
    await disturbed(lambda: look.scores() == {"ben": 3 * (LONG + 5)} and rest() == (0, 0))
    assert changes("merge") == [(None, 3 * LONG)]
    assert look.one("SELECT count(*) FROM entries") == 2 * (LONG + 5)
    assert look.one("SELECT count(*) FROM events WHERE status <> 1") == 0
    await client.erase("gateway")
    await disturbed(lambda: rest() == (0, 0))
    for name in ("contacts", "events", "entries", "scores"):
        assert look.one(f"SELECT count(*) FROM {name}") == 0, name
