"""Tasks on the real engine: a follow-up waits for its own, and the shard's timer tells which are overdue."""

from typing import Any

import pytest

from conditions.times import SECOND
from runtime.clock import now_micros
from store.connection import Connection
from store.follow_ups import tasks
from tests.workflows.conftest import Town

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.stack]
CALL = {"key": "call", "create_task": {"title": "Call {{ contact.label }}"}}
LATE = [{"add_tag": "late"}, {"stop": "nobody called"}]
FOR_THE_CALL = {"wait_for": {"task": "call", "timeout": "3d", "on_timeout": LATE}}


def begin(town: Town, *steps: dict[str, Any]) -> None:
    town.world.automate({"event": "asked"}, "call", steps=list(steps))
    town.world.send("asked")
    town.wake()


async def waits(town: Town) -> None:
    await town.until(lambda: bool(town.world.query("SELECT 1 FROM waits")))


def change(town: Town, **values: Any) -> None:
    """Change every task there is."""

    def work(connection: Connection) -> None:
        rows = tasks.find_tasks(connection, [], limit=10)
        tasks.change_tasks(connection, [(row, values) for row in rows], now_micros())

    town.world.database.run(work, range(4))
    town.wake()


def contact_tags(town: Town) -> list[Any]:
    return [row[0] for row in town.world.query("SELECT tags FROM contacts")]


def events(town: Town) -> list[tuple[Any, ...]]:
    return town.world.query(
        "SELECT type, depth, status FROM events WHERE type LIKE 'task.%' ORDER BY received_at"
    )


async def test_it_goes_on_when_its_own_task_is_done(town: Town) -> None:
    begin(town, CALL, FOR_THE_CALL, {"add_tag": "called"})
    await waits(town)
    change(town, status="done")
    await town.until(lambda: town.status() == ["completed"])
    assert contact_tags(town) == ['["called"]']
    assert [(name, depth) for name, depth, _ in events(town)] == [("task.created", 1), ("task.done", 0)]
    assert town.world.query(
        "SELECT properties ->> 'step', properties ->> 'automation' FROM events WHERE type = 'task.done'"
    ) == [("call", "call")]


async def test_another_task_and_a_sender_do_not_end_the_wait(town: Town) -> None:
    begin(town, CALL, {"create_task": {"title": "Write"}}, FOR_THE_CALL)
    await waits(town)
    [(call,), (write,)] = town.world.query("SELECT id FROM tasks ORDER BY title")

    def work(connection: Connection) -> None:
        row = tasks.find_task(connection, write)
        assert row is not None
        tasks.change_tasks(connection, [(row, {"status": "done"})], now_micros())

    town.world.database.run(work, range(4))
    town.world.send("task.done", at=now_micros(), task=call)
    town.wake()
    await town.until(lambda: {status for _, _, status in events(town)} == {1})
    assert town.status() == ["running"]
    change(town, status="done")
    await town.until(lambda: town.status() == ["completed"])


async def test_what_is_done_already_is_not_waited_for(town: Town) -> None:
    begin(town, CALL, {"wait_for": {"event": "go"}}, FOR_THE_CALL, {"add_tag": "called"})
    await waits(town)
    change(town, status="done")
    await town.until(lambda: {status for _, _, status in events(town)} == {1})
    town.world.send("go", at=now_micros())
    town.wake()
    await town.until(lambda: town.status() == ["completed"])
    assert contact_tags(town) == ['["called"]']


async def test_a_step_that_created_no_task_cannot_be_waited_for(town: Town) -> None:
    begin(town, {"if": {"contact.stage": {"equal": "x"}}, "then": [CALL]}, FOR_THE_CALL)
    await town.until(lambda: town.status() == ["failed"])
    [(error,)] = town.world.query("SELECT last_error FROM enrollments")
    assert error.endswith('failed: the step "call" has created no task')


async def test_any_automation_may_wait_for_an_event_of_a_task(town: Town) -> None:
    begin(
        town,
        CALL,
        {"wait_for": {"event": "task.done", "where": {"step": {"equal": "call"}}}},
        {"add_tag": "called"},
    )
    await waits(town)
    change(town, status="done")
    await town.until(lambda: town.status() == ["completed"])


async def test_the_shards_timer_tells_what_is_overdue(town: Town) -> None:
    begin(town, {"create_task": {"title": "Call", "due_in": "1s"}})
    await town.until(lambda: [name for name, _, _ in events(town)] == ["task.created", "task.overdue"])
    [(due_at, received_at)] = town.world.query(
        "SELECT t.due_at, e.received_at FROM tasks t, events e WHERE e.type = 'task.overdue'"
    )
    assert due_at <= received_at < due_at + SECOND
