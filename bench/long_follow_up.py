"""Row 9: one follow-up of two hundred steps, against a bare workflow of as many activities."""

import asyncio
import time
from uuid import uuid4

from temporalio.client import Client, WorkflowHandle

from bench.bare_worker import TASK_QUEUE, Bare
from bench.installation import Installation
from bench.result import Result, scaled, slowdown
from bench.workload import LONG_BLOCK, make_long
from runtime.clock import now_micros
from store.intake.arriving import NewEvent
from store.statuses import OPEN_LITERALS

BLOCKS = 40
ROUNDS = 5
#: The timers that a follow-up sets on its way, of a second each.
TIMERS = 3


async def measure(scale: float) -> list[Result]:
    """Seconds from the release of the queued enrollment until Temporal has the result, without those it was to wait.

    Steps on our own database, branches and waits in turn; most waits are for a date that is over, and some set a timer
    of a second. The floor's workflow runs activities one after another, from its start to its result. Beside it, the
    events in the histories of both.
    """
    blocks = scaled(BLOCKS, scale)
    steps = blocks * LONG_BLOCK
    timers = min(TIMERS, blocks)
    ours: list[float] = []
    floors: list[float] = []
    product = floor = ""
    async with Installation([make_long(blocks, timers)]) as kindling:
        await kindling.start_temporal()
        await asyncio.gather(kindling.start_worker(), kindling.start_bare_worker())
        await _bare(kindling.client, 5)
        for number in range(ROUNDS):
            seconds, product = await _follow_up(kindling, number)
            ours.append(seconds - timers)
            seconds, floor = await _bare(kindling.client, steps)
            floors.append(seconds)
        done = kindling.observer.number("SELECT count(*) FROM outcomes")
        if done != steps * ROUNDS:
            raise RuntimeError(f"the follow-ups did {done} steps, not {steps * ROUNDS}")
        events, bare_events = await _history(kindling.client, product), await _history(kindling.client, floor)
    ratio = events / bare_events
    return [
        slowdown("long_follow_up", ours, floors, 1),
        Result("long_follow_up_history", events, "events", bare_events, ratio, "reported", met=True),
    ]


async def _follow_up(kindling: Installation, number: int) -> tuple[float, str]:
    """The seconds that a follow-up took, and the id of its workflow."""
    kindling.hold()
    kindling.take([NewEvent(f"long-{number}", "form.submitted", f"long-{number}", now_micros(), "{}")])
    kindling.wake()
    observer = kindling.observer
    await kindling.until(
        lambda: observer.number("SELECT count(*) FROM enrollments") == number + 1, "an enrollment"
    )
    await asyncio.sleep(0.3)  # passes that found nothing more end
    kindling.release()
    began = time.perf_counter()
    kindling.wake()
    await kindling.until(
        lambda: (
            not observer.number(f"SELECT EXISTS (SELECT 1 FROM enrollments WHERE status IN {OPEN_LITERALS})")
        ),
        "the end of a long follow-up",
    )
    workflow_id = observer.text("SELECT workflow_id FROM enrollments ORDER BY id DESC LIMIT 1")
    handle: WorkflowHandle[object, object] = kindling.client.get_workflow_handle(workflow_id)
    await handle.result()
    return time.perf_counter() - began, workflow_id


async def _bare(client: Client, activities: int) -> tuple[float, str]:
    """The same of a bare workflow."""
    workflow_id = f"bare-{uuid4()}"
    began = time.perf_counter()
    await client.execute_workflow(Bare.run, activities, id=workflow_id, task_queue=TASK_QUEUE)
    return time.perf_counter() - began, workflow_id


async def _history(client: Client, workflow_id: str) -> int:
    """How many events the histories of a workflow's runs have together."""
    return sum(
        [
            execution.history_length
            async for execution in client.list_workflows(f"WorkflowId = '{workflow_id}'")
        ]
    )
