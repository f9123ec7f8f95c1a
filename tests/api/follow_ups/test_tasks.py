from collections.abc import Mapping
from typing import Any

import pytest

from conditions.times import HOUR
from tests.api.installation import Installation

NO_WAY = "a task is of a contact or of a deal: name one of them"


@pytest.fixture
async def task(kindling: Installation) -> dict[str, Any]:
    await kindling.client.put("/v1/contacts/ada", json={"owner": "ben"})
    return await add(kindling, contact="ada", title="Call Ada")


async def add(kindling: Installation, **body: Any) -> dict[str, Any]:
    answer = await kindling.client.post("/v1/tasks", json=body)
    assert answer.status_code == 201, answer.text
    added: dict[str, Any] = answer.json()
    return added


async def change(kindling: Installation, task: Mapping[str, Any], **body: Any) -> dict[str, Any]:
    answer = await kindling.client.patch(f"/v1/tasks/{task['id']}", json=body)
    assert answer.status_code == 200, answer.text
    changed: dict[str, Any] = answer.json()
    return changed


async def titles(kindling: Installation, **query: Any) -> list[str]:
    return [task["title"] for task in (await kindling.get("/v1/tasks", **query))["items"]]


async def told(kindling: Installation, contact: str = "ada") -> list[str]:
    """The events of tasks, the oldest first."""
    kindling.score()
    events = (await kindling.get("/v1/events", contact=contact))["items"]
    return [event["type"] for event in reversed(events) if event["type"].startswith("task.")]


async def test_a_task_is_created_by_hand(kindling: Installation, task: dict[str, Any]) -> None:
    assert task == {
        "id": task["id"],
        "contact": "ada",
        "deal": None,
        "automation": None,
        "enrollment": None,
        "title": "Call Ada",
        "description": "",
        "assign_to": None,
        "due_at": None,
        "status": "open",
        "created_at": "2026-11-22T12:00:00.000000Z",
        "updated_at": "2026-11-22T12:00:00.000000Z",
    }
    assert await kindling.get(f"/v1/tasks/{task['id']}") == task
    assert kindling.wakes
    full = await add(
        kindling, contact="ada", title="Write", description="Soon", assign_to="owner", due_in="2d"
    )
    assert (full["assign_to"], full["due_at"], full["description"]) == (
        "ben",
        "2026-11-24T12:00:00.000000Z",
        "Soon",
    )
    kindling.score()
    [event] = [
        event
        for event in (await kindling.get("/v1/events", contact="ada", type="task.created"))["items"]
        if event["properties"]["task"] == full["id"]
    ]
    assert event["properties"] == {
        "task": full["id"],
        "title": "Write",
        "assign_to": "ben",
        "due_at": "2026-11-24T12:00:00.000000Z",
    }


async def test_a_task_of_a_deal_counts_for_the_deal_and_its_contact(kindling: Installation) -> None:
    await kindling.client.put("/v1/deals/d-1", json={"contact": "ada", "owner": "carl"})
    task = await add(kindling, deal="d-1", title="Send the offer", assign_to="owner")
    assert (task["contact"], task["deal"], task["assign_to"]) == ("ada", "d-1", "carl")
    kindling.score()
    [event] = (await kindling.get("/v1/events", deal="d-1", type="task.created"))["items"]
    assert event["contact"] == "ada"


@pytest.mark.parametrize(
    ("body", "pointer", "message"),
    [
        ({"title": "x"}, "", NO_WAY),
        ({"title": "x", "contact": "ada", "deal": "d"}, "", NO_WAY),
        ({"contact": "ada"}, "/title", '"title" is missing'),
        ({"contact": "ada", "title": " "}, "/title", '"title" should not be empty'),
        (
            {"contact": "ada", "title": "x", "due_in": "1d", "due_at": "2026-12-01"},
            "/due_in",
            'a task takes either "due_at" or "due_in"',
        ),
        (
            {"contact": "ada", "title": "x", "assign_to": "none"},
            "/assign_to",
            '"none" is nobody: write null, or leave it out',
        ),
    ],
)
async def test_a_wrong_task_is_told(
    kindling: Installation, task: dict[str, Any], body: Any, pointer: str, message: str
) -> None:
    answer = await kindling.client.post("/v1/tasks", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"pointer": pointer, "message": message}]
    assert (await kindling.get("/v1/tasks"))["items"] == [task]


