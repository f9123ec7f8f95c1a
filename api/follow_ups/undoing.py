"""Undoing what has started many follow-ups at once."""

from fastapi import APIRouter

from api.bodies import Body, takes
from api.parameters import DEFAULT_LIMIT, Limit
from api.state import App, By
from runtime.permissions import needs
from services.answers import Page
from services.follow_ups.answers import Started, Undone
from services.follow_ups.undoing import UndoRequest

router = APIRouter(prefix="/v1/undo", tags=["Follow-ups"])


@router.get("", summary="List what has started follow-ups")
@needs("read")
def list_started(app: App, limit: Limit = DEFAULT_LIMIT) -> Page[Started]:
    """Publishes that fired, imports, enrolling by hand, and calls that started several; the newest first."""
    return app.undoing.recent(limit)


@router.post("", openapi_extra=takes(UndoRequest), summary="Undo what has started follow-ups")
@needs("operate")
def undo(body: Body, app: App, by: By) -> Undone:
    """Cancels its follow-ups, closes their open tasks and removes their tags where nobody has touched them since.

    By default it only counts; `dry_run: false` does it. When it was interrupted, calling again does the rest.
    """
    return app.undoing.undo(body, who=by)
