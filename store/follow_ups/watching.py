"""Follow-ups that changes of their record may end early, or that wait for something."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Literal, NamedTuple, TypeAlias

from sqlalchemy import Connection, RowMapping, and_, select, update

from automations.steps.kinds import STEPS
from conditions.fields import CHANGE_EVENTS
from conditions.times import LATEST, Micros
from runtime.statuses import OPEN, EnrollmentStatus
from scoring.entries import Event
from store.bulk import Bulk
from store.follow_ups.enrollments import ENROLLMENTS, OUTCOMES, end_enrollment, with_definition
from store.scoring.facts import Properties
from store.statuses import COUNTING, OPEN_LITERALS
from store.tables import Event as EventRow
from store.tables import Wait, table

#: A place among a record's events: (occurred_at, id).
Place: TypeAlias = tuple[Micros, str]

_WAITING = tuple(kind for kind, step in STEPS.items() if step.waits)
WAITS, _EVENTS = table(Wait), table(EventRow)
_A_PAGE = 200
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


def ends(connection: Connection, enrollment_ids: Collection[str]) -> dict[str, Micros]:
    """Until when enrollments wait at the step where they are, at most; those that do not, or for ever, are missing."""
    here = and_(OUTCOMES.c.enrollment_id == ENROLLMENTS.c.id, OUTCOMES.c.path == ENROLLMENTS.c.step)
    open_wait = and_(
        WAITS.c.enrollment_id == ENROLLMENTS.c.id,
        WAITS.c.path == ENROLLMENTS.c.step,
        OUTCOMES.c.path.is_(None),
    )
    query = (
        select(ENROLLMENTS.c.id, OUTCOMES.c.result, WAITS.c.deadline_at)
        .outerjoin(OUTCOMES, here)
        .outerjoin(WAITS, open_wait)
        .where(ENROLLMENTS.c.id.in_(list(enrollment_ids)), ENROLLMENTS.c.status == EnrollmentStatus.RUNNING)
    )
    until_by_id = {}
    for row in connection.execute(query):
        until = row.deadline_at if row.result is None else row.result.get("until")
        if until is not None and until < LATEST:
            until_by_id[row.id] = until
    return until_by_id


def find_wait(connection: Connection, enrollment_id: str, path: str) -> RowMapping | None:
    query = select(WAITS).where(WAITS.c.enrollment_id == enrollment_id, WAITS.c.path == path)
    return connection.execute(query).mappings().one_or_none()


def waits_of(connection: Connection, enrollment_ids: Collection[str]) -> dict[str, dict[str, dict[str, Any]]]:
    """All waits of enrollments, by enrollment and path."""
    query = select(WAITS).where(WAITS.c.enrollment_id.in_(list(enrollment_ids)))
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for row in connection.execute(query).mappings():
        found.setdefault(row["enrollment_id"], {})[row["path"]] = dict(row)
    return found


def new_wait(
    enrollment_id: str,
    path: str,
    now: Micros,
    *,
    event_type: str | None = None,
    since: Place | None = None,
    deadline_at: Micros | None = None,
) -> dict[str, Any]:
    """The row of a wait that begins; its enrollment watches its record from then on."""
    since_at, since_id = since if since is not None else (None, None)
    return {
        "enrollment_id": enrollment_id,
        "path": path,
        "event_type": event_type,
        "since_at": since_at,
        "since_id": since_id,
        "registered_at": now,
        "deadline_at": deadline_at,
        "met_at": None,
        "event_id": None,
    }


def waited_until(connection: Connection, enrollment_id: str) -> Place | None:
    """Where the last of its waits ended: at the event that it was for, or at a moment; None when it has not waited.

    A wait that took no time is none.
    """
    of_wait = and_(WAITS.c.enrollment_id == OUTCOMES.c.enrollment_id, WAITS.c.path == OUTCOMES.c.path)
    query = (
        select(OUTCOMES.c.kind, OUTCOMES.c.result, OUTCOMES.c.at, WAITS, _EVENTS.c.occurred_at)
        .outerjoin(WAITS, of_wait)
        .outerjoin(_EVENTS, _EVENTS.c.id == WAITS.c.event_id)
        .where(OUTCOMES.c.enrollment_id == enrollment_id, OUTCOMES.c.kind.in_(_WAITING))
    )
    places = [_ended(row) for row in connection.execute(query).mappings()]
    return max((place for place in places if place is not None), default=None)


def _ended(row: RowMapping) -> Place | None:
    result = row["result"]
    if not STEPS[row["kind"]].awaits:
        until = result.get("until", 0)
        return (until, "") if until > row["at"] else None
    if row["occurred_at"] is not None:
        return row["occurred_at"], row["event_id"]
    timed_out = result.get("branch") == "timeout"
    return row["met_at"] or (timed_out and row["deadline_at"]) or row["at"], ""


def happened(
    connection: Connection,
    column: Literal["contact_id", "deal_id"],
    record_id: int,
    event_type: str,
    since: Place,
    enrollment_id: str,
) -> Iterator[Event]:
    """The record's events of a type that count and came since a place, in the order (occurred_at, id).

    Without the event of that place, and those for which the follow-up has waited before; at the same moment ids say
    nothing of what came first.
    """
    at, event_id = since[0], ""
    while True:
        page = Bulk(connection).rows(
            f"SELECT id, type, occurred_at, properties, deal_id FROM events WHERE {column} = ? "
            f"AND (occurred_at, id) > (?, ?) AND type = ? AND status IN {COUNTING} "
            "AND NOT EXISTS (SELECT 1 FROM waits w WHERE w.enrollment_id = ? AND w.event_id = events.id) "
            f"ORDER BY occurred_at, id LIMIT {_A_PAGE}",
            record_id,
            at,
            event_id,
            event_type,
            enrollment_id,
        )
        for row in page:
            if row[0] != since[1]:
                yield Event(row[0], row[1], row[2], Properties(row[3]), row[4])
        if len(page) < _A_PAGE:
            return
        at, event_id = page[-1][2], page[-1][0]


def changed_at(connection: Connection, contact_id: int, by: Micros) -> Place | None:
    """The newest change of a contact's fields up to a moment, as the place of the event that it emitted."""
    test, parameter = Bulk(connection).among("type", CHANGE_EVENTS)
    newest = Bulk(connection).rows(
        f"SELECT occurred_at, id FROM events WHERE contact_id = ? AND occurred_at <= ? AND {test} "
        "ORDER BY occurred_at DESC, id DESC LIMIT 1",
        contact_id,
        by,
        parameter,
    )
    return (newest[0][0], newest[0][1]) if newest else None


