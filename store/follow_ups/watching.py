"""Follow-ups that changes of their record may end early, or that wait for something."""

from collections.abc import Collection

from sqlalchemy import Connection, RowMapping, insert, select, update

from conditions.times import Micros
from runtime.statuses import OPEN, EnrollmentStatus
from store.bulk import Bulk
from store.follow_ups.enrollments import ENROLLMENTS, end_enrollment, with_definition
from store.statuses import OPEN_LITERALS
from store.tables import Wait, table

WAITS = table(Wait)
#: Bits of `watching`.
EXIT, WAIT = 1, 2


def watched(connection: Connection, contact_ids: Collection[int]) -> list[RowMapping]:
    """Open enrollments of these contacts that watch them, with automation, profile and definition."""
    bulk = Bulk(connection)
    test, parameter = bulk.among("contact_id", contact_ids)
    ids = [
        row[0]
        for row in bulk.rows(
            f"SELECT id FROM enrollments WHERE {test} AND watching > 0 AND status IN {OPEN_LITERALS}",
            parameter,
        )
    ]
    if not ids:
        return []
    return list(connection.execute(with_definition().where(ENROLLMENTS.c.id.in_(ids))).mappings())


def open_waits(connection: Connection, enrollment_ids: Collection[str]) -> list[RowMapping]:
    """What these enrollments wait for and has not come about."""
    query = select(WAITS).where(WAITS.c.enrollment_id.in_(list(enrollment_ids)), WAITS.c.met_at.is_(None))
    return list(connection.execute(query).mappings())


def find_wait(connection: Connection, enrollment_id: str, path: str) -> RowMapping | None:
    query = select(WAITS).where(WAITS.c.enrollment_id == enrollment_id, WAITS.c.path == path)
    return connection.execute(query).mappings().one_or_none()


def register_wait(
    connection: Connection,
    enrollment_id: str,
    path: str,
    event_type: str | None,
    deadline_at: Micros | None,
    now: Micros,
) -> None:
    """Begin to wait; the shard's lock is held, so that nothing happens between the first check and this."""
    connection.execute(
        insert(WAITS).values(
            enrollment_id=enrollment_id,
            path=path,
            event_type=event_type,
            deadline_at=deadline_at,
            registered_at=now,
        )
    )
    watch(connection, enrollment_id, WAIT)


def watch(connection: Connection, enrollment_id: str, bit: int) -> None:
    watching = ENROLLMENTS.c.watching
    connection.execute(
        update(ENROLLMENTS).where(ENROLLMENTS.c.id == enrollment_id).values(watching=watching.bitwise_or(bit))
    )


def meet(connection: Connection, enrollment_id: str, path: str, event_id: str | None, now: Micros) -> None:
    """What was waited for is so; the workflow has still to be told."""
    connection.execute(
        update(WAITS)
        .where(WAITS.c.enrollment_id == enrollment_id, WAITS.c.path == path)
        .values(met_at=now, event_id=event_id)
    )
    wake(connection, enrollment_id)


def wake(connection: Connection, enrollment_id: str) -> None:
    """Have the workflow told to look again."""
    connection.execute(
        update(ENROLLMENTS)
        .where(ENROLLMENTS.c.id == enrollment_id, ENROLLMENTS.c.status.in_(OPEN))
        .values(waking=ENROLLMENTS.c.waking + 1)
    )


def waking(connection: Connection, shard: int, limit: int) -> list[tuple[str, int, int]]:
    """(id, attempt, count) of enrollments whose workflow has to look again."""
    return [
        (row[0], row[1], row[2])
        for row in Bulk(connection).rows(
            "SELECT id, attempt, waking FROM enrollments WHERE waking > 0 AND shard = ? ORDER BY id LIMIT ?",
            shard,
            limit,
        )
    ]


def mark_woken(connection: Connection, woken: Collection[tuple[str, int, int]]) -> None:
    """Note that workflows have been told; one that has to be told again since stays."""
    Bulk(connection).each(
        "UPDATE enrollments SET waking = 0 WHERE id = ? AND waking = ?",
        [(enrollment_id, count) for enrollment_id, _, count in woken],
    )


def exit_early(connection: Connection, enrollment_id: str, reason: str, now: Micros) -> None:
    """End a follow-up because `exit_when` holds; its workflow has still to be told."""
    end_enrollment(connection, enrollment_id, EnrollmentStatus.EXITED, now, reason)
    connection.execute(update(ENROLLMENTS).where(ENROLLMENTS.c.id == enrollment_id).values(closing=True))
