"""Trying failed follow-ups again and ending running ones, on the real engine."""

from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.batch.v1 import BatchOperationCancellation
from temporalio.api.workflowservice.v1 import StartBatchOperationRequest
from temporalio.client import WorkflowExecutionStatus

from runtime.registry import follow_up_queue
from runtime.settings import Settings
from services.follow_ups.listing import FollowUps
from services.follow_ups.repairs import Repairs
from services.resources import Conflict, NotFound, Resources
from store.follow_ups import holding
from tests.workflows.conftest import Town

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.stack]
HOT = {"profile": "p", "filters": {"score": {"greater_or_equal": 5}}, "fires": "on_entry"}


def begin(town: Town, *steps: dict[str, Any]) -> None:
    town.world.publish({"on": "e", "points": 7})
    town.world.automate(HOT, "hot", steps=list(steps))
    town.world.send()
    town.wake()


@pytest.fixture
def repairs(town: Town, settings: Settings, tmp_path: Path) -> Repairs:
    return Repairs(Resources(settings, town.world.database, lambda: town.world.now, town.wakes, 4))


@pytest.fixture
def listing(town: Town, settings: Settings) -> FollowUps:
    return FollowUps(Resources(settings, town.world.database, lambda: town.world.now, town.wakes, 4))


async def test_a_failed_one_goes_on_from_the_step_that_failed(
    town: Town, repairs: Repairs, listing: FollowUps
) -> None:
    begin(
        town,
        {"create_task": {"title": "once"}},
        {"adjust_score": {"profile": "later", "points": 3}},
        {"add_tag": "done"},
    )
    [enrollment] = await town.enrolled()
    await town.until(lambda: town.status() == ["failed"])
    town.world.publish({"on": "x", "points": 1}, key="later")
    again = repairs.retry(enrollment)
    assert (again.status, again.attempt, again.last_error) == ("queued", 2, None)
    await town.until(lambda: town.status() == ["completed"])
    assert town.world.query("SELECT count(*) FROM tasks") == [(1,)]
    assert town.world.query("SELECT tags FROM contacts") == [('["done"]',)]
    done = [(step.title, step.attempt) for step in listing.enrollment(enrollment).steps]
    assert done == [("create task", 1), ("add 3 points to later", 2), ("add tag done", 2)]
    assert await town.log(enrollment, 2) == [
        "- before, in attempt 1: create task",
        "- add 3 points to later",
        "- add tag done",
    ]
    with pytest.raises(Conflict, match="is completed; only a failed one"):
        repairs.retry(enrollment)


async def test_a_running_one_is_ended_in_temporal_too(town: Town, repairs: Repairs) -> None:
    begin(town, {"wait": "30d"}, {"add_tag": "never"})
    [enrollment] = await town.enrolled()
    await town.until(lambda: town.outcomes() == ["0"])
    assert repairs.cancel(enrollment).status == "cancelled"

    async def ended() -> bool:
        described = await town.follow_up(enrollment).describe()
        return described.status is WorkflowExecutionStatus.CANCELED

    await town.until(ended)
    with pytest.raises(Conflict, match="is cancelled already"):
        repairs.cancel(enrollment)
    with pytest.raises(NotFound):
        repairs.cancel("none")


async def test_a_paused_one_does_nothing_more_until_it_is_resumed(town: Town, repairs: Repairs) -> None:
    begin(town, {"wait": "1h"}, {"add_tag": "after"}, {"wait": "30d"}, {"add_tag": "later"})
    [enrollment] = await town.enrolled()
    await town.until(lambda: town.outcomes() == ["0"])
    assert repairs.pause(enrollment).paused is True
    assert repairs.pause(enrollment).paused is True
    handle = town.follow_up(enrollment)
    await town.environment.fast_forward(handle, timedelta(hours=2))
    await town.until(lambda: town.world.query("SELECT step FROM enrollments") == [("1",)])
    assert town.outcomes() == ["0"]
    details = await handle.query("__temporal_workflow_metadata")
    assert "Paused by hand" in str(details)
    assert repairs.resume(enrollment).paused is False
    await town.until(lambda: town.outcomes() == ["0", "1", "2"])
    with pytest.raises(Conflict, match="is not paused"):
        repairs.resume(enrollment)
    await town.environment.fast_forward(handle, timedelta(days=31))
    await town.until(lambda: town.status() == ["completed"])
    assert town.world.query("SELECT tags FROM contacts") == [('["after","later"]',)]


