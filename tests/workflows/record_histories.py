"""Records the histories that the replay tests keep: `pytest tests/workflows/record_histories.py`.

Not collected by default. Run it when a workflow does something new, and add the new files beside the old ones: those
stay, since installations have workflows that began under them.
"""

import contextlib
import re
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from runtime.messages import PublishInput
from runtime.publish_start import start_publish
from runtime.registry import publish_workflow_id, shard_workflow_id
from runtime.settings import Settings
from services.follow_ups.repairs import Repairs
from services.resources import Resources
from tests.workflows.conftest import Town, town_of
from tests.workflows.test_bulk import begin as begin_bulk
from tests.workflows.test_follow_up import HOT, RULE, begin
from tests.workflows.webhook_server import webhook_server

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.stack]

HISTORIES = Path(__file__).parent / "histories"


async def save(town: Town, name: str, workflow_id: str) -> None:
    history = await town.client.get_workflow_handle(workflow_id).fetch_history()
    HISTORIES.mkdir(exist_ok=True)
    # Where it was recorded is nobody's business: no process, host or path.
    text = re.sub(r'"\d+@[^"]*"', '"worker@host"', history.to_json())
    text = re.sub(r'"stackTrace": "(?:[^"\\]|\\.)*"', '"stackTrace": ""', text)
    (HISTORIES / f"{name}.json").write_text(text + "\n")


async def test_every_step_kind_with_wait_and_branches(town: Town) -> None:
    begin(
        town,
        {"notify": {"to": "sales", "message": "{{ score.current }}"}},
        {"create_task": {"title": "Call"}},
        {"add_tag": "hot"},
        {"wait": "3d"},
        {
            "if": {"score": {"less": 5}},
            "then": [{"remove_tag": "hot"}],
            "elif": [{"if": {"score": {"less": 20}}, "then": [{"update": {"stage": "warm"}}]}],
            "else": [{"add_tag": "high"}],
        },
        {"adjust_score": {"profile": "p", "points": -100}},
        {"wait": "1h"},
        {"stop": "done"},
    )
    [enrollment] = await town.enrolled()
    await town.until(lambda: "3" in town.outcomes())
    await town.environment.fast_forward(town.follow_up(enrollment), timedelta(days=4))
    await town.until(lambda: town.status()[0] == "completed")
    await town.follow_up(enrollment).result()
    await save(town, "follow_up_completed", town.follow_up(enrollment).id)
    shard = town.world.query("SELECT shard FROM contacts")[0][0]
    await save(town, "shard", shard_workflow_id(shard))


async def test_a_failed_one(town: Town) -> None:
    begin(town, {"adjust_score": {"profile": "gone", "points": 1}})
    await town.until(lambda: town.status() == ["failed"])
    await save(town, "follow_up_failed", town.follow_up(town.ids()[0]).id)


async def test_a_cancelled_one(town: Town) -> None:
    begin(town, {"wait": "3d"})
    [enrollment] = await town.enrolled()
    await town.until(lambda: town.outcomes() == ["0"])
    await town.follow_up(enrollment).cancel()
    await town.until(lambda: town.status() == ["cancelled"])
    await save(town, "follow_up_cancelled", town.follow_up(enrollment).id)


async def test_a_publish_and_a_shard_with_a_timer(town: Town) -> None:
    publication = town.world.publish({**RULE, "expires_after": "1h"})
    town.world.automate(HOT)
    town.world.send()
    publish = PublishInput(publication, "p", 1, 4)
    await start_publish(town.client, town.task_queue, publish)
    await town.client.get_workflow_handle(publish_workflow_id(publication)).result()
    await save(town, "publish", publish_workflow_id(publication))
    town.wake()
    await town.until(lambda: town.world.scores() == {"ada": 7})
    shard = town.world.query("SELECT shard FROM contacts")[0][0]
    town.world.send()
    town.wake()
    await town.until(lambda: town.world.scores() == {"ada": 14})
    await save(town, "shard_with_timer", shard_workflow_id(shard))


async def test_a_bulk_job(town: Town) -> None:
    handle = await begin_bulk(town, 3)
    await handle.result()
    await save(town, "bulk", handle.id)


