"""Where a follow-up is tried: a copy of what concerns its record, with a clock of its own."""

from collections.abc import Callable
from dataclasses import dataclass

from channels.outbound import Outbound
from conditions.times import Micros
from engine.batch import score_batch
from engine.published import Published
from store.connection import Connection
from store.scoring.pending import next_due

_AT_ONCE = 500
#: Batches for what has happened, and moments at which time alone moves a score, that are gone through one by one.
MOST_BATCHES, MOST_MOMENTS = 1_000, 400
#: What comes after a wait begins so much after its end, as it does where timers are real: at 9 it is past 9 by then.
LATENESS: Micros = 1_000


@dataclass(slots=True)
class Scene:
    """What is done in it nobody else ever sees. `scored`: scores follow what happens; else they stay as they are."""

    connection: Connection
    published: Published
    outbound: Outbound
    shard: int
    now: Micros
    scored: bool

    def settle(self) -> None:
        """Have everything catch up that a worker's next batch would: scores, triggers, waits, early ends."""
        for _ in range(MOST_BATCHES if self.scored else 0):
            if not score_batch(self.connection, self.shard, self.published, lambda: self.now, _AT_ONCE).size:
                return

    def pass_time(self, until: Micros, over: Callable[[], bool], *, watched: bool) -> None:
        """Let time pass up to a moment, or to an earlier one at which it is `over`.

        Where nobody has `watched` what comes in between, it is passed at once.
        """
        for _ in range(MOST_MOMENTS if self.scored and watched else 0):
            due = next_due(self.connection, self.shard)
            if due is None or due > until:
                break
            self.now = max(self.now, due)
            self.settle()
            if over():
                return
        self.now = max(self.now, until + LATENESS)
        self.settle()