async def test_a_name_of_ones_own_makes_asking_twice_one_task(
    kindling: Installation, task: dict[str, Any]
) -> None:
    asked = {"contact": "ada", "title": "Write", "due_in": "1d", "request": "call-7"}
    first = await add(kindling, **asked)
    await change(kindling, first, status="done")
    kindling.later()
    assert await add(kindling, **asked) == await kindling.get(f"/v1/tasks/{first['id']}")
    assert (await told(kindling)).count("task.created") == 2
    other = await kindling.client.post("/v1/tasks", json={**asked, "contact": "ben"})
    assert other.status_code == 404
    await kindling.client.put("/v1/contacts/ben", json={})
    other = await kindling.client.post("/v1/tasks", json={**asked, "contact": "ben"})
    assert (other.status_code, other.json()["detail"][:40]) == (
        409,
        'the request "call-7" is that of another ',
    )


async def test_a_task_of_nobody_is_a_404(kindling: Installation) -> None:
    answer = await kindling.client.post("/v1/tasks", json={"contact": "eve", "title": "x"})
    assert answer.status_code == 404
    assert answer.json()["detail"].startswith('there is no contact "eve"')


async def test_a_task_is_changed(kindling: Installation, task: dict[str, Any]) -> None:
    kindling.later()
    changed = await change(
        kindling, task, status="done", assign_to="ben", due_at="2026-12-01T10:00:00Z", description="x"
    )
    assert changed == task | {
        "status": "done",
        "assign_to": "ben",
        "description": "x",
        "due_at": "2026-12-01T10:00:00.000000Z",
        "updated_at": "2026-11-23T12:00:00.000000Z",
    }
    assert await titles(kindling, status="open") == []
    assert await titles(kindling, assign_to="ben") == ["Call Ada"]
    assert (await change(kindling, task, due_at=None, assign_to=None))["due_at"] is None


async def test_done_is_told_once_and_again_after_it_was_opened(
    kindling: Installation, task: dict[str, Any]
) -> None:
    for status in ("done", "done", "open", "done"):
        await change(kindling, task, status=status)
    assert await told(kindling) == ["task.created", "task.done", "task.done"]


async def test_overdue_is_told_once(kindling: Installation, task: dict[str, Any]) -> None:
    await change(kindling, task, due_at="2026-11-22T13:00:00Z")
    kindling.now += HOUR - 1
    assert await told(kindling) == ["task.created"]
    kindling.now += 1
    assert (await kindling.get("/v1/status"))["pending_events"] == 1
    assert await told(kindling) == ["task.created", "task.overdue"]
    kindling.later()
    await change(kindling, task, title="Call her", due_at="2026-11-22T13:00:00Z")
    assert await told(kindling) == ["task.created", "task.overdue"]


async def test_what_is_done_or_due_later_is_not_told_as_overdue(
    kindling: Installation, task: dict[str, Any]
) -> None:
    await change(kindling, task, due_at="2026-11-22T13:00:00Z")
    await change(kindling, task, status="done")
    other = await add(kindling, contact="ada", title="Other", due_in="1h")
    await change(kindling, other, snooze="3d")
    kindling.later()
    assert await told(kindling) == ["task.created", "task.created", "task.done"]
    kindling.later(3)
    assert (await told(kindling))[-1] == "task.overdue"


