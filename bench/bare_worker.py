"""The floor of rows that run through Temporal: workflows that only call activities, and activities that do nothing.

`python -m bench.bare_worker` is their worker process, with the settings of the product's worker.
"""

import asyncio
import signal
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.worker import Worker

TASK_QUEUE = "bare"


@activity.defn
def nothing() -> None:
    """A step without an effect."""


@workflow.defn
class Bare:
    """Activities one after another."""

    @workflow.run
    async def run(self, activities: int) -> None:
        for _ in range(activities):
            await workflow.execute_activity(nothing, start_to_close_timeout=timedelta(seconds=15))


@workflow.defn
class BareWait:
    """Waits for a signal, then one activity."""

    def __init__(self) -> None:
        self._woken = False

    @workflow.signal
    def wake(self) -> None:
        self._woken = True

    @workflow.run
    async def run(self) -> None:
        await workflow.wait_condition(lambda: self._woken, timeout=timedelta(days=90))
        await workflow.execute_activity(nothing, start_to_close_timeout=timedelta(seconds=15))


async def main() -> None:
    """Work until SIGTERM."""
    from runtime.readiness import announce_ready  # noqa: PLC0415 (workflows above must stay light to import)
    from runtime.settings import load_settings  # noqa: PLC0415
    from runtime.temporal import connect  # noqa: PLC0415
    from worker import GRACE, STICKY_PATIENCE, THREADS  # noqa: PLC0415

    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    client = await connect(load_settings())
    async with Worker(
        client,
        task_queue=TASK_QUEUE,
        workflows=[Bare, BareWait],
        activities=[nothing],
        activity_executor=ThreadPoolExecutor(THREADS),
        max_concurrent_activities=THREADS,
        sticky_queue_schedule_to_start_timeout=STICKY_PATIENCE,
        graceful_shutdown_timeout=GRACE,
    ):
        announce_ready()
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(main())