def adjusted_at(connection: Connection, profile_id: int, record_id: int, seq: int) -> Place | None:
    """When the points were given that made a change of a score."""
    rows = Bulk(connection).rows(
        "SELECT a.at FROM changes h JOIN adjustments a ON a.id = h.cause_id "
        "WHERE h.profile_id = ? AND h.record_id = ? AND h.seq = ?",
        profile_id,
        record_id,
        seq,
    )
    return (rows[0][0], "") if rows else None


def move_wait(
    connection: Connection, enrollment_id: str, path: str, until: Micros, result: Mapping[str, Any]
) -> None:
    """What it waits until is another moment now, or over, as `result` says; the workflow has still to be told."""
    this = (WAITS.c.enrollment_id == enrollment_id, WAITS.c.path == path)
    connection.execute(update(WAITS).where(*this).values(deadline_at=until))
    of_step = (OUTCOMES.c.enrollment_id == enrollment_id, OUTCOMES.c.path == path)
    connection.execute(update(OUTCOMES).where(*of_step).values(result=dict(result)))
    wake(connection, enrollment_id)


def note_met(
    connection: Connection, enrollment_id: str, path: str, event_id: str | None, now: Micros
) -> None:
    """What was waited for is so."""
    connection.execute(
        update(WAITS)
        .where(WAITS.c.enrollment_id == enrollment_id, WAITS.c.path == path)
        .values(met_at=now, event_id=event_id)
    )


def meet(connection: Connection, enrollment_id: str, path: str, event_id: str | None, now: Micros) -> None:
    """The same; the workflow has still to be told."""
    note_met(connection, enrollment_id, path, event_id, now)
    wake(connection, enrollment_id)


def wake(connection: Connection, enrollment_id: str) -> None:
    """Have the workflow told to look again."""
    connection.execute(
        update(ENROLLMENTS)
        .where(ENROLLMENTS.c.id == enrollment_id, ENROLLMENTS.c.status.in_(OPEN))
        .values(waking=ENROLLMENTS.c.waking + 1)
    )


class Waking(NamedTuple):
    """An enrollment whose workflow has to look again; `times` tells whether it has to again since."""

    enrollment_id: str
    workflow_id: str | None
    times: int


def waking(connection: Connection, shard: int, limit: int) -> list[Waking]:
    """Those of a shard."""
    return [
        Waking(*row)
        for row in Bulk(connection).rows(
            "SELECT id, workflow_id, waking FROM enrollments WHERE waking > 0 AND shard = ? ORDER BY id LIMIT ?",
            shard,
            limit,
        )
    ]


def mark_woken(connection: Connection, woken: Collection[Waking]) -> None:
    """Note that workflows have been told; one that has to be told again since stays."""
    Bulk(connection).each(
        "UPDATE enrollments SET waking = 0 WHERE id = ? AND waking = ?",
        [(one.enrollment_id, one.times) for one in woken],
    )


def exit_early(connection: Connection, enrollment_id: str, reason: str, now: Micros) -> None:
    """End a follow-up because `exit_when` holds; its workflow has still to be told."""
    end_enrollment(connection, enrollment_id, EnrollmentStatus.EXITED, now, reason)
    connection.execute(update(ENROLLMENTS).where(ENROLLMENTS.c.id == enrollment_id).values(closing=True))
