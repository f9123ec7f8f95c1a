"""What follow-ups have sent, to whom, and why not: notifications and calls of webhooks."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.parameters import Cursor, Text
from console.pages import Here
from runtime.permissions import needs
from services.resources import NotFound

router = APIRouter()
View = Literal["notifications", "webhooks"]
_LIMIT = 30
#: By which statuses each kind is listed.
STATUSES: dict[View, tuple[str, ...]] = {
    "notifications": ("failed", "pending", "sent", "recorded", "withheld", "skipped"),
    "webhooks": ("failed", "pending", "delivered", "recorded", "skipped"),
}


@router.get("/messages")
@needs("read")
def show(
    desk: Here,
    view: Annotated[View, Query()] = "notifications",
    status: Text = None,
    contact: Text = None,
    deal: Text = None,
    cursor: Cursor = None,
) -> Response:
    """The newest first."""
    if status is not None and status not in STATUSES[view]:
        raise NotFound(f'there is no status "{status}" of {view}')
    asked: dict[str, Any] = {"status": status, "contact": contact, "deal": deal}
    follow_ups = desk.application.follow_ups
    found: Any = (follow_ups.notifications if view == "notifications" else follow_ups.webhooks)(
        **asked, cursor=cursor, limit=_LIMIT
    )
    return desk.page("follow_ups/messages.html", view=view, asked=asked, found=found, statuses=STATUSES[view])
