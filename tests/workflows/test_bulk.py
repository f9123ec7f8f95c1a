"""Bulk jobs on the real engine."""

from typing import Any

import pytest
from temporalio.client import WorkflowExecutionStatus, WorkflowFailureError, WorkflowHandle
from uuid_utils import uuid7

from runtime.bulk_start import start_bulk
from runtime.clock import now_micros
from runtime.messages import END_BULK, WORK_OFF_BULK, BulkInput
from runtime.registry import bulk_workflow_id
from store.connection import Connection
from store.follow_ups import bulk_jobs
from tests.workflows.conftest import Town

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.stack]


async def begin(town: Town, count: int, *, start: bool = True) -> WorkflowHandle[Any, Any]:
    """A job that tags so many contacts, as the API makes it and a worker starts it."""
    job_id = str(uuid7())
    for number in range(count):
        town.world.send("hello", f"c{number:04}")

    def work(connection: Connection) -> None:
        ids = [row[0] for row in connection.exec_driver_sql("SELECT id FROM contacts ORDER BY id")]
        bulk_jobs.begin(
            connection,
            ids,
            now_micros(),
            id=job_id,
            request=None,
            action="tag",
            kind="contact",
            parameters={"tag": "hot"},
            smart_list=None,
        )

    town.world.database.run(work)
    if start:
        await again(town)
    return town.client.get_workflow_handle(bulk_workflow_id(job_id))


async def again(town: Town) -> None:
    [(job_id,)] = town.world.query("SELECT id FROM bulk_jobs")
    await start_bulk(town.client, town.task_queue, BulkInput(job_id, "tag"), 0)


async def scheduled(handle: WorkflowHandle[Any, Any], name: str) -> bool:
    """Whether its workflow has asked for an activity."""
    events = (await handle.fetch_history()).events
    return name in {event.activity_task_scheduled_event_attributes.activity_type.name for event in events}


def job(town: Town) -> tuple[Any, ...]:
    [found] = town.world.query("SELECT status, done, changed, error FROM bulk_jobs")
    return found


def added(town: Town) -> int:
    [(count,)] = town.world.query("SELECT count(*) FROM events WHERE type = 'tag.added' AND status = 1")
    return int(count)


async def test_a_worker_works_it_off_and_scores_follow(town: Town) -> None:
    town.world.publish({"on": "tag.added", "points": 3})
    handle = await begin(town, 230)
    result = await handle.result()
    assert (result["status"], result["done"], result["total"]) == ("done", 230, 230)
    assert job(town) == ("done", 230, 230, None)
    await town.until(lambda: added(town) == 230)
    assert set(town.world.scores().values()) == {3}
    await again(town)
    assert (await handle.describe()).status is WorkflowExecutionStatus.COMPLETED


async def test_cancelling_it_in_temporal_stops_the_job(town: Town) -> None:
    handle = await begin(town, 1_000, start=False)
    with town.world.database.write():  # nobody else writes meanwhile
        await again(town)
        await town.until(lambda: scheduled(handle, WORK_OFF_BULK))
        await handle.cancel()
        await town.until(lambda: scheduled(handle, END_BULK))
    await town.until(lambda: job(town)[0] != "running")
    status, done, changed, error = job(town)
    assert (status, error) == ("stopped", "cancelled in Temporal")
    assert done == changed < 1_000, "a slice that is being done is done"
    with pytest.raises(WorkflowFailureError):
        await handle.result()
    assert (await handle.describe()).status is WorkflowExecutionStatus.CANCELED
    assert town.world.query("SELECT count(*) FROM bulk_slices") == [(0,)]


async def test_one_that_was_terminated_goes_on_where_it_was(town: Town) -> None:
    handle = await begin(town, 230, start=False)
    with town.world.database.write():
        await again(town)
        await handle.terminate()
    await again(town)
    await town.until(lambda: job(town)[0] == "done")
    await town.until(lambda: added(town) == 230)
    assert job(town) == ("done", 230, 230, None)
