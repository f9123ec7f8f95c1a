"""The worker process: reacts to score changes. Many may run side by side."""

import asyncio
import gc
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import structlog
from temporalio.client import Client
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions
from uuid_utils import uuid7

from activities.bulk import BulkActivities
from activities.calling import Webhooks
from activities.delivering import Notifications
from activities.follow_ups import FollowUpActivities
from activities.guarding import GuardErrors
from activities.publishing import PublishActivities
from activities.sending import SendingActivities
from activities.shards import ShardActivities
from activities.starting import Starter, take_over
from channels.outbound import make_outbound, no_mail
from channels.signing import new_secret
from engine.published import PublishedCache
from runtime.clock import now_micros
from runtime.data_folder import make_private, open_data_folder
from runtime.errors import ReadableError
from runtime.logs import configure_logging
from runtime.readiness import announce_ready
from runtime.registry import follow_up_queue
from runtime.settings import Settings, load_settings
from runtime.temporal import TemporalUnavailable, connect, register_search_attributes
from runtime.wakes import Wakes
from services.access.retention import keep_trimmed
from services.operations.digests import Digests
from services.operations.watch import Watch
from store.database import Database
from store.follow_ups.messages import NOTIFICATIONS, WEBHOOKS
from store.follow_ups.webhooks import signing_secret
from store.migrate import migrate
from store.operations.status import WorkerSelf
from workflows.bulk import BulkWorkflow
from workflows.follow_up import FollowUpWorkflow
from workflows.publish import PublishWorkflow
from workflows.shard import ShardWorkflow

THREADS = 32
GRACE = timedelta(seconds=10)
#: A repeated attempt says what it begins and what it has done; the later word counts after this long.
HEARTBEATS = timedelta(seconds=1)
#: Workflow tasks at a time, of scoring and of follow-ups: they share one interpreter, and scoring comes first.
SCORING_TASKS = 4
FOLLOW_UP_TASKS = 3
#: Follow-ups kept in memory, each half a megabyte; the others are replayed when something happens to them.
CACHED = 300
#: A dead worker's workflows move to others after this long.
STICKY_PATIENCE = timedelta(seconds=2)
#: Our own workflow modules are imported once, not for every run; the replay tests run them in the whole sandbox.
RESTRICTIONS = SandboxRestrictions.default.with_passthrough_modules("workflows")
_log = structlog.get_logger()


@asynccontextmanager
async def working(
    settings: Settings, database: Database, client: Client, wakes: Wakes
) -> AsyncIterator[None]:
    """Workers for the configured task queue and for that of follow-ups, in the event loop that made `wakes`; digests.

    Both know everything, so that whatever is found on either is carried out.
    """
    secret = database.run(lambda connection: signing_secret(connection, new_secret()))
    outbound = make_outbound(settings, secret)
    published = PublishedCache(settings.loop_limit)
    starter = Starter(database, client, settings.task_queue, now_micros, published)
    shards = ShardActivities(database, now_micros, starter, published)
    publishes = PublishActivities(database, now_micros, wakes, published)
    bulks = BulkActivities(database, now_micros, wakes, published)
    follow_ups = FollowUpActivities(database, now_micros, wakes, outbound, published)
    sending = SendingActivities(
        database,
        now_micros,
        {
            NOTIFICATIONS: Notifications(database, now_micros, outbound).send,
            WEBHOOKS: Webhooks(database, now_micros, outbound).send,
        },
    )
    activities: list[Callable[..., Any]] = [
        shards.score_shard,
        starter.start_follow_ups,
        publishes.sweep_shard,
        publishes.finish_publish,
        bulks.work_off_bulk,
        bulks.end_bulk,
        follow_ups.advance,
        follow_ups.end_follow_ups,
        sending.send,
    ]

    def worker(task_queue: str, workflow_tasks: int, cached: int) -> Worker:
        return Worker(
            client,
            task_queue=task_queue,
            workflows=[ShardWorkflow, FollowUpWorkflow, PublishWorkflow, BulkWorkflow],
            activities=activities,
            activity_executor=ThreadPoolExecutor(THREADS, thread_name_prefix="activity"),
            max_concurrent_activities=THREADS,
            max_concurrent_workflow_tasks=workflow_tasks,
            workflow_runner=SandboxedWorkflowRunner(restrictions=RESTRICTIONS),
            max_cached_workflows=cached,
            sticky_queue_schedule_to_start_timeout=STICKY_PATIENCE,
            graceful_shutdown_timeout=GRACE,
            default_heartbeat_throttle_interval=HEARTBEATS,
            interceptors=[GuardErrors()],
        )

    await take_over(database, client)
    scoring = worker(settings.task_queue, SCORING_TASKS, settings.shards * 2)
    following_up = worker(follow_up_queue(settings.task_queue), FOLLOW_UP_TASKS, CACHED)
    async with scoring, following_up:
        digests = asyncio.create_task(Digests(database, now_micros, outbound, settings.base_url).run())
        trimming = asyncio.create_task(keep_trimmed(database, now_micros, settings.audit_days))
        try:
            yield
        finally:
            digests.cancel()
            trimming.cancel()
            await asyncio.gather(digests, trimming, return_exceptions=True)


async def work(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT; raises ReadableError when it cannot start."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS, thread_name_prefix="work"))
    database = Database(settings.database, sync=settings.database_sync)
    try:
        await asyncio.to_thread(migrate, database, settings.shards)
        client = await _connected(settings, stop)
        if client is None:
            return
        wakes = Wakes(client, settings.task_queue)
        identity = WorkerSelf(str(uuid7()), socket.gethostname(), os.getpid(), no_mail(settings))
        watch = Watch(database, client, wakes, now_micros, settings.task_queue, identity)
        async with working(settings, database, client, wakes):
            announce_ready()
            _log.info("worker ready", task_queue=settings.task_queue, database=database.name)
            watching = asyncio.create_task(watch.run())
            await stop.wait()
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
        await wakes.close()
        _log.info("worker stopped")
    finally:
        database.close()


async def _connected(settings: Settings, stop: asyncio.Event) -> Client | None:
    """A client, as soon as Temporal is there; None when told to stop before."""
    pause = 0.5
    while not stop.is_set():
        try:
            client = await connect(settings)
            if not settings.embedded_temporal:
                await register_search_attributes(client, settings)
        except TemporalUnavailable as error:
            _log.warning("waiting for Temporal", reason=str(error))
            try:
                await asyncio.wait_for(stop.wait(), pause)
            except TimeoutError:
                pause = min(pause * 2, 5)
        else:
            return client
    return None


def main() -> None:
    """`python -m worker`; exits with 1 and one readable line when it cannot run."""
    try:
        settings = load_settings()
        configure_logging(settings, "worker")
        make_private()
        for warning in open_data_folder(settings):
            _log.warning(warning)
        # Batches make many small objects that die young: a collector that looks seldom is a third faster.
        gc.freeze()
        gc.set_threshold(50_000, 50, 100)
        asyncio.run(work(settings))
    except ReadableError as error:
        sys.exit(f"kindling worker: {error}")


if __name__ == "__main__":
    main()
