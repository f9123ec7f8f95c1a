"""What is pending, who works, and the duties that one worker at a time has."""

from typing import NamedTuple

from sqlalchemy import Connection, RowMapping, delete, select

from conditions.times import SECOND, Micros
from store.bulk import Bulk
from store.follow_ups.starting import Starts, starts_by_shard
from store.statuses import BEING_REVOKED, PENDING, QUARANTINED, QUEUED
from store.tables import Worker, table

WORKERS = table(Worker)
#: A worker that has said nothing for so long counts as gone.
GONE_AFTER: Micros = 30 * SECOND


class ShardStatus(NamedTuple):
    """Accepted work of a shard that is not done. `oldest`: when the oldest of it became due.

    `later`: follow-ups whose start is put off on purpose; not pending.
    """

    shard: int
    oldest: Micros | None
    events: int
    adjustments: int
    revocations: int
    touched: int
    leftovers: int
    overdue: int
    unstarted: int
    later: int

    @property
    def pending(self) -> int:
        work = self.events + self.adjustments + self.revocations
        return work + self.touched + self.leftovers + self.overdue + self.unstarted


def shard_status(connection: Connection, now: Micros) -> list[ShardStatus]:
    """One line per shard."""
    bulk = Bulk(connection)

    def by_shard(statement: str, *parameters: object) -> dict[int, tuple[int, Micros | None]]:
        return {row[0]: (row[1], row[2]) for row in bulk.rows(statement, *parameters)}

    events = by_shard(
        f"SELECT shard, count(*), min(received_at) FROM events WHERE status = {PENDING} GROUP BY shard"
    )
    adjustments = by_shard(
        f"SELECT shard, count(*), min(at) FROM adjustments WHERE status = {PENDING} GROUP BY shard"
    )
    revocations = by_shard(
        f"SELECT shard, count(*), min(revoked_at) FROM events WHERE {BEING_REVOKED} GROUP BY shard"
    )
    touched = by_shard(
        "SELECT shard, count(*), min(updated_at) FROM (SELECT shard, updated_at FROM contacts WHERE touched > 0 "
        "UNION ALL SELECT shard, updated_at FROM deals WHERE touched > 0) AS records GROUP BY shard"
    )
    overdue = by_shard(
        "SELECT shard, count(*), min(due_at) FROM (SELECT shard, due_at FROM scores WHERE due_at <= ? "
        "UNION ALL SELECT shard, alarm_at FROM tasks WHERE alarm_at <= ?) AS timers GROUP BY shard",
        now,
        now,
    )
    leftovers = by_shard("SELECT shard, count(*), NULL FROM leftovers GROUP BY shard")
    starts = starts_by_shard(connection, now)
    lines = []
    for (shard,) in bulk.rows("SELECT id FROM shards ORDER BY id"):
        start = starts.get(shard, Starts(0, None, 0))
        kinds = (events, adjustments, revocations, touched, leftovers, overdue)
        work = [kind.get(shard, (0, None)) for kind in kinds]
        moments = [*(since for _, since in work), start.since]
        lines.append(
            ShardStatus(
                shard,
                min((at for at in moments if at is not None), default=None),
                *(count for count, _ in [*work, (start.due, None), (start.later, None)]),
            )
        )
    return lines


def shards_with_work(connection: Connection, before: Micros, *, held: bool) -> list[int]:
    """The shards with work that was there, or due, before a moment. Cheap: it looks for one row of each kind."""
    unstarted = (
        f" OR EXISTS (SELECT 1 FROM enrollments n WHERE n.status = {QUEUED} AND n.shard = s.id AND n.start_at < ?"
        f"{' AND n.started_at IS NOT NULL' if held else ''})"
    )
    statement = (
        "SELECT s.id FROM shards s WHERE "
        f"EXISTS (SELECT 1 FROM events e WHERE e.status = {PENDING} AND e.shard = s.id AND e.received_at < ?)"
        f" OR EXISTS (SELECT 1 FROM adjustments a WHERE a.status = {PENDING} AND a.shard = s.id AND a.at < ?)"
        " OR EXISTS (SELECT 1 FROM contacts c WHERE c.touched > 0 AND c.shard = s.id AND c.updated_at < ?)"
        " OR EXISTS (SELECT 1 FROM deals g WHERE g.touched > 0 AND g.shard = s.id AND g.updated_at < ?)"
        f" OR EXISTS (SELECT 1 FROM events r WHERE r.{BEING_REVOKED} AND r.shard = s.id AND r.revoked_at < ?)"
        " OR EXISTS (SELECT 1 FROM scores d WHERE d.shard = s.id AND d.due_at < ?)"
        " OR EXISTS (SELECT 1 FROM tasks t WHERE t.shard = s.id AND t.alarm_at < ?)"
        " OR EXISTS (SELECT 1 FROM enrollments n WHERE n.closing AND n.shard = s.id)"
        " OR EXISTS (SELECT 1 FROM enrollments w WHERE w.waking > 0 AND w.shard = s.id)"
        " OR EXISTS (SELECT 1 FROM leftovers l WHERE l.shard = s.id)"
        " OR EXISTS (SELECT 1 FROM folds f WHERE f.shard = s.id)"
        " OR EXISTS (SELECT 1 FROM cancellations k WHERE k.shard = s.id)" + unstarted
    )
    return [row[0] for row in Bulk(connection).rows(statement, *([before] * statement.count("?")))]


def quarantined(connection: Connection) -> int:
    count: int = Bulk(connection).rows(f"SELECT count(*) FROM events WHERE status = {QUARANTINED}")[0][0]
    return count


class WorkerSelf(NamedTuple):
    """What a worker says of itself. `no_mail`: why it only records messages; None: it sends them."""

    id: str
    host: str
    pid: int
    no_mail: str | None = None


def see_worker(connection: Connection, worker: WorkerSelf, now: Micros) -> None:
    """Note that a worker is alive; forget those not seen for an hour."""
    Bulk(connection).run(
        "INSERT INTO workers (id, host, pid, no_mail, started_at, seen_at) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at",
        *worker,
        now,
        now,
    )
    connection.execute(delete(WORKERS).where(WORKERS.c.seen_at < now - 3_600_000_000))


def forget_worker(connection: Connection, worker_id: str) -> None:
    connection.execute(delete(WORKERS).where(WORKERS.c.id == worker_id))


def workers(connection: Connection, since: Micros) -> list[RowMapping]:
    """The workers seen since a moment."""
    return list(
        connection.execute(
            select(WORKERS).where(WORKERS.c.seen_at >= since).order_by(WORKERS.c.started_at)
        ).mappings()
    )


def take_lease(connection: Connection, name: str, holder: str, now: Micros, until: Micros) -> bool:
    """Take or renew a duty; False while another worker has it."""
    return (
        Bulk(connection).run(
            "INSERT INTO leases (name, holder, until) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET "
            "holder = excluded.holder, until = excluded.until WHERE leases.holder = ? OR leases.until < ?",
            name,
            holder,
            until,
            holder,
            now,
        )
        > 0
    )
