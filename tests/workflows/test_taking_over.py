"""Follow-ups that an earlier version carries out in Temporal go on under this one."""

import pytest
from temporalio.client import WorkflowExecutionStatus
from temporalio.testing import WorkflowEnvironment

from runtime.registry import EARLIER_FOLLOW_UP_PREFIX, FOLLOW_UP_WORKFLOW
from runtime.settings import Settings
from store.database import Database
from tests.engine.world import World
from tests.workflows.conftest import town_of

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.stack]
HOUR = 3_600_000_000


async def test_one_that_waits_goes_on_from_where_it_is_and_its_old_workflow_is_ended(
    temporal: WorkflowEnvironment, settings: Settings, sqlite_url: str
) -> None:
    database = Database(sqlite_url, sync="normal")
    world = World(database)
    world.publish({"on": "e", "points": 7})
    steps = [{"create_task": {"title": "Call"}}, {"wait": "1h"}, {"add_tag": "end"}]
    world.automate({"profile": "p"}, "hot", steps=steps)
    world.send()
    world.score()
    [(enrollment,)] = world.query("SELECT id FROM enrollments")
    old = f"{EARLIER_FOLLOW_UP_PREFIX}{enrollment}"
    with database.write() as connection:
        connection.exec_driver_sql(
            "INSERT INTO outcomes (enrollment_id, path, kind, result, attempt, at) VALUES "
            f"('{enrollment}', '0', 'create_task', '{{}}', 1, {world.now}), "
            f"""('{enrollment}', '1', 'wait', '{{"until": {world.now + HOUR}}}', 1, {world.now})"""
        )
        connection.exec_driver_sql(
            f"UPDATE enrollments SET status = 'running', step = '1', started_at = 1, workflow_id = '{old}'"
        )
    await temporal.client.start_workflow(
        FOLLOW_UP_WORKFLOW, {"enrollment_id": enrollment}, id=old, task_queue=f"{settings.task_queue}-earlier"
    )
    database.close()
    async with town_of(temporal, settings, sqlite_url) as town:
        town.wake()
        await town.until(lambda: town.status() == ["completed"])
        assert town.world.query("SELECT tags FROM contacts") == [('["end"]',)]
        assert town.world.query("SELECT count(*) FROM tasks") == [(0,)]
        assert town.world.query("SELECT attempt FROM enrollments") == [(1,)]
        described = await town.client.get_workflow_handle(old).describe()
        assert described.status is WorkflowExecutionStatus.TERMINATED
        await town.follow_up(enrollment).result()
