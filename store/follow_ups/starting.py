"""Starts of follow-ups: which may start now, which are put off, and what their workflows have still to be told."""

from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import Connection, RowMapping, delete, func, or_, select, update

from conditions.times import Micros
from runtime.registry import enrollment_of, follow_up_workflow_id
from runtime.statuses import OPEN, EnrollmentStatus
from store import meta
from store.follow_ups.enrollments import ENROLLMENTS, with_definition
from store.tables import Cancellation, table

CANCELLATIONS = table(Cancellation)


def queued(connection: Connection, shard: int, now: Micros, limit: int) -> list[RowMapping]:
    """Enrollments whose follow-up may start now, with `automation` key, `profile` key and `definition`.

    While new starts are held, those only that began before: lost in Temporal, or retried.
    """
    return list(
        connection.execute(
            with_definition()
            .where(ENROLLMENTS.c.shard == shard, *_may_start(connection, now))
            .order_by(ENROLLMENTS.c.start_at, ENROLLMENTS.c.id)
            .limit(limit)
        ).mappings()
    )


class Starts(NamedTuple):
    """Follow-ups of a shard that have not started: those that may, the oldest since when, and those put off.

    Put off by the storm limit, while new starts are held, or until an earlier one of the same record has begun.
    """

    due: int
    since: Micros | None
    later: int


def starts_by_shard(connection: Connection, now: Micros) -> dict[int, Starts]:
    """What waits for its start, by shard; a shard where nothing does is not there."""
    queued = (
        select(ENROLLMENTS.c.shard, func.count(), func.min(ENROLLMENTS.c.start_at))
        .where(ENROLLMENTS.c.status == EnrollmentStatus.QUEUED)
        .group_by(ENROLLMENTS.c.shard)
    )
    counts = {shard: count for shard, count, _ in connection.execute(queued)}
    if not counts:
        return {}
    due = {
        shard: (count, since)
        for shard, count, since in connection.execute(queued.where(*_may_start(connection, now)))
    }
    return {
        shard: Starts(*due.get(shard, (0, None)), count - due.get(shard, (0, None))[0])
        for shard, count in counts.items()
    }


def _may_start(connection: Connection, now: Micros) -> list[Any]:
    tests = [
        ENROLLMENTS.c.status == EnrollmentStatus.QUEUED,
        ENROLLMENTS.c.start_at <= now,
    ]
    before = ENROLLMENTS.alias("before")
    not_yet = select(before.c.id).where(
        before.c.id == ENROLLMENTS.c.after_id,
        before.c.status.in_(OPEN),
        ~before.c.settled,
        ~before.c.paused,
        before.c.start_at <= ENROLLMENTS.c.start_at,
    )
    tests.append(or_(ENROLLMENTS.c.after_id.is_(None), ~not_yet.exists()))
    held = meta.get_fact(connection, meta.HELD) is not None
    return [*tests, ENROLLMENTS.c.started_at.is_not(None)] if held else tests


def closing(connection: Connection, shard: int, limit: int) -> list[str]:
    """Ids of workflows that may still run although their enrollment has ended here, or has been erased."""
    ended = connection.execute(
        select(ENROLLMENTS.c.id, ENROLLMENTS.c.attempt)
        .where(ENROLLMENTS.c.shard == shard, ENROLLMENTS.c.closing)
        .order_by(ENROLLMENTS.c.id)
        .limit(limit)
    )
    erased = connection.execute(
        select(CANCELLATIONS.c.workflow_id).where(CANCELLATIONS.c.shard == shard).limit(limit)
    ).scalars()
    return [*(follow_up_workflow_id(row.id, row.attempt) for row in ended), *erased]


def next_start(connection: Connection, shard: int, now: Micros) -> Micros | None:
    """When the storm limit lets the next follow-up of the shard start; None when none waits, or starts are held."""
    if meta.get_fact(connection, meta.HELD) is not None:
        return None
    waiting = select(func.min(ENROLLMENTS.c.start_at)).where(
        ENROLLMENTS.c.shard == shard,
        ENROLLMENTS.c.status == EnrollmentStatus.QUEUED,
        ENROLLMENTS.c.start_at > now,
    )
    start_at: Micros | None = connection.execute(waiting).scalar_one()
    return start_at


def any_unstarted(connection: Connection, shard: int, now: Micros) -> bool:
    """Whether some follow-up of the shard waits for its start, and may start, or for word."""
    startable = (
        select(ENROLLMENTS.c.id).where(ENROLLMENTS.c.shard == shard, *_may_start(connection, now)).limit(1)
    )
    if connection.execute(startable).first() is not None:
        return True
    waking = select(ENROLLMENTS.c.id).where(ENROLLMENTS.c.shard == shard, ENROLLMENTS.c.waking > 0).limit(1)
    return bool(closing(connection, shard, 1)) or connection.execute(waking).first() is not None


def mark_started(connection: Connection, ids: Collection[str], now: Micros) -> None:
    connection.execute(
        update(ENROLLMENTS)
        .where(ENROLLMENTS.c.id.in_(ids), ENROLLMENTS.c.status == EnrollmentStatus.QUEUED)
        .values(status=EnrollmentStatus.RUNNING, started_at=func.coalesce(ENROLLMENTS.c.started_at, now))
    )


def mark_closed(connection: Connection, workflow_ids: Collection[str]) -> None:
    """Note that these workflows know of their end."""
    connection.execute(delete(CANCELLATIONS).where(CANCELLATIONS.c.workflow_id.in_(workflow_ids)))
    ids = [enrollment_of(workflow_id) for workflow_id in workflow_ids]
    connection.execute(
        update(ENROLLMENTS).where(ENROLLMENTS.c.id.in_(ids), ENROLLMENTS.c.closing).values(closing=False)
    )
