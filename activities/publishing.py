"""Re-scoring after a publish: chunk by chunk, each one transaction, progress kept beside the scores."""

import asyncio
from collections.abc import Callable

from temporalio import activity

from activities.batch import rescore_batch
from activities.heartbeats import beating
from activities.messages import FINISH_PUBLISH, SWEEP_SHARD, SweepInput, SweepResult
from activities.published import PublishedCache
from conditions.times import Micros
from runtime.wakes import Wakes
from store import publications
from store.connection import Connection
from store.database import Database

#: Records and events in one transaction: it should not take longer than a batch does, nor much memory.
CHUNK, MOST_EVENTS = 500, 1_500


class PublishActivities:
    """Sweeps the shards of a publish."""

    def __init__(self, database: Database, clock: Callable[[], Micros], wakes: Wakes) -> None:
        self._database = database
        self._clock = clock
        self._wakes = wakes
        self._published = PublishedCache()

    @activity.defn(name=SWEEP_SHARD)
    async def sweep_shard(self, sweep: SweepInput) -> SweepResult:
        """Re-score every record of a shard that is not of the published version yet."""
        async with beating():
            done = 0
            while True:
                count = await asyncio.to_thread(
                    self._database.run, lambda connection: self._chunk(connection, sweep), [sweep.shard]
                )
                if count is None or count == 0:
                    self._wakes.request([sweep.shard])
                    return SweepResult(done, superseded=count is None)
                done += count

    @activity.defn(name=FINISH_PUBLISH)
    async def finish_publish(self, publication_id: str) -> None:
        """Note that a publish is through."""
        await asyncio.to_thread(
            self._database.run,
            lambda connection: publications.finish(connection, publication_id, self._clock()),
        )

    def _chunk(self, connection: Connection, sweep: SweepInput) -> int | None:
        """One chunk; how many records it passed, None when the publish has been superseded."""
        publication = publications.load(connection, sweep.publication_id)
        if publication is None or publication["status"] == "superseded":
            return None
        profile_id = publication["profile_id"]
        ids = publications.next_records(
            connection, profile_id, sweep.publication_id, sweep.shard, CHUNK, MOST_EVENTS
        )
        if ids:
            published = self._published.read(connection)
            rescore_batch(connection, sweep.shard, published, profile_id, ids, self._clock())
            publications.advance(connection, sweep.publication_id, sweep.shard, ids[-1], len(ids))
        return len(ids)
