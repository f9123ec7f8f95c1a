"""Row 4: a burst of follow-ups of three steps, against bare workflows of three activities."""

import asyncio
import time
from statistics import median
from uuid import uuid4

from temporalio.client import Client

from activities.starting import CONCURRENTLY
from bench.actions import actions_of
from bench.bare_worker import TASK_QUEUE, Bare
from bench.installation import Installation, Stalled
from bench.result import Result, scaled
from bench.workload import EACH_CHANGE
from runtime.clock import now_micros
from runtime.registry import FOLLOW_UP_WORKFLOW, SHARD_WORKFLOW
from runtime.statuses import EnrollmentStatus
from store.intake.arriving import NewEvent
from store.statuses import QUEUED

BURST = 6_000
#: Follow-ups a second, and Temporal actions for each.
LEAST, MOST_ACTIONS = 1_500, 0.1
#: Bare workflows of a burst: each of them is one.
BARE = 200
ROUNDS = 3


async def measure(scale: float) -> list[Result]:
    """Follow-ups a second, from the release of queued enrollments until all are done and their workflows completed.

    As many worker processes as cores. The floor's workflows are started from this process, as many at once as the
    product starts, and counted alike. `follow_up_actions`: what Temporal bills for a follow-up of a burst, with what
    the shards did meanwhile: starting them, and scoring what their steps did.
    """
    burst, bare = scaled(BURST, scale, 20), scaled(BARE, scale, 5)
    ours: list[float] = []
    floors: list[float] = []
    async with Installation(EACH_CHANGE) as kindling:
        await kindling.start_temporal()
        await asyncio.gather(kindling.start_workers(), kindling.start_bare_worker())
        await bare_burst(kindling, 5, 5)
        actions = 0
        for number in range(1, ROUNDS + 1):
            await _queue(kindling, burst, number)
            before = await actions_of(kindling.client, SHARD_WORKFLOW)
            ours.append(burst / await _burst(kindling, burst, number))
            await kindling.until_scored()
            actions += await actions_of(kindling.client, SHARD_WORKFLOW) - before
            floors.append(bare / await bare_burst(kindling, bare, 5 + bare * number))
        actions += await actions_of(kindling.client, FOLLOW_UP_WORKFLOW)
    value, floor, each = median(ours), median(floors), actions / (burst * ROUNDS)
    target, few = f"at least {LEAST:,}/s", f"at most {MOST_ACTIONS}"
    return [
        Result("follow_ups", value, "follow-ups/s", floor, value / floor, target, value >= LEAST),
        Result("follow_up_actions", each, "actions/follow-up", None, None, few, each <= MOST_ACTIONS),
    ]


async def _queue(kindling: Installation, size: int, number: int) -> None:
    """Have so many wait for their start."""
    kindling.hold()
    now = now_micros()
    kindling.take(
        NewEvent(f"burst-{number}-{index}", "form.submitted", f"burst-{number}-{index}", now, "{}")
        for index in range(size)
    )
    kindling.wake()
    await kindling.until(
        lambda: kindling.observer.number(f"SELECT count(*) FROM enrollments WHERE status = {QUEUED}") == size,
        "the enrollments of a burst",
    )
    await kindling.until_scored()
    await asyncio.sleep(0.3)  # passes that found nothing more end


async def _burst(kindling: Installation, size: int, number: int) -> float:
    """The seconds from their release until all are done."""
    kindling.release()
    began = time.perf_counter()
    kindling.wake()
    done = f"SELECT count(*) FROM enrollments WHERE status = '{EnrollmentStatus.COMPLETED}'"
    await kindling.until(lambda: kindling.observer.number(done) == size * number, "the follow-ups of a burst")
    await _until_none_runs(kindling.client)
    return time.perf_counter() - began


async def _until_none_runs(client: Client) -> None:
    query = f"WorkflowType = '{FOLLOW_UP_WORKFLOW}' AND ExecutionStatus = 'Running'"
    deadline = time.monotonic() + 120
    while (await client.count_workflows(query)).count:
        if time.monotonic() > deadline:
            raise Stalled("some workflows of follow-ups were not completed within two minutes")
        await asyncio.sleep(0.02)


async def bare_burst(kindling: Installation, size: int, total: int, activities: int = 3) -> float:
    """The seconds until `size` more bare workflows, `total` in all, are completed."""
    gate = asyncio.Semaphore(CONCURRENTLY)

    async def start() -> None:
        async with gate:
            await kindling.client.start_workflow(
                Bare.run, activities, id=f"bare-{uuid4()}", task_queue=TASK_QUEUE
            )

    began = time.perf_counter()
    await asyncio.gather(*(start() for _ in range(size)))
    await _completed(kindling.client, Bare.__name__, total)
    return time.perf_counter() - began


async def _completed(client: Client, kind: str, total: int) -> None:
    """Until Temporal counts so many completed workflows of a type."""
    query = f"WorkflowType = '{kind}' AND ExecutionStatus = 'Completed'"
    deadline = time.monotonic() + 120
    while (await client.count_workflows(query)).count < total:
        if time.monotonic() > deadline:
            raise Stalled(f"{total} workflows of type {kind} were not completed within two minutes")
        await asyncio.sleep(0.02)
