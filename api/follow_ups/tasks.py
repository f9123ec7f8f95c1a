"""Tasks."""

from typing import Annotated, Any, get_args

from fastapi import APIRouter, Query

from api.bodies import Body, takes
from api.follow_ups.statuses import check_status
from api.parameters import DEFAULT_LIMIT, Cursor, Id, Limit, Text
from api.state import App
from runtime.permissions import needs
from runtime.statuses import TaskStatus
from services.answers import Page
from services.follow_ups.answers import Task
from services.follow_ups.tasks import TaskChange, TaskFilter, TaskIn
from services.names import ShortText

router = APIRouter(prefix="/v1/tasks", tags=["Tasks"])

_Nobody = Annotated[ShortText | None, Query(description="A name; `none`: nobody's")]
_Overdue = Annotated[bool | None, Query(description="Open, and its time is over")]
_Sort = Annotated[str, Query(description="-created_at, created_at, due_at or -due_at")]


@router.get("", summary="List tasks")
@needs("read")
def list_tasks(
    app: App,
    *,
    contact: Text = None,
    deal: Text = None,
    automation: Text = None,
    status: Text = None,
    assign_to: _Nobody = None,
    overdue: _Overdue = None,
    due_before: Text = None,
    due_after: Text = None,
    sort: _Sort = "-created_at",
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[Task]:
    """The newest first, or sorted by `due_at`: those without a date come last, both ways."""
    check_status(status, get_args(TaskStatus))
    # Checked by the parameters' own types, which take longer texts than a document does.
    named: dict[str, Any] = {
        "contact": contact,
        "deal": deal,
        "automation": automation,
        "status": status,
        "assign_to": assign_to,
        "overdue": overdue,
        "due_before": due_before,
        "due_after": due_after,
    }
    return app.tasks.find(TaskFilter.model_construct(**named), sort=sort, cursor=cursor, limit=limit)


@router.post("", status_code=201, openapi_extra=takes(TaskIn), summary="Create a task")
@needs("edit")
def add_task(body: Body, app: App) -> Task:
    """For a contact or a deal. Emits `task.created`, and `task.overdue` once its time is over while it is open."""
    return app.tasks.add(body)


@router.get("/{task_id}", summary="Read a task")
@needs("read")
def get_task(task_id: Id, app: App) -> Task:
    """A task as it is now."""
    return app.tasks.get(task_id)


@router.patch("/{task_id}", openapi_extra=takes(TaskChange), summary="Change a task")
@needs("edit")
def patch_task(task_id: Id, body: Body, app: App) -> Task:
    """What is missing stays. `{"status": "done"}` emits `task.done`, and `{"status": "open"}` opens it again.

    `{"snooze": "1d"}` puts it off; once it is overdue anew, `task.overdue` comes anew.
    """
    return app.tasks.change(task_id, body)
