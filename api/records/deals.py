"""Deals."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response

from api.bodies import Body, takes
from api.conditional import When, read, tagged
from api.parameters import RecordKey, TagName
from api.records.answering import SUPPRESSED
from api.records.in_bulk import DryRun, Restore, takes_many, write_many
from api.records.list_query import ListQuery
from api.records.scores import add_score_routes
from api.state import App, By
from runtime.permissions import needs
from services.answers import Page
from services.records.answers import Deal, ListedDeal, RecordsWritten
from services.records.bulk.bulk_items import Options
from services.records.bulk.deals_in_bulk import MODES
from services.records.deals import DealIn, DealPatchIn
from services.records.lists import RecordQuery

router = APIRouter(prefix="/v1/deals", tags=["Deals"])
_TAKES = takes(DealIn)
_EMAIL = "Of its contact, instead of the contact's key"
_MODE = Query(
    description="How each is written that does not say so itself: `merge` creates it or sets what is given, and merges "
    "`fields`; `put` replaces all but the contact"
)


@router.get("", response_model_exclude_unset=True, summary="List deals")
@needs("read")
def list_deals(query: Annotated[RecordQuery, Depends(ListQuery("deal"))], app: App) -> Page[ListedDeal]:
    """All filters must hold. With a `profile`, each deal has its `score` and `band`; empty scores come last."""
    return app.record_lists.deals(query)


@router.post(
    "",
    openapi_extra=takes_many(DealIn, "DealInBulk", MODES, key="Its key", email=_EMAIL),
    response_model_exclude_unset=True,
    summary="Write many deals",
)
@needs("edit")
async def post_deals(
    request: Request,
    app: App,
    *,
    mode: Annotated[Literal["merge", "put"], _MODE] = "merge",
    dry_run: DryRun = False,
    restore: Restore = False,
) -> RecordsWritten:
    """An array of up to 2,500, or any number as NDJSON. Good ones are written whatever the others are like.

    A new deal names its `contact` by key, or by its `email`; an unknown one is created. Every change emits its events,
    as with PUT and PATCH. What lists show besides, such as `id` and `scores`, says nothing here.
    """
    return await write_many(request, app.deals_in_bulk, Options(mode, dry_run, restore))


@router.get("/{key}", summary="Read a deal")
@needs("read")
def get_deal(key: RecordKey, app: App, when: When, response: Response) -> Deal:
    """A deal with its fields. `ETag` stands for all of it: send it as `If-Match` with a change."""
    return read(response, app.deals.get(key), when)


@router.put(
    "/{key}",
    openapi_extra=_TAKES,
    responses={201: {"model": Deal}, **SUPPRESSED},
    summary="Create or replace a deal",
)
@needs("edit")
def put_deal(key: RecordKey, body: Body, app: App, when: When, response: Response) -> Deal:
    """What is missing becomes empty, the contact excepted; an unknown contact is created.

    Every change emits its event, such as `deal.stage_changed`, which rules of deals and of contacts can use.
    """
    deal, created = app.deals.put(key, body, when)
    response.status_code = 201 if created else 200
    return tagged(response, deal)


@router.patch("/{key}", openapi_extra=takes(DealPatchIn), responses=SUPPRESSED, summary="Change a deal")
@needs("edit")
def patch_deal(key: RecordKey, body: Body, app: App, when: When, response: Response) -> Deal:
    """What is missing stays. `fields` are merged; null removes one. `tags` as a list replaces all.

    With `tags: {add: [...], remove: [...]}` the others stay, also those that somebody else adds meanwhile.
    """
    return tagged(response, app.deals.patch(key, body, when))


@router.put("/{key}/tags/{tag:path}", responses=SUPPRESSED, summary="Add a tag to a deal")
@needs("edit")
def add_deal_tag(key: RecordKey, tag: TagName, app: App, when: When, response: Response) -> Deal:
    """The other tags stay. Adding one that is there changes nothing."""
    return tagged(response, app.deals.tag(key, tag, when, there=True))


@router.delete("/{key}/tags/{tag:path}", responses=SUPPRESSED, summary="Remove a tag from a deal")
@needs("edit")
def remove_deal_tag(key: RecordKey, tag: TagName, app: App, when: When, response: Response) -> Deal:
    """The other tags stay. Removing one that is not there changes nothing."""
    return tagged(response, app.deals.tag(key, tag, when, there=False))


@router.delete("/{key}", status_code=204, summary="Erase a deal")
@needs("operate")
def delete_deal(key: RecordKey, app: App, by: By, when: When) -> None:
    """With its scores, tasks and all else about it. What its contact did stays the contact's."""
    app.deals.erase(key, when, who=by)


add_score_routes(router, "deal")