async def test_a_wait_is_skipped(town: Town, repairs: Repairs, listing: FollowUps) -> None:
    begin(town, {"wait": "30d"}, {"add_tag": "after"})
    [enrollment] = await town.enrolled()
    await town.until(lambda: town.outcomes() == ["0"])
    (waiting,) = listing.enrollment(enrollment).steps
    assert (waiting.place, waiting.title, waiting.result) == ("1", "wait 30 days", "waiting")
    repairs.skip(enrollment)
    await town.until(lambda: town.status() == ["completed"])
    assert town.world.query("SELECT tags FROM contacts") == [('["after"]',)]
    after = listing.enrollment(enrollment)
    assert [(step.result, step.reason) for step in after.steps] == [("skipped", "by hand"), ("done", None)]
    assert [(step.place, step.title) for step in after.skipped] == [("1", "wait 30 days")]
    assert await town.log(enrollment) == ["- skipped: wait 30 days", "- add tag after"]


async def test_a_wait_for_an_event_is_skipped_without_its_timeout_branch(
    town: Town, repairs: Repairs
) -> None:
    waiting = {"event": "never", "timeout": "30d", "on_timeout": [{"add_tag": "late"}]}
    begin(town, {"wait_for": waiting}, {"add_tag": "after"})
    [enrollment] = await town.enrolled()
    await town.until(lambda: town.world.query("SELECT count(*) FROM waits") == [(1,)])
    repairs.skip(enrollment)
    await town.until(lambda: town.status() == ["completed"])
    assert town.world.query("SELECT tags FROM contacts") == [('["after"]',)]


async def test_the_step_that_it_is_paused_before_is_skipped(town: Town, repairs: Repairs) -> None:
    begin(
        town,
        {"wait": "30d"},
        {"if": {"score": {"greater": 0}}, "then": [{"add_tag": "then"}], "else": [{"add_tag": "else"}]},
        {"add_tag": "after"},
    )
    [enrollment] = await town.enrolled()
    await town.until(lambda: town.outcomes() == ["0"])
    repairs.pause(enrollment)
    repairs.skip(enrollment)
    await town.until(lambda: town.world.query("SELECT step FROM enrollments") == [("1",)])
    repairs.skip(enrollment)
    repairs.resume(enrollment)
    await town.until(lambda: town.status() == ["completed"])
    assert town.world.query("SELECT tags FROM contacts") == [('["after"]',)]


async def test_a_failed_one_goes_on_after_the_step_that_failed(town: Town, repairs: Repairs) -> None:
    begin(town, {"adjust_score": {"profile": "later", "points": 3}}, {"add_tag": "done"})
    [enrollment] = await town.enrolled()
    await town.until(lambda: town.status() == ["failed"])
    assert repairs.skip(enrollment).attempt == 2
    await town.until(lambda: town.status() == ["completed"])
    assert town.world.query("SELECT tags FROM contacts") == [('["done"]',)]
    with pytest.raises(Conflict, match="is completed; skip needs one that runs or failed"):
        repairs.skip(enrollment)


async def test_ops_cancel_many_at_once_in_temporal_by_search_attribute(town: Town) -> None:
    """As the Temporal UI does it: a batch over a query."""
    town.world.publish({"on": "e", "points": 7})
    town.world.automate(HOT, "hot", steps=[{"wait": "30d"}])
    town.world.automate(HOT, "other", steps=[{"wait": "30d"}])
    for contact in ("a", "b", "c"):
        town.world.send(contact=contact)
    town.wake()
    await town.enrolled(6)
    await town.until(lambda: len(town.outcomes()) == 6)
    queue = follow_up_queue(town.task_queue)
    query = f"KindlingAutomation = 'hot' AND KindlingOutcome = 'running' AND TaskQueue = '{queue}'"

    async def visible() -> bool:
        return (await town.client.count_workflows(query)).count == 3

    await town.until(visible)
    await town.client.workflow_service.start_batch_operation(
        StartBatchOperationRequest(
            namespace=town.client.namespace,
            visibility_query=query,
            job_id=town.task_queue,
            reason="sent by mistake",
            cancellation_operation=BatchOperationCancellation(identity="ops"),
        )
    )
    await town.until(
        lambda: (
            sorted(
                town.world.query(
                    "SELECT a.key, e.status FROM enrollments e JOIN automations a ON a.id = e.automation_id"
                )
            )
            == [("hot", "cancelled")] * 3 + [("other", "running")] * 3
        )
    )


