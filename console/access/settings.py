"""Settings: the installation's facts, people, keys, and who did what."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.parameters import Cursor, Id, Key, Text
from console.forms import Sent
from console.pages import Desk, Here, see
from console.records.reading import told
from runtime.permissions import PERMISSIONS, ROLES, needs
from services.access.answers import MadeKey
from services.access.audit import AuditQuery
from services.resources import Conflict, Invalid

router = APIRouter()
_LIMIT = 50


@router.get("/settings")
@needs("read")
async def facts(request: Request, desk: Here) -> Response:
    """What this installation is made of."""
    up = await request.app.state.temporal_up()
    status = await run_in_threadpool(desk.application.status.read, temporal_up=up)
    recipients = await run_in_threadpool(desk.application.automations.recipients)
    return desk.page(
        "access/settings.html", standing=status, recipients=recipients.items, version=request.app.version
    )


@router.get("/settings/people")
@needs("admin")
def people(desk: Here, cursor: Cursor = None) -> Response:
    """Everybody who may sign in."""
    return all_people(desk, cursor)


def all_people(
    desk: Desk,
    cursor: str | None,
    errors: Mapping[str, str] | None = None,
    typed: Mapping[str, str] | None = None,
) -> Response:
    """The list, with what was wrong with an addition or a change."""
    return desk.page(
        "access/people.html",
        422 if errors else 200,
        found=desk.application.access.people.find(cursor=cursor, limit=_LIMIT),
        roles=list(ROLES),
        errors=errors or {},
        typed=typed or {},
        announcement=None,
    )


@router.post("/settings/people")
@needs("admin")
def add_person(desk: Here, form: Sent) -> Response:
    """Add somebody."""
    typed = {name: form.text(name) for name in ("key", "name", "email", "role")}
    body: dict[str, Any] = {name: value for name, value in typed.items() if value}
    if form.raw("password"):
        body["password"] = form.raw("password")
    if not desk.application.access.asks_everybody() and not (
        body.get("role") == "admin" and "password" in body
    ):
        said = desk.speech.gettext(
            "The first person is an administrator with a password, or nobody gets in here."
        )
        return all_people(desk, None, {"role": said}, typed)
    try:
        desk.application.access.people.add(body, desk.principal)
    except Invalid as error:
        return all_people(desk, None, told(error), typed)
    except Conflict as error:
        return all_people(desk, None, {"": str(error)}, typed)
    return see("/settings/people", "person-added")


@router.post("/settings/people/{key}")
@needs("admin")
def change_person(desk: Here, key: Key, form: Sent) -> Response:
    """Give somebody another role or password, keep them out, let them in again, or sign them out everywhere."""
    access = desk.application.access
    body: dict[str, Any] = {}
    if form.text("role"):
        body["role"] = form.text("role")
    if form.raw("password"):
        body["password"] = form.raw("password")
    if form.text("deed") in ("disable", "enable"):
        body = {"disabled": form.text("deed") == "disable"}
    try:
        if form.text("deed") == "sign-out":
            access.people.sign_out(key, desk.principal)
        elif body:
            access.people.change(key, body, desk.principal)
    except Invalid as error:
        return all_people(desk, None, {"": " ".join(told(error).values())})
    except Conflict as error:
        return all_people(desk, None, {"": str(error)})
    return see("/settings/people", "saved")


@router.get("/settings/keys")
@needs("admin")
def keys(desk: Here, cursor: Cursor = None) -> Response:
    """Keys of programs."""
    return all_keys(desk, cursor)


def all_keys(
    desk: Desk, cursor: str | None, errors: Mapping[str, str] | None = None, made: MadeKey | None = None
) -> Response:
    """The list, with a key that has just been made, or what was wrong."""
    return desk.page(
        "access/keys.html",
        422 if errors else 200,
        found=desk.application.access.keys.find(cursor=cursor, limit=_LIMIT),
        permissions=PERMISSIONS,
        errors=errors or {},
        made=made,
    )


@router.post("/settings/keys")
@needs("admin")
def make_key(desk: Here, form: Sent) -> Response:
    """Make one. The page after it alone shows it, so that it is no other address."""
    body: dict[str, Any] = {"name": form.text("name"), "permissions": form.every("permissions")}
    if form.text("ends"):
        body["ends_at"] = form.text("ends")
    try:
        made = desk.application.access.keys.add(body, desk.principal)
    except Invalid as error:
        return all_keys(desk, None, told(error, {"ends_at": "ends"}))
    except Conflict as error:
        return all_keys(desk, None, {"": str(error)})
    return all_keys(desk, None, made=made)


@router.post("/settings/keys/{key_id}/revoke")
@needs("admin")
def revoke_key(desk: Here, key_id: Id, form: Sent) -> Response:
    """Refuse it from the next call on."""
    del form
    desk.application.access.keys.revoke(key_id, desk.principal)
    return see("/settings/keys", "key-revoked")


@router.get("/settings/audit")
@needs("admin")
def audit(
    desk: Here, by: Text = None, thing: Text = None, subject: Text = None, cursor: Cursor = None
) -> Response:
    """Who did what, the newest first."""
    query = AuditQuery(by=by, action=None, thing=thing, subject=subject, since=None, until=None)
    found = desk.application.access.audit.find(query, cursor=cursor, limit=_LIMIT)
    return desk.page("access/audit.html", found=found, asked={"by": by, "thing": thing, "subject": subject})
