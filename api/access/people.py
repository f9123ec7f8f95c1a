"""People."""

from fastapi import APIRouter

from api.bodies import Body, takes
from api.parameters import DEFAULT_LIMIT, Cursor, Key, Limit
from api.state import App, By
from runtime.permissions import needs
from services.access.answers import Person, SignedOut
from services.access.people import PersonChange, PersonIn
from services.answers import Page

router = APIRouter(prefix="/v1/people", tags=["Access"])


@router.get("", summary="List people", response_model_exclude_unset=True)
@needs("admin")
def list_people(app: App, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT) -> Page[Person]:
    """By key."""
    return app.access.people.find(cursor=cursor, limit=limit)


@router.post(
    "",
    status_code=201,
    openapi_extra=takes(PersonIn),
    response_model_exclude_unset=True,
    summary="Add a person",
)
@needs("admin")
def add_person(body: Body, app: App, by: By) -> Person:
    """With a `password` they can sign in at once."""
    return app.access.people.add(body, by)


@router.get("/{key}", summary="Read a person", response_model_exclude_unset=True)
@needs("admin")
def get_person(key: Key, app: App) -> Person:
    """Without anything of the password."""
    return app.access.people.get(key)


@router.patch(
    "/{key}",
    openapi_extra=takes(PersonChange),
    response_model_exclude_unset=True,
    summary="Change a person",
)
@needs("admin")
def patch_person(key: Key, body: Body, app: App, by: By) -> Person:
    """What is missing stays. Who is disabled, or gets a new password, is signed out everywhere."""
    return app.access.people.change(key, body, by)


@router.delete("/{key}/sessions", summary="Sign a person out everywhere")
@needs("admin")
def end_sessions(key: Key, app: App, by: By) -> SignedOut:
    """They can sign in again."""
    return SignedOut(ended=app.access.people.sign_out(key, by))
