"""The activity that drains a shard: batch after batch, each one transaction."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace

import structlog
from temporalio import activity
from temporalio.service import RPCError

from activities.heartbeats import beating
from activities.starting import FEWEST as COHORT_FROM
from activities.starting import Starter
from conditions.times import Micros
from engine.batch import Batch, BatchOutcome, read_batch, score_batch
from engine.published import PublishedCache
from runtime.messages import SCORE_SHARD, ScoreResult
from runtime.shards import ShardRef
from store import meta
from store.connection import Connection
from store.database import Database, DBAPIError, OperationalError
from store.follow_ups import starting
from store.scoring import pending

#: How long one activity goes on while work keeps coming.
STINT = 2.0
#: How long a transaction should take: others wait for the one writer of SQLite meanwhile.
TARGET = 0.04
FEWEST, MOST = 800, 2_500
#: Batches that take so many times as long fold whole histories, and may be smaller.
HEAVY, FEWEST_HEAVY = 4, 25
#: So many workflows are told right after the commit; more are left to their own activity.
AT_ONCE = 10

_log = structlog.get_logger()


@dataclass(slots=True)
class _Pace:
    """The size of the next batch, from how long the last one took."""

    limit: int = 1_000

    def learn(self, size: int, seconds: float) -> None:
        if size < self.limit // 2:
            return
        wanted = int(self.limit * min(max(TARGET / max(seconds, 1e-6), 0.5), 1.5))
        fewest = FEWEST_HEAVY if seconds > HEAVY * TARGET or self.limit < FEWEST else FEWEST
        self.limit = min(max(wanted, fewest), MOST)


class _NothingPendingError(Exception):
    """The shard has nothing to do."""


class ShardActivities:
    """Scores what is pending. Given its database, its clock and what starts follow-ups."""

    def __init__(
        self, database: Database, clock: Callable[[], Micros], starter: Starter, published: PublishedCache
    ) -> None:
        self._database = database
        self._clock = clock
        self._starter = starter
        self._published = published
        self._paces: dict[int, _Pace] = {}

    @activity.defn(name=SCORE_SHARD)
    async def score_shard(self, shard: ShardRef) -> ScoreResult:
        """Drain the shard, for about two seconds at the most; `more` when that was not enough."""
        loop = asyncio.get_running_loop()
        begun: list[Future[None]] = []

        def begin(outcome: BatchOutcome) -> None:
            begun.append(asyncio.run_coroutine_threadsafe(self._begin(shard.shard, outcome), loop))

        async with beating():
            result = await asyncio.to_thread(self._drain, shard.shard, begin)
            if begun:
                await asyncio.gather(*map(asyncio.wrap_future, begun))
            return await asyncio.to_thread(self._with_what_comes, shard.shard, result)

    async def _begin(self, shard: int, outcome: BatchOutcome) -> None:
        """Start few follow-ups at once; those for which that fails are left to their own activity."""
        try:
            await self._starter.start_few(shard, outcome.ready, to_tell=AT_ONCE if outcome.closing else 0)
        except (RPCError, RuntimeError) as error:
            _log.warning("follow-ups are not started yet", reason=type(error).__name__)

    def _drain(self, shard: int, begin: Callable[[BatchOutcome], None]) -> ScoreResult:
        """Batches until nothing is pending or the stint is over. `begin` is told of few that have to start, at once."""
        pace = self._paces.setdefault(shard, _Pace())
        began = time.monotonic()
        events = changes = 0
        more = True
        while more and time.monotonic() - began < STINT:
            outcome = self._one_batch(shard, pace)
            events += outcome.events
            changes += outcome.changes
            if outcome.ready or 0 < outcome.closing <= AT_ONCE:
                begin(outcome)
            more = outcome.size > 0
            for cause_id, error in outcome.quarantined.items():
                _log.error("event quarantined", event=cause_id, error=error)
        return ScoreResult(events, changes, more, unstarted=False, next_due_at=None)

    def _with_what_comes(self, shard: int, result: ScoreResult) -> ScoreResult:
        """The same, with what there is to start and to wait for."""
        with self._database.read() as connection:
            now = self._clock()
            moments = (pending.next_due(connection, shard), starting.next_start(connection, shard, now))
            due = min((moment for moment in moments if moment is not None), default=None)
            unstarted = starting.any_unstarted(connection, shard, now)
        return replace(result, unstarted=unstarted, next_due_at=due)

    def _one_batch(self, shard: int, pace: _Pace) -> BatchOutcome:
        """One batch; a batch that the database refuses is tried in halves, down to one event that is set aside."""
        limit = pace.limit
        while True:
            try:
                outcome, seconds = self._folded_ahead(shard, limit) or self._locked(shard, limit)
            except OperationalError:
                raise
            except DBAPIError as error:
                _log.warning(
                    "a batch failed and is split", shard=shard, limit=limit, error=str(error.orig)[:200]
                )
                if limit == 1:
                    return self._set_aside(shard, error)
                limit = pace.limit = max(1, limit // 2)
            else:
                pace.learn(outcome.size, seconds)
                return outcome

    def _folded_ahead(self, shard: int, limit: int) -> tuple[BatchOutcome, float] | None:
        """Read and fold while others may write, then save under the lock; also the seconds that this was held.

        None when somebody else held the shard's lock in between: what was read may not be so any more.
        """
        began = 0.0

        def read(connection: Connection) -> Batch:
            batch = read_batch(connection, shard, self._published.read(connection), self._clock, limit)
            if batch is None:
                raise _NothingPendingError
            return batch

        def save(connection: Connection, batch: Batch) -> BatchOutcome | None:
            nonlocal began
            began = time.monotonic()  # after the wait for other writers
            if meta.definitions_generation(connection) != batch.published.generation:
                return None
            return self._assigned(connection, shard, batch.save(connection))

        try:
            outcome = self._database.run_ahead(read, save, shard)
        except _NothingPendingError:
            return BatchOutcome(), 0.0
        return (outcome, time.monotonic() - began) if outcome is not None else None

    def _assigned(self, connection: Connection, shard: int, outcome: BatchOutcome) -> BatchOutcome:
        """The same; few new enrollments have their workflows, and start when this is committed."""
        if 0 < len(outcome.enrolled) < COHORT_FROM:
            outcome.ready = starting.assign_alone(connection, shard, self._clock(), outcome.enrolled)
        return outcome

    def _locked(self, shard: int, limit: int) -> tuple[BatchOutcome, float]:
        """Read, fold and save under the lock; also the seconds that this was held."""
        began = 0.0

        def work(connection: Connection) -> BatchOutcome:
            nonlocal began
            began = time.monotonic()
            published = self._published.read(connection)
            outcome = score_batch(connection, shard, published, self._clock, limit)
            return self._assigned(connection, shard, outcome)

        outcome = self._database.run(work, [shard])
        return outcome, time.monotonic() - began

    def _set_aside(self, shard: int, error: DBAPIError) -> BatchOutcome:
        def work(connection: Connection) -> BatchOutcome:
            due = pending.due_work(connection, shard, self._clock(), 1)
            reason = f"the database refused it: {error.orig}"[:500]
            guilty = [waiting.event.id for waiting in due.events] or [
                adjustment.id for adjustment in due.adjustments
            ]
            if not guilty:
                raise error
            outcome = BatchOutcome(size=1, quarantined={guilty[0]: reason})
            pending.quarantine(connection, outcome.quarantined)
            return outcome

        return self._database.run(work, [shard])
