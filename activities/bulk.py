"""The activities of bulk jobs: slice after slice, each one transaction, progress kept beside what is done."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from temporalio import activity

from activities.heartbeats import beating
from conditions.times import Micros
from engine import bulk
from engine.published import PublishedCache
from runtime.messages import END_BULK, WORK_OFF_BULK, BulkInput, BulkProgress
from runtime.statuses import BulkStatus
from runtime.wakes import Wakes
from store.connection import Connection, RowMapping
from store.database import Database
from store.follow_ups import bulk_jobs
from store.follow_ups.bulk_jobs import Member, Tally

#: How long one activity goes on; its workflow shows how far it has come.
STINT = 5.0


class _MovedError(Exception):
    """A record has changed its shard between the look and the lock."""


class BulkActivities:
    """Works bulk jobs off."""

    def __init__(
        self, database: Database, clock: Callable[[], Micros], wakes: Wakes, published: PublishedCache
    ) -> None:
        self._database = database
        self._clock = clock
        self._wakes = wakes
        self._published = published

    @activity.defn(name=WORK_OFF_BULK)
    async def work_off_bulk(self, job: BulkInput) -> BulkProgress:
        """Slices for some seconds; the job is over when none is left, somebody stopped it, or it cannot go on."""
        async with beating():
            began = time.monotonic()
            while time.monotonic() - began < STINT:
                shards = await asyncio.to_thread(self.one_slice, job.job_id)
                if shards is None:
                    break
                self._wakes.request(shards)
            return await asyncio.to_thread(self._progress, job.job_id)

    @activity.defn(name=END_BULK)
    async def end_bulk(self, job: BulkInput) -> None:
        """Note that a job was stopped in Temporal."""
        await asyncio.to_thread(self._end, job.job_id, BulkStatus.STOPPED, "cancelled in Temporal")

    def one_slice(self, job_id: str) -> frozenset[int] | None:
        """Do the next slice; the shards that it has work for now. None: there is nothing left to do."""
        with self._database.read() as connection:
            job, slice_ = bulk_jobs.find(connection, job_id), bulk_jobs.next_slice(connection, job_id)
            if job is None or job["status"] != BulkStatus.RUNNING:
                return None
            found = bulk_jobs.members(connection, job["kind"], slice_[1] if slice_ is not None else [])
        if slice_ is None:
            self._end(job_id, BulkStatus.DONE)
            return None
        place, ids = slice_
        shards = frozenset(member.shard for member in found.values())
        try:
            self._database.run(lambda connection: self._do(connection, job, place, ids, shards), shards)
        except _MovedError:
            return frozenset()
        except bulk.JobFailed as error:
            self._end(job_id, BulkStatus.FAILED, str(error))
            return None
        return shards

    def _do(
        self, connection: Connection, job: RowMapping, place: int, ids: list[Any], shards: frozenset[int]
    ) -> None:
        """Take the slice, act, and count, in one transaction."""
        found = bulk_jobs.members(connection, job["kind"], ids)
        if not {member.shard for member in found.values()} <= shards:
            raise _MovedError
        if not bulk_jobs.take_slice(connection, job["id"], place):
            return
        members: list[Member] = list(dict.fromkeys(found.values()))
        tally = Tally()
        if members:
            tally = bulk.act(
                bulk.Slice(
                    connection=connection,
                    job_id=job["id"],
                    action=job["action"],
                    kind=job["kind"],
                    parameters=job["parameters"],
                    smart_list=job["smart_list"],
                    members=members,
                    published=self._published.read(connection),
                    now=self._clock(),
                )
            )
        merged = len(found) - len(members)
        bulk_jobs.count(
            connection,
            job["id"],
            tally._replace(unchanged=tally.unchanged + merged, gone=len(ids) - len(found)),
        )

    def _end(self, job_id: str, status: BulkStatus, error: str | None = None) -> None:
        self._database.run(lambda connection: bulk_jobs.end(connection, job_id, status, self._clock(), error))

    def _progress(self, job_id: str) -> BulkProgress:
        with self._database.read() as connection:
            job = bulk_jobs.find(connection, job_id)
        if job is None:
            return BulkProgress(BulkStatus.STOPPED, 0, 0)
        return BulkProgress(job["status"], job["done"], job["total"])
