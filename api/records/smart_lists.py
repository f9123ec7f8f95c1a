"""Smart lists."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.bodies import Body, takes
from api.conditional import When, read, tagged
from api.parameters import DEFAULT_LIMIT, Cursor, Key, Limit
from api.state import App, By
from automations.smart_list import SmartList as SmartListIn
from runtime.permissions import needs
from services.answers import Page
from services.records.answers import ListedContact, ListedDeal, SmartList

Count = Annotated[bool, Query(description="Each with how many records it has now")]

router = APIRouter(prefix="/v1/smart-lists", tags=["Smart lists"])


@router.get("", response_model_exclude_unset=True, summary="List smart lists")
@needs("read")
def list_smart_lists(
    app: App, *, count: Count = False, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[SmartList]:
    """By key."""
    return app.smart_lists.find(cursor=cursor, limit=limit, counted=count)


@router.put(
    "/{key}",
    response_model_exclude_unset=True,
    openapi_extra=takes(SmartListIn),
    responses={201: {"model": SmartList}},
    summary="Create or replace a smart list",
)
@needs("design")
def put_smart_list(key: Key, body: Body, app: App, by: By, when: When, response: Response) -> SmartList:
    """What lists can be filtered by, and `filters`, any condition. All must hold."""
    smart_list, created = app.smart_lists.save(key, body, when, who=by)
    response.status_code = 201 if created else 200
    return tagged(response, smart_list)


@router.get("/{key}", response_model_exclude_unset=True, summary="Read a smart list")
@needs("read")
def get_smart_list(key: Key, app: App, when: When, response: Response) -> SmartList:
    """With `count`, how many records it has now."""
    return read(response, app.smart_lists.get(key), when)


@router.delete("/{key}", status_code=204, summary="Delete a smart list")
@needs("design")
def delete_smart_list(key: Key, app: App, by: By, when: When) -> None:
    """The records stay."""
    app.smart_lists.remove(key, when, who=by)


@router.get(
    "/{key}/contacts",
    response_model_exclude_unset=True,
    summary="List the contacts of a smart list",
)
@needs("read")
def list_smart_list_contacts(
    key: Key, app: App, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[ListedContact]:
    """Those that it has now."""
    return app.smart_lists.contacts(key, cursor=cursor, limit=limit)


@router.get(
    "/{key}/deals",
    response_model_exclude_unset=True,
    summary="List the deals of a smart list",
)
@needs("read")
def list_smart_list_deals(
    key: Key, app: App, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[ListedDeal]:
    """Those that it has now."""
    return app.smart_lists.deals(key, cursor=cursor, limit=limit)
