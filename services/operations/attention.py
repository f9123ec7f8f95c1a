"""What waits for a person, and what the next day brings by itself."""

from collections import Counter

from conditions.times import DAY, HOUR, to_iso
from services.foresight.moves import ComingMoves, MovesQuery
from services.operations.answers import ComingDay, ComingHour, Leaving, Need, Status, Waiting
from services.resources import Resources
from store.follow_ups import watching
from store.operations import overview

_HOURS = 24
#: Follow-ups whose waits are read at once, and how many moves between bands are looked for.
_AT_ONCE, _MOST_MOVES = 2_000, 500


class Attention:
    """Reads what waits."""

    def __init__(self, resources: Resources, moves: ComingMoves) -> None:
        self._resources = resources
        self._moves = moves

    def waiting(self) -> Waiting:
        """Numbers alone: open tasks that are due within a day or overdue, and follow-ups that failed."""
        now = self._resources.clock()
        with self._resources.database.read() as connection:
            return Waiting(
                tasks=overview.tasks_due(connection, now + DAY),
                overdue=overview.tasks_due(connection, now),
                failed=overview.failed(connection),
            )

    def needs(self, status: Status) -> list[Need]:
        """What only a person can settle, the worst first. `status`: how the installation is doing now."""
        now = self._resources.clock()
        with self._resources.database.read() as connection:
            failures = overview.failures(connection)
            overdue = overview.tasks_due(connection, now)
        needs = []
        if status.temporal == "down":
            needs.append(Need(kind="temporal", count=1))
        if not status.workers:
            needs.append(Need(kind="workers", count=1))
        needs += [Need(kind="failed", count=one.failed, about=one.automation) for one in failures]
        needs += [Need(kind="loop", count=one.skipped, about=one.automation) for one in status.loops]
        if status.quarantined:
            needs.append(Need(kind="quarantine", count=status.quarantined))
        if status.held:
            needs.append(Need(kind="held", count=status.starts_later))
        if status.lost_digests:
            needs.append(Need(kind="digests", count=len(status.lost_digests)))
        if overdue:
            needs.append(Need(kind="tasks", count=overdue))
        return needs

    def day(self) -> ComingDay:
        """The next 24 hours by the hour: points that expire, waits that end, starts that were put off, tasks due."""
        now = self._resources.clock()
        since = now - now % HOUR
        until = since + _HOURS * HOUR
        with self._resources.database.read() as connection:
            scores = dict(overview.scores_due(connection, self._resources.shards, since, until))
            tasks = dict(overview.tasks_by_hour(connection, since, until))
            starts = dict(overview.starts_by_hour(connection, since, until))
            waits: Counter[int] = Counter()
            after = ""
            while ids := overview.running_after(connection, after, _AT_ONCE):
                after = ids[-1]
                ends = watching.ends(connection, ids).values()
                waits.update((end - since) // HOUR for end in ends if since <= end < until)
        return ComingDay(
            since=to_iso(since),
            hours=[
                ComingHour(
                    at=to_iso(since + hour * HOUR),
                    scores=scores.get(hour, 0),
                    waits=waits[hour],
                    starts=starts.get(hour, 0),
                    tasks=tasks.get(hour, 0),
                )
                for hour in range(_HOURS)
            ],
            leaving=self._leaving(),
        )

    def _leaving(self) -> list[Leaving]:
        """How many scores leave which band by time alone, by profile."""
        leaving = []
        for key in self._moves.profiles():
            moves = self._moves.find(MovesQuery(key, "24h", bands=True, limit=_MOST_MOVES)).items
            bands = Counter(move.band for move in moves if move.band is not None)
            leaving += [Leaving(profile=key, band=band, count=count) for band, count in bands.most_common()]
        return leaving
