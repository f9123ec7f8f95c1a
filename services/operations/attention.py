"""What waits for a person, and what the next day brings by itself."""

from collections import Counter
from threading import Lock

from conditions.times import DAY, HOUR, SECOND, Micros, to_iso
from services.foresight.moves import ComingMoves, MovesQuery
from services.operations.answers import ComingDay, ComingHour, Leaving, Need, Rising, Status, Waiting
from services.resources import Resources
from store.design import definitions
from store.follow_ups import enrollments, watching
from store.operations import overview
from store.records import lists

_HOURS = 24
#: Follow-ups whose waits are read at once, and how many moves between bands are looked for.
_AT_ONCE, _MOST_MOVES = 2_000, 500
_RISING_GOOD_FOR: Micros = 300 * SECOND


class Attention:
    """Reads what waits."""

    def __init__(self, resources: Resources, moves: ComingMoves) -> None:
        self._resources = resources
        self._moves = moves
        self._lock = Lock()
        self._rising: dict[str, tuple[Micros, list[Rising]]] = {}

    def waiting(self) -> Waiting:
        """Numbers alone: open tasks that are due within a day or overdue, and follow-ups that failed."""
        now = self._resources.clock()
        with self._resources.database.read() as connection:
            return Waiting(
                tasks=overview.tasks_due(connection, now + DAY),
                overdue=overview.tasks_due(connection, now),
                failed=overview.failed(connection),
            )

    def follow_ups(self) -> dict[str, int]:
        """How many there are, by status; those that are `retrying` are not among the `running`."""
        with self._resources.database.read() as connection:
            return enrollments.count_by_status(connection)

    def rising(self, profile: str, within: Micros = 7 * DAY, most: int = 6) -> list[Rising]:
        """The contacts or deals whose score rose most of late, those that publishing moved apart.

        It takes a look at every change of the profile, so that it is good for some minutes.
        """
        now = self._resources.clock()
        with self._lock:
            known = self._rising.get(profile)
            if known is not None and now - known[0] < _RISING_GOOD_FOR:
                return known[1]
            with self._resources.database.read() as connection:
                row = definitions.find(connection, definitions.PROFILES, profile)
                if row is None or row["version"] is None:
                    return []
                risen = overview.risen(connection, row["id"], now - within, most)
                names = lists.names(connection, row["applies_to"], [record_id for record_id, _ in risen])
            rising = [
                Rising(key=names[record_id][0], name=names[record_id][1], points=points)
                for record_id, points in risen
                if record_id in names
            ]
            self._rising[profile] = now, rising
            return rising

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
