"""Starts of follow-ups: which may start now, which are put off, and what their workflows have still to be told."""

from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import Connection, RowMapping, case, delete, func, or_, select, update

from conditions.times import Micros
from runtime.registry import follow_up_workflow_id
from runtime.statuses import OPEN, EnrollmentStatus
from store import meta
from store.follow_ups.enrollments import ENROLLMENTS, with_definition
from store.tables import Cancellation, table

CANCELLATIONS = table(Cancellation)


def queued(
    connection: Connection, shard: int, now: Micros, limit: int, ids: Collection[str] | None = None
) -> list[RowMapping]:
    """Enrollments whose follow-up may start now, with `automation` key, `profile` key and `definition`.

    `ids`: of these alone. While new starts are held, those only that began before: lost in Temporal, or retried.
    """
    among = [ENROLLMENTS.c.id.in_(list(ids))] if ids is not None else []
    return list(
        connection.execute(
            with_definition()
            .where(ENROLLMENTS.c.shard == shard, *_may_start(connection, now), *among)
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


class ToTell(NamedTuple):
    """A workflow that has to hear of enrollments that are over, by id. None of them: it is that of somebody erased."""

    workflow_id: str
    enrollments: list[str]


def closing(connection: Connection, shard: int, limit: int) -> list[ToTell]:
    """Workflows that may still run although enrollments of theirs have ended here, or have been erased."""
    ended = connection.execute(
        select(ENROLLMENTS.c.id, ENROLLMENTS.c.workflow_id)
        .where(ENROLLMENTS.c.shard == shard, ENROLLMENTS.c.closing)
        .order_by(ENROLLMENTS.c.id)
        .limit(limit)
    )
    by_workflow: dict[str, list[str]] = {}
    for row in ended:
        by_workflow.setdefault(row.workflow_id or "", []).append(row.id)
    erased = connection.execute(
        select(CANCELLATIONS.c.workflow_id).where(CANCELLATIONS.c.shard == shard).limit(limit)
    ).scalars()
    return [
        *(ToTell(workflow_id, enrollments=ids) for workflow_id, ids in by_workflow.items()),
        *(ToTell(workflow_id, enrollments=[]) for workflow_id in erased),
    ]


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
    """Note that the workflows of these run; some may have gone on, or be over, by now."""
    status = ENROLLMENTS.c.status
    running = case((status == EnrollmentStatus.QUEUED, EnrollmentStatus.RUNNING.value), else_=status)
    connection.execute(
        update(ENROLLMENTS)
        .where(ENROLLMENTS.c.id.in_(ids), ENROLLMENTS.c.workflow_id.is_not(None))
        .values(status=running, started_at=func.coalesce(ENROLLMENTS.c.started_at, now))
    )


def assign(connection: Connection, workflow_id: str, ids: Collection[str]) -> set[str]:
    """Have queued enrollments carried out by a workflow; those that now are. Their shard is locked.

    One that another workflow has been given meanwhile is left to it.
    """
    connection.execute(
        update(ENROLLMENTS)
        .where(
            ENROLLMENTS.c.id.in_(ids),
            ENROLLMENTS.c.status == EnrollmentStatus.QUEUED,
            ENROLLMENTS.c.workflow_id.is_(None),
        )
        .values(workflow_id=workflow_id)
    )
    theirs = select(ENROLLMENTS.c.id).where(
        ENROLLMENTS.c.workflow_id == workflow_id, ENROLLMENTS.c.id.in_(ids)
    )
    return set(connection.execute(theirs).scalars())


def assign_alone(connection: Connection, shard: int, now: Micros, ids: Collection[str]) -> list[RowMapping]:
    """Have those of the enrollments that may start now carried out by a workflow each; these. The shard is locked."""
    rows = queued(connection, shard, now, len(ids), ids)
    for row in rows:
        assign(connection, follow_up_workflow_id(row["automation"], row["id"], row["attempt"]), [row["id"]])
    return rows


def let_go(connection: Connection, ids: Collection[str], now: Micros) -> None:
    """Have enrollments go on in workflows of their own, from where they are."""
    connection.execute(
        update(ENROLLMENTS)
        .where(ENROLLMENTS.c.id.in_(ids), ENROLLMENTS.c.status.in_(OPEN))
        .values(
            status=EnrollmentStatus.QUEUED,
            workflow_id=None,
            started_at=func.coalesce(ENROLLMENTS.c.started_at, now),
        )
    )


def mark_closed(connection: Connection, told: Collection[ToTell]) -> None:
    """Note that these workflows know."""
    erased = [one.workflow_id for one in told if not one.enrollments]
    connection.execute(delete(CANCELLATIONS).where(CANCELLATIONS.c.workflow_id.in_(erased)))
    ids = [enrollment for one in told for enrollment in one.enrollments]
    connection.execute(
        update(ENROLLMENTS).where(ENROLLMENTS.c.id.in_(ids), ENROLLMENTS.c.closing).values(closing=False)
    )


def earlier(connection: Connection, prefix: str, limit: int) -> list[RowMapping]:
    """Enrollments that a workflow of an earlier version carries out: `id`, `shard`, `workflow_id`."""
    query = select(ENROLLMENTS.c.id, ENROLLMENTS.c.shard, ENROLLMENTS.c.workflow_id).where(
        ENROLLMENTS.c.workflow_id >= prefix,
        ENROLLMENTS.c.workflow_id < f"{prefix}~",
        ENROLLMENTS.c.status == EnrollmentStatus.RUNNING,
    )
    return list(connection.execute(query.order_by(ENROLLMENTS.c.id).limit(limit)).mappings())


def take_over(connection: Connection, ids: Collection[str]) -> None:
    """Have enrollments that a workflow of an earlier version carried out start anew, from where they are."""
    connection.execute(
        update(ENROLLMENTS)
        .where(ENROLLMENTS.c.id.in_(ids), ENROLLMENTS.c.status == EnrollmentStatus.RUNNING)
        .values(status=EnrollmentStatus.QUEUED, workflow_id=None)
    )
