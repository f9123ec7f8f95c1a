"""Re-scoring after a publish: chunk by chunk, each one transaction, progress kept beside the scores."""

import asyncio
from collections.abc import Callable

from temporalio import activity

from activities.heartbeats import beating
from conditions.times import Micros
from engine.batch import Batch, read_sweep
from engine.published import PublishedCache
from runtime.messages import FINISH_PUBLISH, SWEEP_SHARD, SweepInput, SweepResult
from runtime.statuses import PublicationStatus
from runtime.wakes import Wakes
from store import meta
from store.connection import Connection
from store.database import Database
from store.design import publications

#: Records and events in one transaction: it should not take longer than a batch does, nor much memory.
CHUNK, MOST_EVENTS = 500, 1_500
#: Seconds between two looks whether a long history is through.
PAUSE = 0.2


class SupersededError(Exception):
    """A newer publish, or an unpublish, made this one pointless."""


class _NobodyLeftError(Exception):
    """The sweep has passed every record of the shard."""


class PublishActivities:
    """Sweeps the shards of a publish."""

    def __init__(
        self, database: Database, clock: Callable[[], Micros], wakes: Wakes, published: PublishedCache
    ) -> None:
        self._database = database
        self._clock = clock
        self._wakes = wakes
        self._published = published

    @activity.defn(name=SWEEP_SHARD)
    async def sweep_shard(self, sweep: SweepInput) -> SweepResult:
        """Re-score every record of a shard that is not of the published version yet."""
        async with beating():
            done, superseded = 0, False
            try:
                while (count := await asyncio.to_thread(self.chunk, sweep)) is not None:
                    done += count
                    if not count:  # the shard's batches fold a long history, too: leave it to them
                        self._wakes.request([sweep.shard])
                        await asyncio.sleep(PAUSE)
            except SupersededError:
                superseded = True
            self._wakes.request([sweep.shard])
            return SweepResult(done, superseded=superseded)

    @activity.defn(name=FINISH_PUBLISH)
    async def finish_publish(self, publication_id: str) -> None:
        """Note that a publish is through."""
        await asyncio.to_thread(
            self._database.run,
            lambda connection: publications.finish(connection, publication_id, self._clock()),
        )

    def chunk(self, sweep: SweepInput) -> int | None:
        """One chunk; how many records it passed, none as long as a long history is gone on with. None: all are passed.

        Folded while others may write, and once more under the lock if somebody else held it in between. Raises
        SupersededError.
        """

        def save(connection: Connection, ahead: tuple[Batch, list[int]]) -> int:
            batch, ids = ahead
            if meta.definitions_generation(connection) != batch.published.generation:
                return save(connection, self._read(connection, sweep))
            batch.save(connection)
            if batch.unfinished:
                return 0
            publications.advance(connection, sweep.publication_id, sweep.shard, ids[-1], len(ids))
            return len(ids)

        try:
            done = self._database.run_ahead(
                lambda connection: self._read(connection, sweep), save, sweep.shard
            )
            if done is not None:
                return done
            return self._database.run(
                lambda connection: save(connection, self._read(connection, sweep)), [sweep.shard]
            )
        except _NobodyLeftError:
            return None

    def _read(self, connection: Connection, sweep: SweepInput) -> tuple[Batch, list[int]]:
        """The next records, folded. Raises when there are none, or the publish has been superseded."""
        publication = publications.load(connection, sweep.publication_id)
        if publication is None or publication["status"] == PublicationStatus.SUPERSEDED:
            raise SupersededError
        profile_id = publication["profile_id"]
        ids = publications.next_records(
            connection, profile_id, sweep.publication_id, sweep.shard, CHUNK, MOST_EVENTS
        )
        if not ids:
            raise _NobodyLeftError
        published, now = self._published.read(connection), self._clock()
        return read_sweep(connection, sweep.shard, published, now, profile_id, ids), ids