async def test_a_task_that_is_opened_again_or_put_off_may_be_overdue_again(
    kindling: Installation, task: dict[str, Any]
) -> None:
    await change(kindling, task, due_at="2026-11-22T13:00:00Z")
    kindling.later()
    await told(kindling)
    put_off = await change(kindling, task, snooze="2d")
    assert put_off["due_at"] == "2026-11-25T12:00:00.000000Z"
    kindling.later(2)
    assert (await told(kindling)).count("task.overdue") == 2
    await change(kindling, task, status="done")
    await change(kindling, task, status="open")
    assert (await told(kindling)).count("task.overdue") == 3


async def test_a_task_that_is_not_due_yet_is_put_off_from_when_it_is(
    kindling: Installation, task: dict[str, Any]
) -> None:
    await change(kindling, task, due_at="2026-11-30T13:00:00Z")
    assert (await change(kindling, task, snooze="1d"))["due_at"] == "2026-12-01T13:00:00.000000Z"
    assert (await change(kindling, task, due_at=None))["due_at"] is None
    assert (await change(kindling, task, snooze="1d"))["due_at"] == "2026-11-23T12:00:00.000000Z"


async def test_a_task_that_is_done_is_not_put_off(kindling: Installation, task: dict[str, Any]) -> None:
    await change(kindling, task, status="done")
    answer = await kindling.client.patch(f"/v1/tasks/{task['id']}", json={"snooze": "1d"})
    assert (answer.status_code, answer.json()["detail"]) == (
        409,
        'a task that is not open is not due; open it again with {"status": "open"}',
    )
    assert (await change(kindling, task, status="open", snooze="1d"))["status"] == "open"


async def test_tasks_are_listed_by_when_they_are_due(kindling: Installation, task: dict[str, Any]) -> None:
    for title, due_in, who in (
        ("b", "2d", "ben"),
        ("a", "1d", "ben"),
        ("c", "3d", None),
        ("a2", "1d", "carl"),
    ):
        await add(kindling, contact="ada", title=title, due_in=due_in, assign_to=who)
    assert await titles(kindling) == ["a2", "c", "a", "b", "Call Ada"]
    assert await titles(kindling, sort="created_at") == ["Call Ada", "b", "a", "c", "a2"]
    assert await titles(kindling, sort="due_at") == ["a", "a2", "b", "c", "Call Ada"]
    assert await titles(kindling, sort="-due_at") == ["c", "b", "a2", "a", "Call Ada"]
    assert await titles(kindling, assign_to="none") == ["c", "Call Ada"]
    assert await titles(kindling, due_before="2026-11-24", sort="due_at") == ["a", "a2"]
    assert await titles(kindling, due_after="2026-11-24", sort="due_at") == ["b", "c"]
    kindling.later(2)
    assert await titles(kindling, overdue="true", sort="due_at") == ["a", "a2", "b"]
    assert await titles(kindling, overdue="false") == ["c", "Call Ada"]
    assert await titles(kindling, overdue="true", assign_to="ben", sort="due_at") == ["a", "b"]


@pytest.mark.parametrize("sort", ["due_at", "-due_at", "created_at", "-created_at"])
async def test_pages_hold_every_task_once(kindling: Installation, task: dict[str, Any], sort: str) -> None:
    for index in range(4):
        await add(kindling, contact="ada", title=f"due {index}", due_in=f"{1 + index // 2}d")
        await add(kindling, contact="ada", title=f"some time {index}")
    whole = await titles(kindling, sort=sort)
    assert len(whole) == 9
    for limit in (1, 2, 4):
        paged: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            page = await kindling.get("/v1/tasks", sort=sort, limit=limit, **cursor)
            paged += [item["title"] for item in page["items"]]
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}
        assert paged == whole


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"sort": "title"}, 'cannot sort by "title"'),
        ({"due_before": "soon"}, '"soon" is not a date or time'),
        ({"automation": "x"}, 'there is no automation "x"'),
        ({"contact": "x"}, 'there is no contact "x"'),
    ],
)
async def test_a_list_that_cannot_be_asked_for_is_told(
    kindling: Installation, query: dict[str, str], message: str
) -> None:
    answer = await kindling.client.get("/v1/tasks", params=query)
    assert answer.status_code == 422, answer.text
    assert message in answer.json()["detail"]


