"""Trying failed follow-ups again and ending running ones, on the real engine."""

from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowExecutionStatus

from runtime.settings import Settings
from services.repairs import Repairs
from services.resources import Conflict, NotFound, Resources
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


async def test_a_failed_one_goes_on_from_the_step_that_failed(town: Town, repairs: Repairs) -> None:
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
    assert (again["status"], again["attempt"], again["last_error"]) == ("queued", 2, None)
    await town.until(lambda: town.status() == ["completed"])
    assert town.world.query("SELECT count(*) FROM tasks") == [(1,)]
    assert town.world.query("SELECT tags FROM contacts") == [('["done"]',)]
    with pytest.raises(Conflict, match="is completed; only a failed one"):
        repairs.retry(enrollment)


async def test_a_running_one_is_ended_in_temporal_too(town: Town, repairs: Repairs) -> None:
    begin(town, {"wait": "30d"}, {"add_tag": "never"})
    [enrollment] = await town.enrolled()
    await town.until(lambda: town.outcomes() == ["0"])
    assert repairs.cancel(enrollment)["status"] == "cancelled"

    async def ended() -> bool:
        described = await town.follow_up(enrollment).describe()
        return described.status is WorkflowExecutionStatus.CANCELED

    await town.until(ended)
    with pytest.raises(Conflict, match="is cancelled already"):
        repairs.cancel(enrollment)
    with pytest.raises(NotFound):
        repairs.cancel("none")
