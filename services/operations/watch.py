"""What a worker looks after besides its task queue: bulk jobs to begin, and what was left unwoken or lost."""

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta

import structlog
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from conditions.times import SECOND, Micros
from runtime.bulk_start import start_bulk
from runtime.messages import BulkInput, PublishInput
from runtime.publish_start import start_publish
from runtime.registry import FOLLOW_UP_WORKFLOW
from runtime.statuses import EnrollmentStatus
from runtime.wakes import Wakes
from store import meta
from store.connection import Connection, RowMapping
from store.database import Database, DatabaseUnavailable, OperationalError
from store.design import definitions, publications
from store.follow_ups import bulk_jobs, enrollments
from store.operations import status
from store.sqlite import MOST_LOG_BYTES

EVERY = 1.0
ALIVE_EVERY = 10
PUBLISHES_EVERY = 5
#: When SQLite's write-ahead file is emptied whatever its size, and when it is only if it is large.
EMPTIED_EVERY, MEASURED_EVERY = 60, 5
#: Seconds between audits; more where one takes long, but so that each follow-up is seen within a minute.
AUDIT_EVERY, AUDIT_AT_LEAST_EVERY, AUDIT_PAUSES = 15.0, 40.0, 8
_PATIENCE = timedelta(seconds=10)
_log = structlog.get_logger()

#: How a workflow that is over, while its enrollment runs, ended.
_ENDED = {
    WorkflowExecutionStatus.TERMINATED: EnrollmentStatus.CANCELLED,
    WorkflowExecutionStatus.CANCELED: EnrollmentStatus.CANCELLED,
    WorkflowExecutionStatus.TIMED_OUT: EnrollmentStatus.CANCELLED,
    WorkflowExecutionStatus.FAILED: EnrollmentStatus.FAILED,
}


class Watch:
    """Runs beside a worker until cancelled. It starts bulk jobs; nothing else that it does is needed while all goes
    well.
    """

    def __init__(
        self,
        database: Database,
        client: Client,
        wakes: Wakes,
        clock: Callable[[], Micros],
        task_queue: str,
        worker: status.WorkerSelf,
    ) -> None:
        self._database = database
        self._client = client
        self._wakes = wakes
        self._clock = clock
        self._task_queue = task_queue
        self._worker = worker
        self._next_audit = 0.0
        self._bulk_started: set[str] = set()
        self._audit_every = AUDIT_EVERY

    async def run(self) -> None:
        """Once a second; trouble is logged and tried again."""
        beat = 0
        try:
            while True:
                try:
                    await self._beat(beat)
                except (OperationalError, DatabaseUnavailable, RPCError) as error:
                    _log.warning("watch failed, will try again", reason=type(error).__name__)
                beat += 1
                await asyncio.sleep(EVERY)
        finally:
            await asyncio.to_thread(self._leave)

    async def _beat(self, beat: int) -> None:
        if beat % ALIVE_EVERY == 0:
            await asyncio.to_thread(self._database.run, self._say_alive)
        self._wakes.request(await asyncio.to_thread(self._neglected))
        if beat % PUBLISHES_EVERY == 0:
            for publish in await asyncio.to_thread(self._publishes):
                await start_publish(self._client, self._task_queue, publish)
        jobs = await asyncio.to_thread(self._bulk_jobs)
        for job in jobs:
            if job["id"] not in self._bulk_started or beat % PUBLISHES_EVERY == 0:
                message = BulkInput(job["id"], job["action"])
                await start_bulk(self._client, self._task_queue, message, job["total"])
        self._bulk_started = {job["id"] for job in jobs}
        if beat % EMPTIED_EVERY == 0 or (
            beat % MEASURED_EVERY == 0 and self._database.log_size() > MOST_LOG_BYTES
        ):
            await asyncio.to_thread(self._database.empty_log)
        if (began := time.monotonic()) >= self._next_audit:
            self._next_audit = began + self._audit_every
            if await asyncio.to_thread(self._database.run, self._on_duty):
                await self.audit()
                long = AUDIT_PAUSES * (time.monotonic() - began)
                self._audit_every = min(max(AUDIT_EVERY, long), AUDIT_AT_LEAST_EVERY)

    def _say_alive(self, connection: Connection) -> None:
        status.see_worker(connection, self._worker, self._clock())

    def _leave(self) -> None:
        try:
            self._database.run(lambda connection: status.forget_worker(connection, self._worker.id))
        except (OperationalError, DatabaseUnavailable):
            _log.warning("could not sign off; the status forgets this worker by itself")

    def _neglected(self) -> list[int]:
        """Shards with work that has waited for a second: their wake-up was lost, or they were never started."""
        with self._database.read() as connection:
            held = meta.get_fact(connection, meta.HELD) is not None
            return status.shards_with_work(connection, self._clock() - SECOND, held=held)

    def _bulk_jobs(self) -> list[RowMapping]:
        """Those that run, or have still to be started."""
        with self._database.read() as connection:
            return bulk_jobs.running(connection)

    def _publishes(self) -> list[PublishInput]:
        with self._database.read() as connection:
            shards = meta.shard_count(connection)
            publishes = []
            for publication_id in publications.unfinished(connection):
                row = publications.load(connection, publication_id)
                key = definitions.profile_key(connection, row["profile_id"]) if row is not None else None
                if row is not None and key is not None:
                    publishes.append(PublishInput(publication_id, key, row["version"], shards))
            return publishes

    def _on_duty(self, connection: Connection) -> bool:
        now = self._clock()
        return status.take_lease(
            connection, "audit", self._worker.id, now, now + int(2 * self._audit_every) * SECOND
        )

    async def audit(self) -> None:
        """Compare the enrollments that run with Temporal's workflows.

        One that ended in Temporal alone (terminated, cancelled) ends here too. One that Temporal does not know, since
        it lost its data, starts again as its next attempt.
        """
        open_ids = {
            execution.id
            async for execution in self._client.list_workflows(
                f"WorkflowType = '{FOLLOW_UP_WORKFLOW}' AND ExecutionStatus = 'Running'", page_size=1000
            )
        }
        before = self._clock() - 5 * SECOND
        for workflow_id in await asyncio.to_thread(self._running, before):
            if workflow_id not in open_ids:
                await self._settle(workflow_id)

    def _running(self, before: Micros) -> list[str]:
        with self._database.read() as connection:
            return enrollments.workflows_running(connection, before)

    async def _settle(self, workflow_id: str) -> None:
        handle = self._client.get_workflow_handle(workflow_id)
        try:
            described = await handle.describe(rpc_timeout=_PATIENCE)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            ended, how = None, ""
        else:
            if described.status is WorkflowExecutionStatus.RUNNING:
                return
            ended = _ENDED.get(described.status) if described.status is not None else None
            how = described.status.name.lower().replace("_", " ") if described.status is not None else ""

        def work(connection: Connection) -> set[int]:
            members = enrollments.members(connection, workflow_id)
            if ended is None:
                enrollments.start_again(connection, workflow_id)
            else:
                for row in members:
                    enrollments.end_enrollment(
                        connection, row["id"], ended, self._clock(), f"the workflow was {how} in Temporal"
                    )
            return {row["shard"] for row in members}

        shards = await asyncio.to_thread(self._database.run, work)
        _log.info("follow-up settled", workflow=workflow_id, outcome=ended or "started again")
        self._wakes.request(shards)
