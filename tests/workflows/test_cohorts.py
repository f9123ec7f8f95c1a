"""Many follow-ups that began together go on in one workflow, and none of them is any of the others' business."""

import asyncio
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import WorkflowExecutionStatus, WorkflowFailureError
from temporalio.testing import ActivityEnvironment

from activities.follow_ups import FollowUpActivities
from channels.outbound import NOTHING
from engine.published import PublishedCache
from runtime.clock import now_micros
from runtime.messages import Advance, Advanced
from runtime.registry import (
    FOLLOW_UP_WORKFLOW,
    KINDLING_OUTCOME,
    KINDLING_RECORDS,
    follow_up_queue,
    is_cohort,
)
from runtime.settings import Settings
from services.follow_ups.repairs import Repairs
from services.operations.watch import Watch
from services.resources import Resources
from store.follow_ups import starting
from store.intake.places import shard_of
from store.operations.status import WorkerSelf
from tests.workflows.conftest import Town

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.stack]
HOT = {"profile": "p", "filters": {"score": {"greater_or_equal": 5}}, "fires": "on_entry"}
SIZE = 12


@pytest.fixture
def repairs(town: Town, settings: Settings) -> Repairs:
    return Repairs(Resources(settings, town.world.database, lambda: town.world.now, town.wakes, 1))


def begin(town: Town, *steps: dict[str, Any], size: int = SIZE, **more: Any) -> None:
    """Let many cross a threshold before a worker looks: all in one shard."""
    world = town.world
    world.shards = 1
    world.publish({"on": "e", "points": 7})
    world.automate(HOT, "hot", steps=list(steps), **more)
    for number in range(size):
        world.send(contact=f"c{number:02}", n=number)
    world.score()
    town.wake()


def column(town: Town, name: str) -> list[Any]:
    return [row[0] for row in town.world.query(f"SELECT {name} FROM enrollments ORDER BY contact_id")]


async def cohort(town: Town) -> str:
    """The one workflow that carries out all of them."""
    await town.until(lambda: set(column(town, "workflow_id")) != {None})
    [workflow_id] = set(column(town, "workflow_id"))
    assert is_cohort(workflow_id)
    return str(workflow_id)


async def test_one_workflow_does_the_steps_of_all(town: Town) -> None:
    begin(
        town,
        {"notify": {"to": "sales", "message": "{{ contact.key }}: {{ event.n }}"}},
        {"create_task": {"title": "Call {{ contact.key }}"}},
        {"add_tag": "hot"},
    )
    workflow_id = await cohort(town)
    await town.until(lambda: set(town.status()) == {"completed"})
    world = town.world
    texts = [row[0] for row in world.query("SELECT message FROM notifications ORDER BY contact_id")]
    assert texts == [f"c{number:02}: {number}" for number in range(SIZE)]
    assert world.query("SELECT count(*), count(DISTINCT title) FROM tasks") == [(SIZE, SIZE)]
    assert world.query("SELECT DISTINCT tags FROM contacts") == [('["hot"]',)]
    handle = town.client.get_workflow_handle(workflow_id)
    assert await handle.result() == {"outcome": "completed", "reason": f"{SIZE} completed"}
    described = await handle.describe()
    assert sorted(described.typed_search_attributes[KINDLING_RECORDS], key=int) == [
        str(number + 1) for number in range(SIZE)
    ]
    assert await described.static_summary() == f"hot v1: {SIZE} follow-ups that began together"
    assert "score is at least 5" in (await described.static_details() or "")


async def test_each_waits_and_goes_on_by_itself(town: Town, repairs: Repairs) -> None:
    waiting = {"event": "answer", "timeout": "9d", "on_timeout": [{"add_tag": "late"}]}
    begin(town, {"wait_for": waiting}, {"add_tag": "end"}, exit_when={"event": "bought"})
    workflow_id = await cohort(town)
    await town.until(lambda: len(town.world.query("SELECT 1 FROM waits")) == SIZE)
    ids = column(town, "id")
    town.world.send("answer", "c00")
    town.world.send("bought", "c01")
    repairs.cancel(ids[2])
    repairs.pause(ids[3])
    repairs.skip(ids[4])
    town.wake()
    await town.until(
        lambda: column(town, "status")[:5] == ["completed", "exited", "cancelled", "running", "completed"]
    )
    handle = town.client.get_workflow_handle(workflow_id)

    async def shown() -> bool:
        metadata = await handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
        details = str(metadata.current_details)
        return f"{SIZE - 4} at wait for answer" in details and "2 completed" in details

    await town.until(shown)
    await town.environment.fast_forward(handle, timedelta(days=10))
    await town.until(lambda: column(town, "status").count("completed") == SIZE - 3)
    assert column(town, "status")[3] == "running"
    repairs.resume(ids[3])
    await town.until(lambda: "running" not in town.status())
    result = await handle.result()
    assert result["reason"] == f"1 cancelled, {SIZE - 2} completed, 1 exited"
    tags = [row[0] for row in town.world.query("SELECT tags FROM contacts ORDER BY id")]
    assert tags[:5] == ['["end"]', "[]", "[]", '["late","end"]', '["end"]']
    assert set(tags[5:]) == {'["late","end"]'}


