"""Contacts."""

from typing import Annotated

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
from services.foresight.answers import Consequences
from services.names import ShortText
from services.records.answers import Contact, ListedContact, RecordsWritten
from services.records.bulk.bulk_items import Mode, Options
from services.records.bulk.contacts_in_bulk import MODES
from services.records.contacts import ContactIn, ContactPatchIn, MergeIn
from services.records.lists import RecordQuery
from services.records.suppressions import REASON
from services.resources import BadParameter

router = APIRouter(prefix="/v1/contacts", tags=["Contacts"])
_TAKES = takes(ContactIn)
_KEY = "Its key; without one it is found by its `email`"
_MODE = Query(
    description="How each is written that does not say so itself: `merge` creates it or sets what is given, merges "
    "`fields` and adds tags; `put` replaces all but `dnd`; `add_tags` adds tags to one that is there"
)


@router.get("", response_model_exclude_unset=True, summary="List contacts")
@needs("read")
def list_contacts(
    query: Annotated[RecordQuery, Depends(ListQuery("contact"))], app: App
) -> Page[ListedContact]:
    """All filters must hold. With a `profile`, each contact has its `score` and `band`; empty scores come last."""
    return app.record_lists.contacts(query)


@router.post(
    "",
    openapi_extra=takes_many(ContactPatchIn, "ContactInBulk", MODES, key=_KEY),
    response_model_exclude_unset=True,
    summary="Write many contacts",
)
@needs("edit")
async def post_contacts(
    request: Request,
    app: App,
    *,
    mode: Annotated[Mode, _MODE] = "merge",
    dry_run: DryRun = False,
    restore: Restore = False,
) -> RecordsWritten:
    """An array of up to 2,500, or any number as NDJSON. Good ones are written whatever the others are like.

    One without a `key` is the contact that has its `email`, as field or as key, or a new one with the address as its
    key. Every change emits its events, as with PUT and PATCH. What lists show besides, such as `id` and `scores`, says
    nothing here.
    """
    return await write_many(request, app.contacts_in_bulk, Options(mode, dry_run, restore))


@router.get("/{key}", summary="Read a contact")
@needs("read")
def get_contact(key: RecordKey, app: App, when: When, response: Response) -> Contact:
    """A contact with its fields. `ETag` stands for all of it: send it as `If-Match` with a change."""
    return read(response, app.contacts.get(key), when)


@router.put(
    "/{key}",
    openapi_extra=_TAKES,
    responses={201: {"model": Contact}, **SUPPRESSED},
    summary="Create or replace a contact",
)
@needs("edit")
def put_contact(key: RecordKey, body: Body, app: App, when: When, response: Response) -> Contact:
    """What is missing becomes empty, but for `dnd`: an opt-out ends only when somebody says so.

    Every change emits its event, such as `stage.changed`, which rules can use. For a sync beside other systems use
    PATCH, and for tags the calls that add and remove one: a list of tags is all of them. With `If-Match` nothing is
    replaced that has changed since it was read.
    """
    contact, created = app.contacts.put(key, body, when)
    response.status_code = 201 if created else 200
    return tagged(response, contact)


@router.patch("/{key}", openapi_extra=takes(ContactPatchIn), responses=SUPPRESSED, summary="Change a contact")
@needs("edit")
def patch_contact(key: RecordKey, body: Body, app: App, when: When, response: Response) -> Contact:
    """What is missing stays. `fields` are merged; null removes one. `tags` as a list replaces all.

    With `tags: {add: [...], remove: [...]}` the others stay, also those that somebody else adds meanwhile.
    """
    return tagged(response, app.contacts.patch(key, body, when))


@router.post(
    "/{key}/consequences",
    openapi_extra=takes(ContactPatchIn),
    response_model_exclude_unset=True,
    summary="Look at what changing a contact would bring about",
)
@needs("edit")
def try_patch(key: RecordKey, body: Body, app: App) -> Consequences:
    """Which scores would move, which follow-ups would begin or end. Done in a copy; nothing is written."""
    return app.consequences.of_change(key, body)


@router.put("/{key}/tags/{tag:path}", responses=SUPPRESSED, summary="Add a tag to a contact")
@needs("edit")
def add_contact_tag(key: RecordKey, tag: TagName, app: App, when: When, response: Response) -> Contact:
    """The other tags stay. Adding one that is there changes nothing."""
    return tagged(response, app.contacts.tag(key, tag, when, there=True))


@router.delete("/{key}/tags/{tag:path}", responses=SUPPRESSED, summary="Remove a tag from a contact")
@needs("edit")
def remove_contact_tag(key: RecordKey, tag: TagName, app: App, when: When, response: Response) -> Contact:
    """The other tags stay. Removing one that is not there changes nothing."""
    return tagged(response, app.contacts.tag(key, tag, when, there=False))


@router.delete("/{key}", status_code=204, summary="Erase a contact")
@needs("operate")
def delete_contact(
    key: RecordKey,
    app: App,
    by: By,
    when: When,
    *,
    suppress: Annotated[
        bool, Query(description="For good: what senders send again about it is counted and not stored")
    ] = False,
    reason: Annotated[
        ShortText | None, Query(description="Of the suppression, for people; nothing that says who it is")
    ] = None,
) -> None:
    """With its events, scores, deals, tasks and all else about it. Its follow-ups end."""
    if reason is not None and not suppress:
        raise BadParameter("reason", '"reason" is that of a suppression: add suppress=true, or leave it out')
    app.contacts.erase(key, when, suppress=(reason or REASON) if suppress else None, who=by)


@router.post("/{key}/merge", openapi_extra=takes(MergeIn), responses=SUPPRESSED, summary="Merge a contact")
@needs("operate")
def merge_contact(key: RecordKey, body: Body, app: App, by: By, when: When, response: Response) -> Contact:
    """Everything of it becomes the other's, which is returned; the key stays as an alias.

    The other's own fields win; what it lacks, and all tags and opt-outs, are taken over.
    """
    return tagged(response, app.contacts.merge(key, body, when, who=by))


add_score_routes(router, "contact")