@pytest.mark.parametrize(
    ("body", "pointer", "message"),
    [
        ({}, "", "nothing to change; send status, title, description, assign_to, due_at or snooze"),
        ({"status": "doing"}, "/status", '"status" should be open, done or cancelled; did you mean "done"?'),
        ({"status": None}, "/status", '"status" cannot be null'),
        ({"title": ""}, "/title", '"title" should not be empty'),
        (
            {"due_at": "soon"},
            "/due_at",
            '"soon" is not a date or time; write 2026-11-22 or 2026-11-22T01:42:14Z',
        ),
        ({"owner": "x"}, "/owner", 'unknown key "owner"'),
        ({"due_at": None, "snooze": "1d"}, "/snooze", 'send either "due_at" or "snooze"'),
    ],
)
async def test_a_wrong_change_is_told(
    kindling: Installation, task: dict[str, Any], body: Any, pointer: str, message: str
) -> None:
    answer = await kindling.client.patch(f"/v1/tasks/{task['id']}", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"pointer": pointer, "message": message}]
    assert (await kindling.get("/v1/tasks"))["items"] == [task]


async def test_an_unknown_task_is_a_404(kindling: Installation) -> None:
    answer = await kindling.client.patch("/v1/tasks/t9", json={"status": "done"})
    assert (answer.status_code, answer.json()["detail"]) == (
        404,
        'there is no task "t9"; GET /v1/tasks lists them',
    )


async def test_tasks_go_with_the_contact_that_takes_over(
    kindling: Installation, task: dict[str, Any]
) -> None:
    await kindling.client.put("/v1/contacts/a-much-longer-key", json={})
    await change(kindling, task, due_at="2026-11-22T13:00:00Z")
    await kindling.client.post("/v1/contacts/ada/merge", json={"into": "a-much-longer-key"})
    kindling.later()
    assert (await told(kindling, "a-much-longer-key"))[-1] == "task.overdue"
    assert await titles(kindling, contact="a-much-longer-key") == ["Call Ada"]


async def test_tasks_go_with_an_erased_contact(kindling: Installation, task: dict[str, Any]) -> None:
    await kindling.client.delete("/v1/contacts/ada")
    kindling.later()
    kindling.score()
    assert await titles(kindling) == []


async def test_tasks_of_a_deal_go_with_it(kindling: Installation, task: dict[str, Any]) -> None:
    await kindling.client.put("/v1/deals/d-1", json={"contact": "ada"})
    offer = await add(kindling, deal="d-1", title="Offer", due_in="1h")
    await kindling.client.patch("/v1/deals/d-1", json={"contact": "someone-else"})
    assert (await kindling.get(f"/v1/tasks/{offer['id']}"))["contact"] == "someone-else"
    kindling.later()
    assert (await told(kindling, "someone-else"))[-1] == "task.overdue"
    await kindling.client.delete("/v1/deals/d-1")
    assert await titles(kindling) == ["Call Ada"]


async def test_rules_and_triggers_read_what_becomes_of_tasks(
    kindling: Installation, task: dict[str, Any]
) -> None:
    await kindling.publish(
        "tasks",
        rules=[
            {"key": "done", "on": "task.done", "where": {"title": {"starts_with": "Call"}}, "points": 5},
            {"key": "late", "on": "task.overdue", "points": -2},
        ],
    )
    await kindling.automate(
        "escalate",
        trigger={"event": "task.overdue", "where": {"assign_to": {"empty": True}}},
        steps=[{"notify": {"to": "boss", "message": "late"}}],
    )
    await change(kindling, task, due_at="2026-11-22T13:00:00Z")
    kindling.later()
    kindling.score()
    await change(kindling, task, status="done")
    kindling.score()
    assert (await kindling.get("/v1/contacts/ada/scores/tasks"))["score"] == 3
    assert [one["automation"] for one in (await kindling.get("/v1/enrollments"))["items"]] == ["escalate"]
