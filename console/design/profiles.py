"""Score profiles: their rules in words, the draft, what publishing it would do, and their versions."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.parameters import Cursor, Key
from console.design.drafts import Draft, document_of, draft_of, published_document, save_typed
from console.forms import Sent
from console.pages import Desk, Here, see
from runtime.permissions import needs
from scoring.profile import ScoreProfile
from services.design.answers import Profile
from services.design.authorship import Authorship
from services.foresight.answers import Preview
from services.resources import Conflict, Invalid, NotFound

router = APIRouter()
Tab = Literal["rules", "yaml", "preview", "versions"]
_LIMIT = 40
#: How long a page waits for a preview before it says how far that is, in seconds.
_PATIENCE = 2.0
STARTER = """kind: score_profile
key: engagement
name: Engagement
description: How much somebody has to do with us
applies_to: contact
bands: {cold: null, warm: 20, hot: 50}
rules:
  - {key: opened, on: email.opened, points: 1, expires_after: 90d}
  - {key: form, on: form.submitted, points: 10}
"""


@router.get("/profiles")
@needs("read")
def show_all(desk: Here, cursor: Cursor = None) -> Response:
    """All of them, by key."""
    page = desk.application.profiles.find(cursor=cursor, limit=_LIMIT)
    models = {one.key: model_of(one) for one in page.items}
    return desk.page("design/profiles.html", page=page, models=models)


def model_of(shown: Profile) -> ScoreProfile:
    """The draft as what it is."""
    return ScoreProfile.model_validate(document_of(shown))


@router.get("/profiles/new")
@needs("design")
def new(desk: Here) -> Response:
    """An editor with an example."""
    return desk.page("design/new.html", of="profile", draft=Draft(STARTER))


@router.post("/profiles/new")
@needs("design")
def create(desk: Here, form: Sent) -> Response:
    """Save a new one."""
    profiles = desk.application.profiles
    saved = save_typed(form, None, partial(profiles.save, who=desk.principal), profiles.get, desk.speech)
    if isinstance(saved, Draft):
        return desk.page("design/new.html", 422, of="profile", draft=saved)
    return see(f"/profiles/{saved.key}", "draft-saved")


@router.get("/profiles/{key}")
@needs("read")
def show(desk: Here, key: Key, tab: Annotated[Tab, Query()] = "rules") -> Response:
    """One of them."""
    return one(desk, key, tab)


def one(
    desk: Desk, key: str, tab: Tab, draft: Draft | None = None, errors: Mapping[str, str] | None = None
) -> Response:
    """The page of a profile; `draft`: what was typed, where it could not be saved."""
    profiles = desk.application.profiles
    shown = profiles.get(key)
    return desk.page(
        "design/profile.html",
        422 if errors or draft is not None else 200,
        one=shown,
        written=model_of(shown),
        tab=tab,
        draft=draft or draft_of(shown),
        difference=profiles.compare(key, None, None) if shown.unpublished_changes else None,
        preview=previewed(desk, key) if tab in ("preview", "rules") else None,
        versions=profiles.versions(key).items if tab == "versions" else [],
        errors=errors or {},
    )


def previewed(desk: Desk, key: str) -> Preview | None:
    """What publishing the draft would do, or how far working that out has come; None where it cannot be."""
    try:
        return desk.application.previews.ask(key, _PATIENCE)
    except (Conflict, Invalid):
        return None


@router.post("/profiles/{key}")
@needs("design")
def save(desk: Here, key: Key, form: Sent) -> Response:
    """Save the draft."""
    profiles = desk.application.profiles
    saved = save_typed(form, key, partial(profiles.save, who=desk.principal), profiles.get, desk.speech)
    if isinstance(saved, Draft):
        return one(desk, key, "yaml", saved)
    return see(f"/profiles/{key}?tab=yaml", "draft-saved")


@router.get("/profiles/{key}/publish")
@needs("design")
def ask_to_publish(desk: Here, key: Key) -> Response:
    """What publishing the draft would do."""
    return publishing(desk, key)


def publishing(desk: Desk, key: str, errors: Mapping[str, str] | None = None) -> Response:
    """The question, with what keeps it from being published."""
    profiles = desk.application.profiles
    return desk.page(
        "design/publish_profile.html",
        422 if errors else 200,
        one=profiles.get(key),
        difference=profiles.compare(key, None, None),
        preview=previewed(desk, key),
        errors=errors or {},
    )


@router.post("/profiles/{key}/publish")
@needs("design")
def publish(desk: Here, key: Key, form: Sent) -> Response:
    """Publish the draft; with `fire` its changes start follow-ups."""
    by = Authorship(comment=form.optional("comment"))
    try:
        desk.application.profiles.publish(
            key, silent=form.text("triggers") != "fire", by=by, who=desk.principal
        )
    except Invalid as error:
        return publishing(desk, key, {"": " ".join(problem.message for problem in error.problems)})
    except Conflict as error:
        return publishing(desk, key, {"": str(error)})
    return see(f"/profiles/{key}", "published")


@router.post("/profiles/{key}/{deed}")
@needs("design")
def act(desk: Here, key: Key, deed: str, form: Sent) -> Response:
    """Unpublish, take out of use, return to a version, or have the draft be what is published again."""
    profiles = desk.application.profiles
    try:
        if deed == "unpublish":
            profiles.unpublish(key, who=desk.principal)
            return see(f"/profiles/{key}", "unpublished")
        if deed == "archive":
            profiles.archive(key, who=desk.principal)
            return see("/profiles", "archived")
        if deed == "rollback":
            version = form.text("version")
            body = {"version": int(version) if version.isdigit() else version}
            profiles.rollback(key, body, who=desk.principal)
            return see(f"/profiles/{key}?tab=versions", "published")
        if deed == "discard":
            profiles.save(key, published_document(profiles, key), who=desk.principal)
            return see(f"/profiles/{key}", "discarded")
    except Invalid as error:
        return one(desk, key, "rules", errors={"": " ".join(problem.message for problem in error.problems)})
    except Conflict as error:
        return one(desk, key, "rules", errors={"": str(error)})
    raise NotFound(f'there is nothing called "{deed}" that can be done to profiles')
