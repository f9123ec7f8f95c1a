"""The search at the top of every page: a key or an id leads there, anything else to the contacts that it is in."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query
from starlette.responses import Response

from console.pages import Here, see
from runtime.permissions import needs
from services.names import ShortText
from services.operations.answers import Found

router = APIRouter()


@router.get("/find")
@needs("read")
def find(desk: Here, q: Annotated[ShortText | None, Query()] = None) -> Response:
    """The page of what is named; a list where there are several, or none."""
    if q is None:
        return see("/")
    found = [
        (one, place) for one in desk.application.finding.find(q).items if (place := address(one)) is not None
    ]
    if len(found) == 1:
        return see(found[0][1])
    if not found:
        return see(desk.address("/contacts", {"q": q}))
    return desk.page("operations/found.html", q=q, found=found)


def address(one: Found) -> str | None:
    """Where something is shown; None where no page does."""
    if one.contact is not None:
        return f"/contacts/{quote(one.contact.key)}"
    if one.deal is not None:
        return f"/deals/{quote(one.deal.key)}"
    if one.enrollment is not None:
        return f"/follow-ups/{one.enrollment.id}"
    if one.event is not None:
        return f"/events/{quote(one.event.id)}"
    if one.task is not None:
        return f"/tasks?contact={quote(one.task.contact or '')}&view=all"
    if one.automation is not None:
        return f"/automations/{one.automation.key}"
    if one.profile is not None:
        return f"/profiles/{one.profile.key}"
    told = one.notification or one.webhook
    return f"/follow-ups/{told.enrollment}" if told is not None else None
