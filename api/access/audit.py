"""Who did what."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.parameters import DEFAULT_LIMIT, Cursor, Limit, Text
from api.state import App
from conditions.moments import moment_from
from runtime.permissions import needs
from services.access.answers import AuditEntry
from services.access.audit import AuditQuery
from services.answers import Page
from services.resources import BadParameter

router = APIRouter(prefix="/v1/audit", tags=["Access"])

_Time = Annotated[str | None, Query(description="A time such as `2026-06-30`, `-7d` or `yesterday`")]


@router.get("", summary="List who did what")
@needs("admin")
def list_audit(
    app: App,
    *,
    by: Text = None,
    action: Text = None,
    thing: Text = None,
    subject: Text = None,
    since: _Time = None,
    until: _Time = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[AuditEntry]:
    """The newest first. `by` is an author, `thing` a kind such as `profile`, `subject` its key or id."""
    query = AuditQuery(
        by=by,
        action=action,
        thing=thing,
        subject=subject,
        since=_moment(app, "since", since),
        until=_moment(app, "until", until),
    )
    return app.access.audit.find(query, cursor=cursor, limit=limit)


def _moment(app: App, name: str, text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return moment_from(text, app.resources.clock(), app.resources.settings.time_zone)
    except ValueError as error:
        raise BadParameter(name, str(error)) from None
