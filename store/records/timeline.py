"""What happened to a contact or deal: events, score changes, enrollments, tasks and notifications, merged."""

from collections.abc import Iterator
from heapq import merge
from itertools import islice
from typing import Any, Literal, NamedTuple, get_args

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, literal, or_, select, true

from conditions.times import Micros
from store.database import A_FEW
from store.tables import (
    Automation,
    Change,
    Contact,
    Enrollment,
    Event,
    Notification,
    Profile,
    Task,
    table,
)

_CONTACTS = table(Contact)
_CHANGES, _ENROLLMENTS, _EVENTS = table(Change), table(Enrollment), table(Event)
_NOTIFICATIONS, _TASKS = table(Notification), table(Task)
_PROFILES, _AUTOMATIONS = table(Profile), table(Automation)


MomentKind = Literal["change", "enrollment", "task", "notification", "event"]
MOMENT_KINDS: tuple[MomentKind, ...] = get_args(MomentKind)


class TimelineRow(NamedTuple):
    """One thing on the timeline. `rank` orders the kinds at one moment, `id` the things of one kind."""

    at: Micros
    rank: int
    id: str | int
    kind: MomentKind
    row: RowMapping


class Position(NamedTuple):
    """The key of the last thing seen."""

    at: Micros
    rank: int
    id: str | int


def timeline(
    connection: Connection, of: str, record_id: int, after: Position | None, limit: int
) -> Iterator[TimelineRow]:
    """The next `limit` things of a record (`of`: contact or deal), the newest first, as the database gives them."""
    of_kinds = [
        _moments(connection, rank, _source(kind, of, record_id), kind, after, limit)
        for rank, kind in enumerate(MOMENT_KINDS)
    ]
    # Each kind comes in the database's own order, so only time and kind are compared here.
    return islice(merge(*of_kinds, key=lambda moment: (-moment.at, moment.rank)), limit)


def _moments(
    connection: Connection,
    rank: int,
    source: tuple[Any, Any, Any],
    kind: MomentKind,
    after: Position | None,
    limit: int,
) -> Iterator[TimelineRow]:
    query, at, row_id = source
    if after is not None:
        same: ColumnElement[bool] = true()
        if rank == after.rank:
            same = row_id < after.id
        query = query.where(
            or_(at < after.at, and_(at == after.at, same)) if rank >= after.rank else at < after.at
        )
    ordered = query.order_by(at.desc(), row_id.desc()).limit(limit)
    for row in connection.execute(ordered).yield_per(A_FEW).mappings():
        yield TimelineRow(row["timeline_at"], rank, row["timeline_id"], kind, row)


def _family(of: str, record_id: int) -> Any:
    """The record, and for a contact those that were merged into it: their changes are its own past."""
    merged = select(_CONTACTS.c.id).where(_CONTACTS.c.merged_into == record_id, literal(of) == "contact")
    return select(literal(record_id)).union_all(merged)


def _source(kind: str, of: str, record_id: int) -> tuple[Any, Any, Any]:
    """The query for one kind, its time and its id."""
    if kind == "change":
        # Unique per record: a record has at most 2^20 profiles.
        row_id = _CHANGES.c.seq * 1_048_576 + _CHANGES.c.profile_id
        query = (
            select(
                _CHANGES,
                _PROFILES.c.key.label("profile"),
                _CHANGES.c.at.label("timeline_at"),
                row_id.label("timeline_id"),
            )
            .join(_PROFILES, _PROFILES.c.id == _CHANGES.c.profile_id)
            .where(
                _CHANGES.c.record_id.in_(_family(of, record_id)),
                _CHANGES.c.version > _PROFILES.c.emptied,
                _PROFILES.c.version.is_not(None),
                _PROFILES.c.applies_to == of,
            )
        )
        return query, _CHANGES.c.at, row_id
    if kind == "event":
        query = select(
            _EVENTS, _EVENTS.c.occurred_at.label("timeline_at"), _EVENTS.c.id.label("timeline_id")
        ).where(_EVENTS.c[f"{of}_id"] == record_id)
        return query, _EVENTS.c.occurred_at, _EVENTS.c.id
    of_kind = {"enrollment": _ENROLLMENTS, "task": _TASKS, "notification": _NOTIFICATIONS}[kind]
    query = (
        select(
            of_kind,
            _AUTOMATIONS.c.key.label("automation"),
            of_kind.c.created_at.label("timeline_at"),
            of_kind.c.id.label("timeline_id"),
        )
        .outerjoin(_AUTOMATIONS, _AUTOMATIONS.c.id == of_kind.c.automation_id)
        .where(of_kind.c[f"{of}_id"] == record_id)
    )
    return query, of_kind.c.created_at, of_kind.c.id