async def test_a_pause_right_after_a_resume_does_not_end_the_wait(town: Town, repairs: Repairs) -> None:
    begin(town, {"wait": "3d"}, {"add_tag": "after"})
    [enrollment] = await town.enrolled()
    await town.until(lambda: town.outcomes() == ["0"])
    for _ in range(3):
        repairs.pause(enrollment)
        repairs.resume(enrollment)
        repairs.pause(enrollment)
        await town.until(lambda: town.world.query("SELECT waking FROM enrollments") == [(0,)])
    repairs.resume(enrollment)
    await town.until(lambda: town.world.query("SELECT waking FROM enrollments") == [(0,)])
    assert await town.follow_up(enrollment).query("__temporal_workflow_metadata")
    assert town.status() == ["running"]
    await town.environment.fast_forward(town.follow_up(enrollment), timedelta(days=4))
    await town.until(lambda: town.status() == ["completed"])


def at_step(town: Town, step: str) -> bool:
    return town.world.query("SELECT step FROM enrollments") == [(step,)]


async def test_step_after_step_is_skipped_while_paused(town: Town, repairs: Repairs) -> None:
    begin(town, {"wait": "30d"}, {"add_tag": "a"}, {"add_tag": "b"}, {"add_tag": "c"})
    [enrollment] = await town.enrolled()
    await town.until(lambda: town.outcomes() == ["0"])
    repairs.pause(enrollment)
    for step in ("1", "2", "3"):
        repairs.skip(enrollment)
        await town.until(partial(at_step, town, step))
    repairs.resume(enrollment)
    await town.until(lambda: town.status() == ["completed"])
    assert town.world.query("SELECT tags FROM contacts") == [('["c"]',)]


async def test_what_happens_after_the_time_limit_of_a_wait_comes_too_late(
    town: Town, repairs: Repairs
) -> None:
    """While it is paused, and the same while no worker runs."""
    waiting = {"event": "answer", "timeout": "1h", "on_timeout": [{"add_tag": "late"}]}
    begin(town, {"wait_for": waiting}, {"add_tag": "end"})
    [enrollment] = await town.enrolled()
    await town.until(lambda: town.world.query("SELECT count(*) FROM waits") == [(1,)])
    repairs.pause(enrollment)
    town.world.database.run(lambda connection: connection.exec_driver_sql("UPDATE waits SET deadline_at = 1"))
    town.world.send("answer")
    town.wake()
    await town.until(lambda: town.world.query("SELECT count(*) FROM events WHERE status = 0") == [(0,)])
    repairs.resume(enrollment)
    await town.until(lambda: town.status() == ["completed"])
    assert town.world.query("SELECT tags FROM contacts") == [('["late","end"]',)]


async def test_what_ran_goes_on_though_new_starts_are_held(town: Town, repairs: Repairs) -> None:
    begin(town, {"adjust_score": {"profile": "later", "points": 3}}, {"add_tag": "done"})
    [enrollment] = await town.enrolled()
    await town.until(lambda: town.status() == ["failed"])
    town.world.database.run(lambda connection: holding.set_held(connection, town.world.now, held=True))
    town.world.publish({"on": "x", "points": 1}, key="later")
    repairs.retry(enrollment)
    await town.until(lambda: town.status() == ["completed"])
    town.world.send(contact="ben")
    town.wake()
    await town.until(lambda: sorted(town.status()) == ["completed", "queued"])
