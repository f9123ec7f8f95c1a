"""Contacts, their scores and their timeline."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from api.bodies import Body, takes
from api.parameters import DEFAULT_LIMIT, ContactKey, Cursor, Key, Limit, Score, Text
from api.schemas import Contact, ListedContact, Page, ScoreSummary, TimelineEntry
from api.schemas import Score as ScoreShown
from api.state import App
from conditions.times import from_iso
from services.contact_lists import ContactQuery
from services.contacts import ContactIn
from services.resources import BadParameter

router = APIRouter(prefix="/v1/contacts", tags=["Contacts"])
_TAKES = takes(ContactIn)


@router.get(
    "", response_model=Page[ListedContact], response_model_exclude_unset=True, summary="List contacts"
)
def list_contacts(
    app: App,
    profile: Text = None,
    score_gte: Score = None,
    score_lte: Score = None,
    band: Text = None,
    tag: Text = None,
    stage: Text = None,
    owner: Text = None,
    email: Text = None,
    phone: Text = None,
    q: Text = None,
    sort: Annotated[str, Query(description="score, -score, created_at or -created_at")] = "created_at",
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> dict[str, Any]:
    """All filters must hold. With a `profile`, each contact has its `score` and `band`; empty scores come last."""
    return app.contact_lists.find(
        ContactQuery(
            profile=profile,
            score_gte=score_gte,
            score_lte=score_lte,
            band=band,
            tag=tag,
            stage=stage,
            owner=owner,
            email=email,
            phone=phone,
            q=q,
            sort=sort,
            cursor=cursor,
            limit=limit,
        )
    )


@router.get("/{key}", response_model=Contact, summary="Read a contact")
def get_contact(key: ContactKey, app: App) -> dict[str, Any]:
    """A contact with its fields."""
    return app.contacts.get(key)


@router.put(
    "/{key}",
    response_model=Contact,
    openapi_extra=_TAKES,
    responses={201: {"model": Contact}},
    summary="Create or replace a contact",
)
def put_contact(key: ContactKey, body: Body, app: App, response: Response) -> dict[str, Any]:
    """What is missing becomes empty. Every change emits its event, such as `stage.changed`, which rules can use."""
    contact, created = app.contacts.put(key, body)
    response.status_code = 201 if created else 200
    return contact


@router.patch("/{key}", response_model=Contact, openapi_extra=_TAKES, summary="Change a contact")
def patch_contact(key: ContactKey, body: Body, app: App) -> dict[str, Any]:
    """What is missing stays. `fields` are merged; null removes one."""
    return app.contacts.patch(key, body)


@router.get(
    "/{key}/timeline",
    response_model=Page[TimelineEntry],
    response_model_exclude_unset=True,
    summary="Read a contact's timeline",
)
def get_timeline(
    key: ContactKey, app: App, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> dict[str, Any]:
    """Events, score changes, enrollments, tasks and notifications, the newest first."""
    return app.activity.timeline(key, cursor=cursor, limit=limit)


@router.get("/{key}/scores", response_model=Page[ScoreSummary], summary="Read a contact's scores")
def get_scores(key: ContactKey, app: App) -> dict[str, Any]:
    """Under every published profile; a score may be null, which is not 0."""
    return {"items": app.scores.of_contact(key), "next": None}


@router.get("/{key}/scores/{profile}", response_model=ScoreShown, summary="Read one score")
def get_score(
    key: ContactKey,
    profile: Key,
    app: App,
    at: Annotated[
        str | None, Query(description="ISO 8601: the score at another time, past or future")
    ] = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> dict[str, Any]:
    """What it is made of, and its changes. Without `at`, as of the contact's last scoring."""
    moment = None
    if at is not None:
        try:
            moment = from_iso(at)
        except ValueError as error:
            raise BadParameter("at", str(error)) from None
    return app.scores.one(key, profile, at=moment, cursor=cursor, limit=limit)
