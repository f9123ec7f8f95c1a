"""Automations: what each does and has done, its draft, its versions, and publishing with what that brings about."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.parameters import Cursor, Key
from automations.model import Automation
from console.design.drafts import Draft, document_of, draft_of, published_document, save_typed
from console.forms import Form, Sent
from console.outline import outline
from console.pages import Desk, Here, see
from runtime.permissions import needs
from services.design import answers
from services.design.authorship import Authorship
from services.resources import Conflict, Invalid, NotFound

router = APIRouter()
Tab = Literal["steps", "yaml", "people", "versions"]
_LIMIT = 40
STARTER = """kind: automation
key: hot-lead
name: Call hot leads
trigger:
  profile: engagement
  filters:
    score: {greater_or_equal: 50}
  fires: on_entry
steps:
  - create_task: {title: "Call {{ contact.label }}", assign_to: owner, due_in: 1d}
  - add_tag: hot
"""


@router.get("/automations")
@needs("read")
def show_all(desk: Here, cursor: Cursor = None) -> Response:
    """All of them, by key, with what they have brought about."""
    application = desk.application
    page = application.automations.find(cursor=cursor, limit=_LIMIT)
    stats = {one.key: application.statistics.read(one.key, None) for one in page.items}
    models = {one.key: model_of(one) for one in page.items}
    return desk.page("design/automations.html", page=page, stats=stats, models=models)


def model_of(shown: answers.Automation) -> Automation:
    """The draft as what it is."""
    return Automation.model_validate(document_of(shown))


@router.get("/automations/new")
@needs("design")
def new(desk: Here) -> Response:
    """An editor with an example."""
    return desk.page("design/new.html", of="automation", draft=Draft(STARTER))


@router.post("/automations/new")
@needs("design")
def create(desk: Here, form: Sent) -> Response:
    """Save a new one."""
    automations = desk.application.automations
    saved = save_typed(
        form, None, partial(automations.save, who=desk.principal), automations.get, desk.speech
    )
    if isinstance(saved, Draft):
        return desk.page("design/new.html", 422, of="automation", draft=saved)
    return see(f"/automations/{saved.key}", "draft-saved")


@router.get("/automations/{key}")
@needs("read")
def show(desk: Here, key: Key, tab: Annotated[Tab, Query()] = "steps") -> Response:
    """One of them."""
    return one(desk, key, tab)


def one(
    desk: Desk, key: str, tab: Tab, draft: Draft | None = None, errors: Mapping[str, str] | None = None
) -> Response:
    """The page of an automation; `draft`: what was typed, where it could not be saved."""
    application = desk.application
    shown = application.automations.get(key)
    written = model_of(shown)
    stats = application.statistics.read(key, None)
    difference = application.automations.compare(key, None, None) if shown.unpublished_changes else None
    return desk.page(
        "design/automation.html",
        422 if errors or (draft is not None) else 200,
        one=shown,
        written=written,
        tab=tab,
        stats=stats,
        lines=outline(written, counts=stats.steps if not shown.unpublished_changes else ()),
        draft=draft or draft_of(shown),
        difference=difference,
        versions=application.automations.versions(key).items if tab == "versions" else [],
        latest=application.follow_ups.enrollments(automation=key, cursor=None, limit=10).items
        if tab == "people"
        else [],
        errors=errors or {},
    )


@router.post("/automations/{key}")
@needs("design")
def save(desk: Here, key: Key, form: Sent) -> Response:
    """Save the draft."""
    automations = desk.application.automations
    saved = save_typed(form, key, partial(automations.save, who=desk.principal), automations.get, desk.speech)
    if isinstance(saved, Draft):
        return one(desk, key, "yaml", saved)
    return see(f"/automations/{key}?tab=yaml", "draft-saved")


@router.get("/automations/{key}/publish")
@needs("design")
def ask_to_publish(desk: Here, key: Key) -> Response:
    """What publishing the draft would change."""
    return publishing(desk, key)


def publishing(desk: Desk, key: str, errors: Mapping[str, str] | None = None) -> Response:
    """The question, with what keeps it from being published."""
    application = desk.application
    shown = application.automations.get(key)
    stats = application.statistics.read(key, None)
    tried = None
    try:
        tried = application.backtest.run(key, {})
    except (Conflict, Invalid, NotFound) as error:
        errors = {**(errors or {}), "": str(error)}
    return desk.page(
        "design/publish_automation.html",
        422 if errors else 200,
        one=shown,
        difference=application.automations.compare(key, None, None),
        running=stats.queued + stats.active,
        tried=tried,
        errors=errors or {},
    )


@router.post("/automations/{key}/publish")
@needs("design")
def publish(desk: Here, key: Key, form: Sent) -> Response:
    """Publish the draft, and enroll whom the form says."""
    application = desk.application
    by = Authorship(comment=form.optional("comment"))
    try:
        application.automations.publish(key, by=by, who=desk.principal)
        if form.text("enroll") == "matching":
            body = {"matching": True, **desk.named_request(form.optional("request"))}
            application.enroll_by_hand.enroll(key, body, who=desk.principal)
    except Invalid as error:
        return publishing(desk, key, {"": " ".join(problem.message for problem in error.problems)})
    except Conflict as error:
        return publishing(desk, key, {"": str(error)})
    return see(f"/automations/{key}", "published")


@router.post("/automations/{key}/pause")
@needs("operate")
def pause(desk: Here, key: Key, form: Sent) -> Response:
    """Enroll nobody any more; what runs, runs on."""
    return _paused(desk, key, form, paused=True)


@router.post("/automations/{key}/resume")
@needs("operate")
def resume(desk: Here, key: Key, form: Sent) -> Response:
    """Enroll again."""
    return _paused(desk, key, form, paused=False)


def _paused(desk: Desk, key: str, form: Form, *, paused: bool) -> Response:
    running = bool(form.text("running"))
    try:
        desk.application.automations.pause(key, paused=paused, running=running, who=desk.principal)
    except Conflict as error:
        return one(desk, key, "steps", errors={"": str(error)})
    return see(f"/automations/{key}", "paused" if paused else "resumed")


@router.post("/automations/{key}/{deed}")
@needs("design")
def act(desk: Here, key: Key, deed: str, form: Sent) -> Response:
    """Take out of use, return to a version, or have the draft be what is published again."""
    automations = desk.application.automations
    try:
        if deed == "archive":
            automations.archive(key, who=desk.principal)
            return see("/automations", "archived")
        if deed == "rollback":
            automations.rollback(key, _version(form.text("version")), who=desk.principal)
            return see(f"/automations/{key}?tab=versions", "published")
        if deed == "discard":
            automations.save(key, published_document(automations, key), who=desk.principal)
            return see(f"/automations/{key}", "discarded")
    except Invalid as error:
        return one(desk, key, "steps", errors={"": " ".join(problem.message for problem in error.problems)})
    except Conflict as error:
        return one(desk, key, "steps", errors={"": str(error)})
    raise NotFound(f'there is nothing called "{deed}" that can be done to automations')


def _version(text: str) -> dict[str, Any]:
    return {"version": int(text) if text.isdigit() else text}
