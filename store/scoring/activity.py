"""What goes on around records, for conditions: the same expressions are read in Python and tested in lists."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, and_, func, select, tuple_

from conditions.activity import (
    LAST_EVENT,
    LAST_SEEN,
    OPEN_DEALS,
    OPEN_FOLLOW_UPS,
    OPEN_TASKS,
    RUNNING_IN,
    Activity,
)
from conditions.fields import CONTACT, INTERNAL_EVENTS, OPEN_DEAL
from conditions.sql import SqlValue
from runtime.statuses import OPEN, OPEN_TASK
from scoring.entries import Place
from store.statuses import COUNTING_STATUSES
from store.tables import Automation, Contact, Deal, Enrollment, Event, Task, table

_AUTOMATIONS = table(Automation)
_RECORDS: Mapping[str, Table] = {"contact": table(Contact), "deal": table(Deal)}
#: Rows of the inner queries, which may stand inside a query of contacts or deals.
_DEALS, _ENROLLMENTS = table(Deal).alias("its_deals"), table(Enrollment).alias("its_enrollments")
_EVENTS, _TASKS = table(Event).alias("its_events"), table(Task).alias("its_tasks")

#: How many records are read at once.
_TOGETHER = 1_000


def read(
    connection: Connection,
    kind: str,
    ids: Collection[int],
    wanted: Sequence[Activity],
    before: Place | None = None,
) -> dict[int, dict[Activity, int | None]]:
    """Of contacts or deals by id: counts, how many follow-ups of an automation, and moments of events.

    `before`: of events only those before that place.
    """
    records = _RECORDS[kind]
    known: dict[int, dict[Activity, int | None]] = {}
    columns = [_expression(activity, records.c, before) for activity in wanted]
    ordered = sorted(ids)
    for start in range(0, len(ordered), _TOGETHER):
        some = ordered[start : start + _TOGETHER]
        for row in connection.execute(select(records.c.id, *columns).where(records.c.id.in_(some))):
            known[row[0]] = dict(zip(wanted, row[1:], strict=True))
    return known


def value(activity: Activity, columns: Any) -> SqlValue:
    """The field in a query of records of its kind, of which `columns` has the id and, of deals, the contact's."""
    expression = _expression(activity, columns, None)
    if activity.name == RUNNING_IN:
        return SqlValue.boolean(expression > 0)
    return SqlValue.number(expression) if activity.always else SqlValue.moment(expression)


def _expression(activity: Activity, columns: Any, before: Place | None) -> Any:
    if activity.kind == CONTACT:
        contact_id, deal_id = columns.id, None
    else:
        contact_id, deal_id = columns.contact_id, columns.id
    return _EXPRESSIONS[activity.name](activity.of, contact_id, deal_id, before)


def _of(rows: Any, contact_id: Any, deal_id: Any) -> Any:
    """Rows of the contact, found by the index that all of them have; or those of them that name the deal."""
    test = rows.c.contact_id == contact_id
    return test if deal_id is None else and_(test, rows.c.deal_id == deal_id)


def _count(rows: Any, *tests: Any) -> Any:
    return select(func.count()).select_from(rows).where(*tests).scalar_subquery()


def _open_follow_ups(_: str, contact_id: Any, deal_id: Any, _before: Place | None) -> Any:
    return _count(_ENROLLMENTS, _of(_ENROLLMENTS, contact_id, deal_id), _ENROLLMENTS.c.status.in_(OPEN))


def _running_in(automation: str, contact_id: Any, deal_id: Any, _before: Place | None) -> Any:
    automation_id = select(_AUTOMATIONS.c.id).where(_AUTOMATIONS.c.key == automation).scalar_subquery()
    return _count(
        _ENROLLMENTS,
        _of(_ENROLLMENTS, contact_id, deal_id),
        _ENROLLMENTS.c.automation_id == automation_id,
        _ENROLLMENTS.c.status.in_(OPEN),
    )


def _open_tasks(_: str, contact_id: Any, deal_id: Any, _before: Place | None) -> Any:
    return _count(_TASKS, _of(_TASKS, contact_id, deal_id), _TASKS.c.status == OPEN_TASK)


def _open_deals(_: str, contact_id: Any, _deal_id: Any, _before: Place | None) -> Any:
    return _count(_DEALS, _DEALS.c.contact_id == contact_id, _DEALS.c.status == OPEN_DEAL)


def _last_seen(_: str, contact_id: Any, deal_id: Any, before: Place | None) -> Any:
    return _latest(contact_id, deal_id, _EVENTS.c.type.not_in(INTERNAL_EVENTS), before)


def _last_event(event_type: str, contact_id: Any, deal_id: Any, before: Place | None) -> Any:
    return _latest(contact_id, deal_id, _EVENTS.c.type == event_type, before)


def _latest(contact_id: Any, deal_id: Any, test: Any, before: Place | None) -> Any:
    """When the latest of the events was that count; the newest are looked at first."""
    of = _EVENTS.c.contact_id == contact_id if deal_id is None else _EVENTS.c.deal_id == deal_id
    query = select(_EVENTS.c.occurred_at).where(of, test, _EVENTS.c.status.in_(COUNTING_STATUSES))
    if before is not None:
        query = query.where(tuple_(_EVENTS.c.occurred_at, _EVENTS.c.id) < before)
    return query.order_by(_EVENTS.c.occurred_at.desc(), _EVENTS.c.id.desc()).limit(1).scalar_subquery()


_EXPRESSIONS: Mapping[str, Callable[[str, Any, Any, Place | None], Any]] = {
    OPEN_FOLLOW_UPS: _open_follow_ups,
    OPEN_TASKS: _open_tasks,
    OPEN_DEALS: _open_deals,
    LAST_SEEN: _last_seen,
    LAST_EVENT: _last_event,
    RUNNING_IN: _running_in,
}
