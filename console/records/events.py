"""An event: what it says, and what every profile made of it."""

from fastapi import APIRouter
from starlette.responses import Response

from api.parameters import EventId
from console.forms import Sent
from console.pages import Here, see
from runtime.permissions import needs

router = APIRouter()


@router.get("/events/{event_id:path}")
@needs("read")
def event(desk: Here, event_id: EventId) -> Response:
    """An event, rule by rule."""
    return desk.page("records/event.html", explained=desk.application.points.of_event(event_id))


@router.post("/events/{event_id:path}")
@needs("operate")
def revoke(desk: Here, event_id: EventId, form: Sent) -> Response:
    """Take it back."""
    del form
    desk.application.revocations.revoke(event_id, who=desk.principal)
    return see(desk.path, "revoked")
