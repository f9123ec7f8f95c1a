from typing import Any

import pytest

from store.follow_ups import effects
from tests.api.installation import Installation


@pytest.fixture
async def task(kindling: Installation) -> dict[str, Any]:
    contact = (await kindling.client.put("/v1/contacts/ada", json={})).json()
    with kindling.database.write() as connection:
        effects.add_task(
            connection,
            id="t1",
            contact_id=contact["id"],
            title="Call Ada",
            description="",
            status="open",
            created_at=kindling.now,
            updated_at=kindling.now,
        )
    (added,) = (await kindling.get("/v1/tasks", contact="ada", status="open"))["items"]
    return dict(added)


async def test_a_task_is_changed(kindling: Installation, task: dict[str, Any]) -> None:
    kindling.later()
    changes = {"status": "done", "assign_to": "ben", "due_at": "2026-12-01T10:00:00Z"}
    answer = await kindling.client.patch("/v1/tasks/t1", json=changes)
    assert answer.json() == task | {
        "status": "done",
        "assign_to": "ben",
        "due_at": "2026-12-01T10:00:00.000000Z",
        "updated_at": "2026-11-23T12:00:00.000000Z",
    }
    assert (await kindling.get("/v1/tasks", status="open"))["items"] == []
    assert (await kindling.get("/v1/tasks", assign_to="ben"))["items"] == [answer.json()]
    cleared = await kindling.client.patch("/v1/tasks/t1", json={"due_at": None})
    assert cleared.json()["due_at"] is None


@pytest.mark.parametrize(
    ("body", "pointer", "message"),
    [
        ({}, "", "nothing to change; send status, title, assign_to or due_at"),
        ({"status": "doing"}, "/status", '"status" should be open, done or cancelled; did you mean "done"?'),
        ({"status": None}, "/status", '"status" cannot be null'),
        ({"title": ""}, "/title", '"title" should not be empty'),
        (
            {"due_at": "soon"},
            "/due_at",
            '"soon" is not a date or time; write 2026-11-22 or 2026-11-22T01:42:14Z',
        ),
        ({"owner": "x"}, "/owner", 'unknown key "owner"'),
    ],
)
async def test_a_wrong_change_is_told(
    kindling: Installation, task: dict[str, Any], body: Any, pointer: str, message: str
) -> None:
    answer = await kindling.client.patch("/v1/tasks/t1", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"pointer": pointer, "message": message}]
    assert (await kindling.get("/v1/tasks"))["items"] == [task]


async def test_an_unknown_task_is_a_404(kindling: Installation) -> None:
    answer = await kindling.client.patch("/v1/tasks/t9", json={"status": "done"})
    assert (answer.status_code, answer.json()["detail"]) == (
        404,
        'there is no task "t9"; GET /v1/tasks lists them',
    )
