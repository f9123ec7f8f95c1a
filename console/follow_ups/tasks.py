"""Tasks: what people have to do, with the score beside it."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.parameters import Cursor, Id, Text
from console.forms import Sent
from console.navigation import Counts
from console.pages import Desk, Here, own_address, see
from console.records.reading import bands_of, published
from runtime.permissions import needs
from services.follow_ups.tasks import TaskFilter
from services.records.answers import ScoreSummary
from services.resources import Conflict, Invalid

router = APIRouter()
View = Literal["open", "overdue", "done", "all"]
_LIMIT = 40
#: What can be done to a task: what is changed, and what is said after it.
DEEDS: Mapping[str, tuple[dict[str, Any], str]] = {
    "done": ({"status": "done"}, "task-done"),
    "open": ({"status": "open"}, "task-open"),
    "snooze-1d": ({"snooze": "1d"}, "task-snoozed"),
    "snooze-1w": ({"snooze": "1w"}, "task-snoozed"),
}


@router.get("/tasks")
@needs("read")
def show(
    desk: Here,
    view: Annotated[View, Query()] = "open",
    owner: Text = None,
    contact: Text = None,
    deal: Text = None,
    automation: Text = None,
    cursor: Cursor = None,
) -> Response:
    """Those that are due first come first."""
    asked = {"view": view, "owner": owner, "contact": contact, "deal": deal, "automation": automation}
    return page(desk, asked, cursor)


def page(
    desk: Desk, asked: Mapping[str, Any], cursor: str | None, errors: Mapping[str, str] | None = None
) -> Response:
    """A page of tasks, with what was wrong with a deed."""
    view: View = asked.get("view") or "open"
    wanted = TaskFilter(
        contact=asked.get("contact"),
        deal=asked.get("deal"),
        automation=asked.get("automation"),
        assign_to=asked.get("owner"),
        status=view if view in ("open", "done") else None,
        overdue=True if view == "overdue" else None,
    )
    found = desk.application.tasks.find(wanted, sort="due_at", cursor=cursor, limit=_LIMIT)
    scores: dict[str, list[ScoreSummary]] = {}
    for key in {one.contact for one in found.items if one.contact is not None}:
        summaries = desk.application.scores.of_record("contact", key).items
        scores[key] = [one for one in summaries if one.score is not None]
    return desk.page(
        "follow_ups/tasks.html",
        422 if errors else 200,
        found=found,
        asked=asked,
        view=view,
        scores=scores,
        bands={one.key: bands_of(one) for one in published(desk, "contact")},
        people=sorted({one.assign_to for one in found.items if one.assign_to}),
        errors=errors or {},
    )


@router.post("/tasks/{task_id}")
@needs("edit")
def change(desk: Here, task_id: Id, form: Sent) -> Response:
    """Done, open again, put off or given to somebody."""
    deed = form.text("deed")
    body, said = DEEDS.get(deed, ({"assign_to": form.optional("assign_to")}, "task-assigned"))
    try:
        desk.application.tasks.change(task_id, body)
    except Invalid as error:
        return page(desk, {}, None, {"": " ".join(problem.message for problem in error.problems)})
    except Conflict as error:
        return page(desk, {}, None, {"": str(error)})
    counts: Counts = desk.request.app.state.console_counts
    counts.forget()
    return see(own_address(form.text("back") or "/tasks"), said)
