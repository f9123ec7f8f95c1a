"""Tasks on the command line: listed, created, done, opened again, put off, given to others."""

from collections.abc import Mapping
from typing import Any

from commands.moments import with_moments
from commands.output import counted, note_rest, print_json, say, shown_moment
from commands.session import session
from conditions.times import Micros, from_iso
from runtime.statuses import OPEN_TASK
from services.follow_ups.answers import Task
from services.follow_ups.tasks import read_filter


def find(wanted: Mapping[str, Any], *, sort: str, limit: int, as_json: bool) -> int:
    """List tasks."""
    with session() as opened:
        now = opened.application.resources.clock()
        moments = with_moments(wanted, opened.application.scores.moment)
        page = opened.application.tasks.find(read_filter(moments), sort=sort, cursor=None, limit=limit)
    if as_json:
        print_json(page.items)
        return 0
    if not page.items:
        say("No tasks.")
        return 0
    for task in page.items:
        say(_line(task, now))
        say(f"  {task.id}", "dim")
    note_rest(page.next, limit, "first")
    return 0


def add(body: Mapping[str, Any], *, as_json: bool) -> int:
    """Create a task."""
    with session() as opened:
        now = opened.application.resources.clock()
        task = opened.application.tasks.add(with_moments(body, opened.application.scores.moment))
    if as_json:
        print_json(task)
    else:
        say(_line(task, now))
        say(f"  {task.id}", "dim")
    return 0


def change(task_ids: list[str], body: Mapping[str, Any], *, as_json: bool) -> int:
    """Do the same to some tasks; none is changed where one of them is not there."""
    with session() as opened:
        now, tasks = opened.application.resources.clock(), opened.application.tasks
        body = with_moments(body, opened.application.scores.moment)
        for task_id in task_ids:
            tasks.get(task_id)
        changed = [tasks.change(task_id, dict(body)) for task_id in task_ids]
    if as_json:
        print_json(changed)
        return 0
    for task in changed:
        say(_line(task, now))
    if len(changed) > 1:
        say(f"{counted(len(changed), 'task')}.", "dim")
    return 0


def _line(task: Task, now: Micros) -> str:
    """A task in a line: when it is due, what, about whom, whose, and how it stands."""
    due = shown_moment(task.due_at) or "no date"
    late = task.status == OPEN_TASK and task.due_at is not None and from_iso(task.due_at) <= now
    state = "overdue" if late else task.status
    return f"{due:<19}  {task.title}  {task.deal or task.contact}, for {task.assign_to or 'nobody'}: {state}"
