"""Tasks. What becomes of one emits its internal event; the shard of its contact is locked meanwhile."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, RowMapping, and_, false, func, insert, or_, select
from uuid_utils import uuid7

from conditions.times import Micros, to_iso
from runtime.statuses import DONE_TASK, OPEN_TASK
from store.bulk import Bulk
from store.intake.internal_events import InternalEvent, add_internal_events
from store.tables import Automation, Task, table

TASKS, _AUTOMATIONS = table(Task), table(Automation)


class Place(NamedTuple):
    """Where a page of a list ends: at this task, which is due then."""

    due_at: Micros | None
    id: str


def add_task(connection: Connection, now: Micros, *, depth: int = 0, **values: Any) -> str:
    """Create an open task; its id. `depth`: of the step that does it."""
    row = new_task(now, values)
    add_tasks(connection, [row], now, depth=depth)
    return str(row["id"])


def new_task(now: Micros, values: Mapping[str, Any]) -> dict[str, Any]:
    """The row of an open task."""
    made = {"status": OPEN_TASK, "alarm_at": values.get("due_at"), "created_at": now, "updated_at": now}
    return {"id": str(uuid7()), **values, **made}


def add_tasks(
    connection: Connection, rows: Sequence[Mapping[str, Any]], now: Micros, *, depth: int = 0
) -> None:
    """Create many, as `new_task` gives them; all name the same columns."""
    connection.execute(insert(TASKS), [dict(row) for row in rows])
    _emit(connection, "task.created", [row["id"] for row in rows], now, depth=depth)


def find_task(connection: Connection, task_id: str) -> RowMapping | None:
    """The task, with its `automation`."""
    return next(iter(find_tasks(connection, [TASKS.c.id == task_id], limit=1)), None)


def find_request(connection: Connection, request: str) -> RowMapping | None:
    """The task that was asked for by this name."""
    return next(iter(find_tasks(connection, [TASKS.c.request == request], limit=1)), None)


def change_tasks(
    connection: Connection,
    changes: Sequence[tuple[RowMapping, Mapping[str, Any]]],
    now: Micros,
    *,
    brought_by: str | None = None,
) -> int:
    """Set what differs of each task, as it is, and emit `task.done`; how many were changed.

    `brought_by`: with what others, see `runtime.beginnings`. One that is open again, or due at another time, is told of
    when it is overdue, whether it has been or not.
    """
    rows, done = [], []
    for before, values in changes:
        new = {name: value for name, value in values.items() if before[name] != value}
        if not new:
            continue
        after = {**before, **new}
        if {"status", "due_at"} & new.keys():
            after["alarm_at"] = after["due_at"] if after["status"] == OPEN_TASK else None
        if new.get("status") == DONE_TASK:
            done.append(before["id"])
        rows.append((*(after[name] for name in _CHANGED), now, before["id"]))
    assignments = ", ".join(f"{name} = ?" for name in (*_CHANGED, "updated_at"))
    Bulk(connection).each(f"UPDATE tasks SET {assignments} WHERE id = ?", rows)
    _emit(connection, "task.done", done, now, brought_by=brought_by)
    return len(rows)


_CHANGED = ("title", "description", "assign_to", "due_at", "status", "alarm_at")


def open_tasks(connection: Connection, task_ids: Collection[str]) -> list[RowMapping]:
    """Those of the tasks that are open, by id."""
    tests = (TASKS.c.id.in_(task_ids), TASKS.c.status == OPEN_TASK)
    return list(connection.execute(select(TASKS).where(*tests).order_by(TASKS.c.id)).mappings())


def owners(connection: Connection, task_ids: Collection[str]) -> dict[str, str]:
    """By task, the owner of its deal, or else of its contact; without those that have none."""
    bulk = Bulk(connection)
    test, parameter = bulk.among("t.id", task_ids)
    rows = bulk.rows(
        "SELECT t.id, CASE WHEN t.deal_id IS NULL THEN c.owner ELSE d.owner END FROM tasks t "
        f"LEFT JOIN contacts c ON c.id = t.contact_id LEFT JOIN deals d ON d.id = t.deal_id WHERE {test}",
        parameter,
    )
    return {row[0]: row[1] for row in rows if row[1] and row[1].strip()}


def tell_overdue(connection: Connection, task_ids: Collection[str], now: Micros) -> None:
    """Emit `task.overdue`, once."""
    bulk = Bulk(connection)
    test, parameter = bulk.among("id", task_ids)
    bulk.run(f"UPDATE tasks SET alarm_at = NULL WHERE {test}", parameter)
    _emit(connection, "task.overdue", task_ids, now)


def is_done(connection: Connection, enrollment_id: str, path: str) -> bool | None:
    """Whether the task that a step created is done; None when it created none."""
    of_step = (TASKS.c.enrollment_id == enrollment_id, TASKS.c.path == path)
    status = connection.execute(select(TASKS.c.status).where(*of_step)).scalar_one_or_none()
    return None if status is None else status == DONE_TASK


def task_tests(
    equal: Mapping[str, Any],
    *,
    overdue: bool | None = None,
    now: Micros = 0,
    due_before: Micros | None = None,
    due_after: Micros | None = None,
) -> list[Any]:
    """Tests of tasks: columns that equal a value, and when they are due, before and not before these moments."""
    tests = [
        TASKS.c[name].is_(None) if value is None else TASKS.c[name] == value for name, value in equal.items()
    ]
    if overdue is not None:
        late = and_(TASKS.c.status == OPEN_TASK, TASKS.c.due_at <= now)
        tests.append(late if overdue else ~func.coalesce(late, false()))
    if due_before is not None:
        tests.append(TASKS.c.due_at < due_before)
    if due_after is not None:
        tests.append(TASKS.c.due_at >= due_after)
    return tests


def find_tasks(
    connection: Connection,
    tests: Sequence[Any],
    *,
    by_due: bool = False,
    descending: bool = False,
    after: Place | None = None,
    limit: int,
) -> list[RowMapping]:
    """Tasks with their `automation`, by age or by when they are due, those after a place; without a date last."""
    if not by_due:
        beyond = [] if after is None else [_beyond(TASKS.c.id, after.id, descending=descending)]
        return _page(connection, [*tests, *beyond], [TASKS.c.id], descending=descending, limit=limit)
    found: list[RowMapping] = []
    due_at, task_id = TASKS.c.due_at, TASKS.c.id
    if after is None or after.due_at is not None:
        dated = [*tests, due_at.is_not(None)]
        if after is not None:
            same = and_(due_at == after.due_at, _beyond(task_id, after.id, descending=descending))
            dated.append(or_(_beyond(due_at, after.due_at, descending=descending), same))
        found = _page(connection, dated, [due_at, task_id], descending=descending, limit=limit)
        after = None
    if len(found) < limit:
        undated = [*tests, due_at.is_(None)]
        if after is not None:
            undated.append(_beyond(task_id, after.id, descending=descending))
        found += _page(connection, undated, [task_id], descending=descending, limit=limit - len(found))
    return found


def task_ids(connection: Connection, tests: Sequence[Any]) -> list[str]:
    """The ids of all tasks that there are, shard by shard."""
    query = select(TASKS.c.id).where(*tests).order_by(TASKS.c.shard, TASKS.c.id)
    return list(connection.execute(query).scalars())


def open_tasks_of(connection: Connection, kind: str, ids: Collection[int]) -> list[str]:
    """The ids of the open tasks of these contacts or deals, shard by shard."""
    bulk = Bulk(connection)
    test, parameter = bulk.among(f"{kind}_id", ids)
    statement = f"SELECT id FROM tasks WHERE status = '{OPEN_TASK}' AND {test} ORDER BY shard, id"
    return [row[0] for row in bulk.rows(statement, parameter)]


def _beyond(column: Any, value: Any, *, descending: bool) -> Any:
    return column < value if descending else column > value


def _page(
    connection: Connection, tests: Sequence[Any], columns: Sequence[Any], *, descending: bool, limit: int
) -> list[RowMapping]:
    order = [column.desc() if descending else column for column in columns]
    query = (
        select(TASKS, _AUTOMATIONS.c.key.label("automation"))
        .outerjoin(_AUTOMATIONS, _AUTOMATIONS.c.id == TASKS.c.automation_id)
        .where(*tests)
        .order_by(*order)
        .limit(limit)
    )
    return list(connection.execute(query).mappings())


def _emit(
    connection: Connection,
    event_type: str,
    task_ids: Collection[str],
    now: Micros,
    *,
    depth: int = 0,
    brought_by: str | None = None,
) -> None:
    """Store what has become of tasks as events of their contact, and of the deal that they are about."""
    if not task_ids:
        return
    bulk = Bulk(connection)
    test, parameter = bulk.among("t.id", task_ids)
    events = [
        InternalEvent(
            f"{event_type}/{uuid7()}", event_type, row[1], row[2], row[3], _properties(row[0], *row[4:])
        )
        for row in bulk.rows(
            "SELECT t.id, t.contact_id, t.deal_id, t.shard, t.title, t.assign_to, t.due_at, t.step, a.key "
            f"FROM tasks t LEFT JOIN automations a ON a.id = t.automation_id WHERE {test} ORDER BY t.id",
            parameter,
        )
    ]
    add_internal_events(connection, events, now, depth=depth, brought_by=brought_by)


def _properties(
    task_id: str,
    title: str,
    assign_to: str | None,
    due_at: Micros | None,
    step: str | None,
    automation: str | None,
) -> dict[str, object]:
    """What conditions may ask of a task's event; what the task does not have is not there."""
    known = {
        "task": task_id,
        "title": title,
        "assign_to": assign_to,
        "due_at": None if due_at is None else to_iso(due_at),
        "automation": automation,
        "step": step,
    }
    return {name: value for name, value in known.items() if value is not None}
