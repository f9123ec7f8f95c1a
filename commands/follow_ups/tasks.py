"""Tasks on the command line: listed, created, done, opened again, put off, given to others."""

from collections.abc import Mapping
from typing import Any

from commands.output import counted, note_rest, print_json, print_table, say, shown_moment
from commands.session import session
from services.follow_ups.answers import Task
from services.follow_ups.tasks import read_filter


def find(wanted: Mapping[str, Any], *, sort: str, limit: int, as_json: bool) -> int:
    """List tasks."""
    with session() as opened:
        page = opened.application.tasks.find(read_filter(wanted), sort=sort, cursor=None, limit=limit)
    if as_json:
        print_json(page.items)
        return 0
    if not page.items:
        say("No tasks.")
        return 0
    columns = ("due", "title", "of", "for", "status", "id")
    print_table(columns, [_row(task) for task in page.items], whole=("id",))
    note_rest(page.next, limit, "first")
    return 0


def add(body: Mapping[str, Any], *, as_json: bool) -> int:
    """Create a task."""
    with session() as opened:
        task = opened.application.tasks.add(dict(body))
    if as_json:
        print_json(task)
    else:
        say(_line(task))
        say(f"  {task.id}", "dim")
    return 0


def change(task_ids: list[str], body: Mapping[str, Any], *, as_json: bool) -> int:
    """Do the same to some tasks; none is changed where one of them is not there."""
    with session() as opened:
        tasks = opened.application.tasks
        for task_id in task_ids:
            tasks.get(task_id)
        changed = [tasks.change(task_id, dict(body)) for task_id in task_ids]
    if as_json:
        print_json(changed)
        return 0
    for task in changed:
        say(_line(task))
    if len(changed) > 1:
        say(f"{counted(len(changed), 'task')}.", "dim")
    return 0


def _row(task: Task) -> tuple[str, ...]:
    due = shown_moment(task.due_at)
    return due, task.title, task.deal or task.contact or "", task.assign_to or "", task.status, task.id


def _line(task: Task) -> str:
    due = f", due {shown_moment(task.due_at)}" if task.due_at else ""
    return f"{task.title}: {task.status}, for {task.assign_to or 'nobody'}{due}"
