"""What waits for people, and what the next day brings."""

from typing import NamedTuple

from sqlalchemy import Connection

from conditions.times import HOUR, Micros
from runtime.statuses import EnrollmentStatus
from store.bulk import Bulk
from store.statuses import QUEUED, RUNNING

_FAILED = repr(EnrollmentStatus.FAILED.value)


class Failures(NamedTuple):
    """Follow-ups of an automation that failed and nobody has looked after."""

    automation: str
    failed: int
    newest: str


def failures(connection: Connection) -> list[Failures]:
    """By automation, those with the newest trouble first; `newest`: the id of the last one."""
    rows = Bulk(connection).rows(
        "SELECT a.key, count(*), max(e.id) FROM enrollments e JOIN automations a ON a.id = e.automation_id "
        f"WHERE e.status = {_FAILED} GROUP BY a.key ORDER BY max(e.id) DESC"
    )
    return [Failures(*row) for row in rows]


def failed(connection: Connection) -> int:
    count: int = Bulk(connection).rows(f"SELECT count(*) FROM enrollments WHERE status = {_FAILED}")[0][0]
    return count


def tasks_due(connection: Connection, before: Micros) -> int:
    """Open tasks that are due before a moment."""
    statement = "SELECT count(*) FROM tasks WHERE status = 'open' AND due_at < ?"
    count: int = Bulk(connection).rows(statement, before)[0][0]
    return count


class Hour(NamedTuple):
    """What one hour brings, counted by hours from the start."""

    hour: int
    things: int


def scores_due(connection: Connection, shards: int, since: Micros, until: Micros) -> list[Hour]:
    """Scores that time alone may move, by the hour of the first move."""
    found: dict[int, int] = {}
    for shard in range(shards):
        for hour, count in Bulk(connection).rows(
            "SELECT (due_at - ?) / ?, count(*) FROM scores WHERE shard = ? AND due_at >= ? AND due_at < ? GROUP BY 1",
            since,
            HOUR,
            shard,
            since,
            until,
        ):
            found[hour] = found.get(hour, 0) + count
    return _in_order(found)


def tasks_by_hour(connection: Connection, since: Micros, until: Micros) -> list[Hour]:
    """Open tasks by the hour in which they are due."""
    rows = Bulk(connection).rows(
        "SELECT (due_at - ?) / ?, count(*) FROM tasks WHERE status = 'open' AND due_at >= ? AND due_at < ? GROUP BY 1",
        since,
        HOUR,
        since,
        until,
    )
    return _in_order(dict(rows))


def starts_by_hour(connection: Connection, since: Micros, until: Micros) -> list[Hour]:
    """Queued follow-ups by the hour in which they may start; what may have started already, in the first one."""
    rows = Bulk(connection).rows(
        "SELECT CASE WHEN start_at < ? THEN 0 ELSE (start_at - ?) / ? END, count(*) FROM enrollments "
        f"WHERE status = {QUEUED} AND start_at < ? GROUP BY 1",
        since,
        since,
        HOUR,
        until,
    )
    return _in_order(dict(rows))


def running_after(connection: Connection, after: str, limit: int) -> list[str]:
    """The ids of follow-ups that run, those after an id."""
    rows = Bulk(connection).rows(
        f"SELECT id FROM enrollments WHERE status = {RUNNING} AND id > ? ORDER BY id LIMIT ?", after, limit
    )
    return [row[0] for row in rows]


def risen(connection: Connection, profile_id: int, since: Micros, limit: int) -> list[tuple[int, int]]:
    """(record id, points) of the scores that rose most since a moment, the most first."""
    rows = Bulk(connection).rows(
        "SELECT record_id, sum(coalesce(current, 0) - coalesce(previous, 0)) AS rise FROM changes "
        "WHERE profile_id = ? AND at >= ? AND cause <> 'publish' GROUP BY record_id "
        "HAVING sum(coalesce(current, 0) - coalesce(previous, 0)) > 0 ORDER BY rise DESC, record_id LIMIT ?",
        profile_id,
        since,
        limit,
    )
    return [(row[0], int(row[1])) for row in rows]


def _in_order(found: dict[int, int]) -> list[Hour]:
    return [Hour(int(hour), count) for hour, count in sorted(found.items())]
