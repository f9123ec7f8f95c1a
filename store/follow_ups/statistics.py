"""Numbers of what automations have brought about."""

from sqlalchemy import Connection

from conditions.times import Micros
from store.bulk import Bulk
from store.statuses import OPEN_LITERALS


def _of(version: int | None) -> tuple[str, list[int]]:
    return ("", []) if version is None else (" AND version = ?", [version])


def by_status(connection: Connection, automation_id: int, version: int | None) -> dict[str, int]:
    """Enrollments by status, of all versions or one."""
    test, parameters = _of(version)
    counts = Bulk(connection).rows(
        f"SELECT status, count(*) FROM enrollments WHERE automation_id = ?{test} GROUP BY status",
        automation_id,
        *parameters,
    )
    return {row[0]: row[1] for row in counts}


def paused(connection: Connection, automation_id: int, version: int | None) -> int:
    """How many of the open enrollments are paused."""
    test, parameters = _of(version)
    counts = Bulk(connection).rows(
        f"SELECT count(*) FROM enrollments WHERE automation_id = ? AND paused AND status IN {OPEN_LITERALS}{test}",
        automation_id,
        *parameters,
    )
    count: int = counts[0][0]
    return count


def skips(connection: Connection, automation_id: int, version: int | None) -> dict[str, int]:
    """Skips by reason."""
    test, parameters = _of(version)
    counts = Bulk(connection).rows(
        f"SELECT reason, count(*) FROM skips WHERE automation_id = ?{test} GROUP BY reason ORDER BY reason",
        automation_id,
        *parameters,
    )
    return {row[0]: row[1] for row in counts}


def outcomes(connection: Connection, automation_id: int, version: int) -> dict[tuple[str, str | None], int]:
    """How many enrollments of a version have an outcome, by (path of the step, branch)."""
    bulk = Bulk(connection)
    branch = "json_extract(o.result, '$.branch')" if bulk.is_sqlite else "o.result ->> 'branch'"
    counts = bulk.rows(
        f"SELECT o.path, {branch}, count(*) FROM outcomes o JOIN enrollments e ON e.id = o.enrollment_id "
        "WHERE e.automation_id = ? AND e.version = ? GROUP BY 1, 2",
        automation_id,
        version,
    )
    return {(row[0], row[1]): row[2] for row in counts}


def loops_since(connection: Connection, since: Micros) -> list[tuple[str, int, int]]:
    """By automation, the records that its loop breaker has stopped since a moment, and how often; most often first."""
    rows = Bulk(connection).rows(
        "SELECT a.key, count(DISTINCT s.contact_id), count(*) FROM skips s "
        "JOIN automations a ON a.id = s.automation_id WHERE s.reason = 'loop' AND s.at > ? "
        "GROUP BY a.key ORDER BY count(*) DESC, a.key",
        since,
    )
    return [(row[0], row[1], row[2]) for row in rows]