async def test_one_that_waits_splits_and_starts_another(town: Town) -> None:
    town.world.automate({"event": "never"}, "other", steps=[{"add_tag": "other"}])
    begin(
        town,
        {"split": [{"percent": 100, "steps": [{"add_tag": "a"}]}]},
        {"wait_for": {"event": "pay", "timeout": "3d"}},
        {"wait_for": {"event": "never", "timeout": "3d", "on_timeout": [{"add_tag": "late"}]}},
        {"start": "other"},
        {"wait": {"until": "09:00", "weekdays": ["mon"], "timezone": "Europe/Berlin"}},
        {"add_tag": "end"},
    )
    [enrollment] = await town.enrolled()
    await town.until(lambda: bool(town.world.query("SELECT 1 FROM waits")))
    town.world.send("pay")
    town.wake()
    await town.until(lambda: "1" in town.outcomes())
    await town.until(lambda: len(town.world.query("SELECT 1 FROM waits")) == 2)
    await town.environment.fast_forward(town.follow_up(enrollment), timedelta(days=4))
    await town.until(lambda: "4" in town.outcomes())
    with contextlib.suppress(RPCError):  # the jump may have gone beyond that morning
        await town.environment.fast_forward(town.follow_up(enrollment), timedelta(days=8))
    await town.until(lambda: town.status()[0] == "completed")
    await town.follow_up(enrollment).result()
    await save(town, "follow_up_waited", town.follow_up(enrollment).id)


async def test_one_that_ends_early(town: Town) -> None:
    town.world.publish(RULE)
    town.world.automate(HOT, "hot", steps=[{"wait": "3d"}], exit_when={"event": "bought"})
    town.world.send()
    town.wake()
    [enrollment] = await town.enrolled()
    await town.until(lambda: town.outcomes() == ["0"])
    town.world.send("bought")
    town.wake()
    await town.until(lambda: town.status() == ["exited"])
    await town.follow_up(enrollment).result()
    await save(town, "follow_up_exited", town.follow_up(enrollment).id)


async def test_a_cohort_of_which_one_fails(town: Town) -> None:
    town.world.shards = 1
    town.world.publish(RULE)
    steps = [
        {"notify": {"to": "sales", "message": "{{ score.current }}"}},
        {"if": {"event.n": {"equal": 5}}, "then": [{"adjust_score": {"profile": "gone", "points": 1}}]},
        {"wait": "3d"},
        {"add_tag": "end"},
    ]
    town.world.automate({**HOT, "fires": "on_entry"}, "hot", steps=steps)
    for number in range(12):
        town.world.send(contact=f"c{number:02}", n=number)
    town.world.score()
    town.wake()
    await town.until(lambda: town.status().count("failed") == 1)
    query = "SELECT workflow_id FROM enrollments WHERE status = 'running'"
    await town.until(lambda: len(town.world.query(query)) == 11)
    workflow_id = town.world.query(query)[0][0]
    handle = town.client.get_workflow_handle(workflow_id)
    await town.environment.fast_forward(handle, timedelta(days=4))
    await town.until(lambda: town.status().count("completed") == 11)
    await handle.result()
    await save(town, "follow_up_cohort", workflow_id)


async def test_one_that_calls_is_paused_and_skipped(
    temporal: WorkflowEnvironment, settings: Settings, sqlite_url: str
) -> None:
    with webhook_server() as hooks:
        allowed = settings.model_copy(update={"webhook_allow": "127.0.0.1"})
        async with town_of(temporal, allowed, sqlite_url) as town:
            repairs = Repairs(Resources(allowed, town.world.database, lambda: town.world.now, town.wakes, 4))
            hooks.answer(429, None, Retry_After="3600")
            hooks.answer(500)
            webhook = {"url": hooks.url}
            begin(
                town,
                {"webhook": webhook},
                {"add_tag": "called"},
                {"webhook": webhook, "name": "Call again"},
                {"wait": "3d"},
                {"wait_for": {"event": "never"}},
                {"wait": "1h"},
                {"add_tag": "end"},
            )
            [enrollment] = await town.enrolled()
            tries = "SELECT tries FROM enrollments"
            await town.until(lambda: town.world.query(tries) == [(1,)])
            repairs.skip(enrollment)
            await town.until(lambda: "3" in town.outcomes())
            repairs.skip(enrollment)
            await town.until(lambda: bool(town.world.query("SELECT 1 FROM waits")))
            repairs.skip(enrollment)
            await town.until(lambda: "5" in town.outcomes())
            repairs.pause(enrollment)
            await town.environment.fast_forward(town.follow_up(enrollment), timedelta(hours=2))
            await town.until(lambda: town.world.query("SELECT step FROM enrollments") == [("6",)])
            repairs.resume(enrollment)
            await town.until(lambda: town.status() == ["completed"])
            await town.follow_up(enrollment).result()
            await save(town, "follow_up_repaired", town.follow_up(enrollment).id)