async def test_one_that_fails_is_red_by_itself_and_tried_again_alone(town: Town, repairs: Repairs) -> None:
    begin(
        town,
        {"if": {"event.n": {"equal": 5}}, "then": [{"adjust_score": {"profile": "later", "points": 1}}]},
        {"add_tag": "end"},
    )
    workflow_id = column(town, "workflow_id")[0] or await cohort(town)
    await town.until(lambda: set(town.status()) == {"completed", "failed"})
    assert town.status().count("failed") == 1
    told = await town.client.get_workflow_handle(workflow_id).result()
    assert told["reason"] == f"{SIZE - 1} completed, 1 failed, each in a workflow of its own"
    [(enrollment, record)] = town.world.query(
        "SELECT id, contact_id FROM enrollments WHERE status = 'failed'"
    )
    handle = town.follow_up(enrollment)
    query = f"KindlingRecord = '{record}' AND TaskQueue = '{follow_up_queue(town.task_queue)}'"

    async def visible() -> bool:
        return [one.id async for one in town.client.list_workflows(query)] == [handle.id]

    await town.until(visible)
    with pytest.raises(WorkflowFailureError):
        await handle.result()
    described = await handle.describe()
    assert described.status is WorkflowExecutionStatus.FAILED
    assert described.typed_search_attributes[KINDLING_OUTCOME] == "failed"
    assert await described.static_summary() == "hot v1: p empty → 7 (event)"
    town.world.publish({"on": "x", "points": 1}, key="later")
    repairs.retry(enrollment)
    await town.until(lambda: set(town.status()) == {"completed"})
    assert column(town, "workflow_id").count(town.follow_up(enrollment, 2).id) == 1
    assert town.world.query("SELECT DISTINCT tags FROM contacts") == [('["end"]',)]


async def test_one_that_failed_is_told_of_until_its_own_workflow_has_it(town: Town) -> None:
    """As where the answer of an activity is lost."""
    world = town.world
    world.shards = 1
    world.publish({"on": "e", "points": 7})
    failing = {"if": {"event.n": {"equal": 5}}, "then": [{"adjust_score": {"profile": "later", "points": 1}}]}
    world.automate(HOT, "hot", steps=[failing, {"wait": "3d"}])
    for number in range(SIZE):
        world.send(contact=f"c{number:02}", n=number)
    world.score()
    ids = column(town, "id")
    world.database.run(lambda connection: starting.assign(connection, "hot.cohort.1", ids))
    nothing: Any = SimpleNamespace(request=lambda shards: None)
    activities = FollowUpActivities(world.database, now_micros, nothing, NOTHING, PublishedCache())

    def advance(workflow_id: str) -> Advanced:
        result: Advanced = ActivityEnvironment().run(activities.advance, Advance(workflow_id))
        return result

    [failed] = (await asyncio.to_thread(advance, "hot.cohort.1")).failed
    assert (await asyncio.to_thread(advance, "hot.cohort.1")).failed == [failed]
    own = await asyncio.to_thread(advance, failed.workflow_id)
    assert (own.ended, (own.reason or "").partition(":")[0]) == (
        "failed",
        "step 1 > then > 1 (add 1 point to later) failed",
    )
    assert failed.workflow_id in column(town, "workflow_id")
    again = await asyncio.to_thread(advance, "hot.cohort.1")
    assert (again.failed, again.now) == ([], f"{SIZE - 1} go on")


@pytest.mark.parametrize("way", ["cancel", "terminate"])
async def test_ending_the_workflow_in_temporal_ends_all_who_are_in_it(town: Town, way: str) -> None:
    begin(town, {"wait": "3d"}, {"add_tag": "never"})
    workflow_id = await cohort(town)
    await town.until(lambda: len(town.outcomes()) == SIZE)
    handle = town.client.get_workflow_handle(workflow_id)
    if way == "cancel":
        await handle.cancel()
        await town.until(lambda: set(town.status()) == {"cancelled"})
        return
    await town.until(lambda: set(column(town, "started_at is not null")) == {1})
    await handle.terminate()
    town.world.database.run(
        lambda connection: connection.exec_driver_sql("UPDATE enrollments SET started_at = 1")
    )
    identity = WorkerSelf("one", "host", 1)
    watch = Watch(town.world.database, town.client, town.wakes, now_micros, town.task_queue, identity)
    await watch.audit()
    await town.until(lambda: set(town.status()) == {"cancelled"})


async def test_one_who_moves_to_another_shard_or_is_erased_leaves_the_others_alone(town: Town) -> None:
    begin(town, {"wait": "3d"}, {"add_tag": "end"})
    workflow_id = await cohort(town)
    await town.until(lambda: len(town.outcomes()) == SIZE)
    world = town.world
    world.shards = 4
    other = next(key for key in ("ada", "ben", "cyd", "dan", "eve") if shard_of(key, 4) != 0)
    world.send("hello", other)
    world.merge("c00", other)
    world.erase("c01")
    town.wake()
    await town.environment.fast_forward(town.client.get_workflow_handle(workflow_id), timedelta(days=4))
    theirs = f"SELECT status, count(*) FROM enrollments WHERE workflow_id = '{workflow_id}' GROUP BY status"
    await town.until(lambda: world.query(theirs) == [("completed", SIZE - 1)])
    assert world.query("SELECT count(*) FROM contacts WHERE tags LIKE '%end%'") == [(SIZE - 1,)]


async def test_few_have_a_workflow_each(town: Town) -> None:
    begin(town, {"add_tag": "hot"}, size=3)
    await town.until(lambda: set(town.status()) == {"completed"})
    assert len(set(column(town, "workflow_id"))) == 3

    async def visible() -> bool:
        query = f"WorkflowType = '{FOLLOW_UP_WORKFLOW}' AND TaskQueue = '{follow_up_queue(town.task_queue)}'"
        return (await town.client.count_workflows(query)).count == 3

    await town.until(visible)
