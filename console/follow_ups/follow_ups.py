"""Follow-ups: what runs, what failed and why, and what can be done about it."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from api.parameters import Cursor, Id, Text
from automations.model import Automation
from console.forms import Sent
from console.navigation import Counts
from console.outline import outline
from console.pages import Desk, Here, own_address, see
from runtime.permissions import needs
from services.follow_ups.answers import EnrollmentDetails
from services.resources import Conflict, NotFound

router = APIRouter()
_LIMIT = 40
#: What can be done to a follow-up, and what is said after it.
DEEDS: Mapping[str, str] = {
    "retry": "retried",
    "skip": "skipped",
    "pause": "paused",
    "resume": "resumed",
    "cancel": "cancelled",
}
STATUSES = ("failed", "retrying", "running", "queued", "completed", "exited", "replaced", "cancelled")


@router.get("/follow-ups")
@needs("read")
def show_all(
    desk: Here,
    status: Text = None,
    automation: Text = None,
    contact: Text = None,
    deal: Text = None,
    cursor: Cursor = None,
) -> Response:
    """The newest first, by status, automation or record."""
    return several(desk, status=status, automation=automation, contact=contact, deal=deal, cursor=cursor)


def several(desk: Desk, errors: Mapping[str, str] | None = None, **asked: Any) -> Response:
    """A page of follow-ups, with what was wrong with a deed."""
    application = desk.application
    if asked.get("status") is not None and asked["status"] not in STATUSES:
        raise NotFound(f'there is no status "{asked["status"]}" of follow-ups')
    found = application.follow_ups.enrollments(**asked, limit=_LIMIT)
    return desk.page(
        "follow_ups/list.html",
        409 if errors else 200,
        found=found,
        asked=asked,
        counts=application.attention.follow_ups(),
        statuses=STATUSES,
        automations=application.automations.keys(),
        errors=errors or {},
    )


@router.post("/follow-ups")
@needs("operate")
def act_on_several(desk: Here, form: Sent) -> Response:
    """Do one thing to those that are chosen; what is not possible for some is told."""
    deed = _deed(desk, form.text("deed"))
    refused: dict[str, str] = {}
    for key in form.every("key"):
        try:
            deed(key)
        except Conflict as error:
            refused.setdefault("", str(error))
    counts: Counts = desk.request.app.state.console_counts
    counts.forget()
    if refused:
        return several(desk, refused, status=None, automation=None, contact=None, deal=None, cursor=None)
    return see(own_address(form.text("back") or "/follow-ups"), DEEDS[form.text("deed")])


@router.get("/follow-ups/{enrollment_id}")
@needs("read")
def show(desk: Here, enrollment_id: Id) -> Response:
    """One follow-up, step by step."""
    return one(desk, enrollment_id)


def one(desk: Desk, enrollment_id: str, errors: Mapping[str, str] | None = None) -> Response:
    """The page of a follow-up, with what was wrong with a deed."""
    enrollment = desk.application.follow_ups.enrollment(enrollment_id)
    written = _version(desk, enrollment)
    return desk.page(
        "follow_ups/one.html",
        409 if errors else 200,
        one=enrollment,
        lines=outline(written, enrollment.steps) if written is not None else [],
        title_of=written.title if written is not None else enrollment.automation,
        errors=errors or {},
    )


def _version(desk: Desk, enrollment: EnrollmentDetails) -> Automation | None:
    """The automation in the version that the follow-up carries."""
    if enrollment.automation is None:
        return None
    try:
        versions = desk.application.automations.versions(enrollment.automation).items
    except NotFound:  # taken out of use
        return None
    written = next(
        (version.definition for version in versions if version.version == enrollment.version), None
    )
    return (
        Automation.model_validate({**written, "key": enrollment.automation}) if written is not None else None
    )


@router.post("/follow-ups/{enrollment_id}")
@needs("operate")
def act(desk: Here, enrollment_id: Id, form: Sent) -> Response:
    """Do one thing to a follow-up."""
    deed = _deed(desk, form.text("deed"))
    try:
        deed(enrollment_id)
    except Conflict as error:
        return one(desk, enrollment_id, {"": str(error)})
    counts: Counts = desk.request.app.state.console_counts
    counts.forget()
    return see(f"/follow-ups/{enrollment_id}", DEEDS[form.text("deed")])


def _deed(desk: Desk, name: str) -> Callable[[str], Any]:
    if name not in DEEDS:
        raise NotFound(f'there is nothing called "{name}" that can be done to follow-ups')
    return partial(getattr(desk.application.repairs, name), who=desk.principal)
