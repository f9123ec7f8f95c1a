"""Many contacts in one call."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.exceptions import HTTPException

from api.bodies import NDJSON, check_json_type, decode_json, media_type, read_events_body
from api.line_stream import LineStream
from api.state import App
from conditions.limits import LISTED
from conditions.problems import Problem
from services.answers import field_problems
from services.records.answers import ContactChange, ContactsWritten, RejectedContact
from services.records.contacts import ContactPatchIn
from services.records.contacts_in_bulk import MOST_AT_ONCE, ContactsInBulk, Mode, Written
from services.resources import Invalid

router = APIRouter(prefix="/v1/contacts", tags=["Contacts"])

_PATCH = ContactPatchIn.model_json_schema(ref_template="#/components/schemas/{model}")
_ITEM = {
    **{name: value for name, value in _PATCH.items() if name != "$defs"},
    "title": "ContactInBulk",
    "properties": {
        "key": {"type": "string", "description": "Its key; without one it is found by its `email`"},
        "mode": {"enum": ["merge", "put", "add_tags"], "description": "Of this one alone"},
        **_PATCH["properties"],
    },
}
_TAKES = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"type": "array", "items": _ITEM, "maxItems": MOST_AT_ONCE}},
            "application/x-ndjson": {"schema": {"type": "string", "description": "One contact per line"}},
        },
    }
}
_MODE = Query(
    description="How each is written that does not say so itself: `merge` creates it or sets what is given, merges "
    "`fields` and adds tags; `put` replaces all but `dnd`; `add_tags` adds tags to one that is there"
)


@router.post("", openapi_extra=_TAKES, summary="Write many contacts")
async def post_contacts(
    request: Request,
    app: App,
    *,
    mode: Annotated[Mode, _MODE] = "merge",
    dry_run: Annotated[bool, Query(description="Count, and show the first changes; write nothing")] = False,
) -> ContactsWritten:
    """An array of up to 2,500, or any number as NDJSON. Good ones are written whatever the others are like.

    One without a `key` is the contact that has its `email`, as field or as key, or a new one with the address as its
    key. Every change emits its events, as with PUT and PATCH.
    """
    writing = _Writing(app.contacts_in_bulk, mode, dry_run=dry_run)
    if media_type(request) in NDJSON:
        lines = LineStream(writing.take, writing.reject)
        async for chunk in request.stream():
            await lines.feed(chunk)
        await lines.end()
        return writing.told()
    check_json_type(request, NDJSON[0])
    items = decode_json(await read_events_body(request))
    if not isinstance(items, list):
        raise Invalid([Problem((), "send an array of contacts; PUT /v1/contacts/{key} takes a single one")])
    if len(items) > MOST_AT_ONCE:
        raise HTTPException(
            413,
            f"the array has {len(items):,} contacts; up to {MOST_AT_ONCE:,} are taken at once. Send several arrays, or "
            "one contact per line as application/x-ndjson, which has no limit",
        )
    await asyncio.to_thread(writing.take, list(range(len(items))), items)
    return writing.told()


class _Writing:
    """What one call has written so far."""

    def __init__(self, bulk: ContactsInBulk, mode: Mode, *, dry_run: bool) -> None:
        self._bulk = bulk
        self._mode: Mode = mode
        self._total = Written()
        self._rejected: list[RejectedContact] = []
        self._listed = 0
        self._rejected_count = 0
        self._dry_run = dry_run

    def take(self, places: list[int], items: list[Any]) -> None:
        written = self._bulk.write(items, mode=self._mode, dry_run=self._dry_run)
        self._total.add(written)
        for place, problems in written.rejected:
            self.reject(places[place], problems)

    def reject(self, place: int, problems: list[Problem]) -> None:
        self._rejected_count += 1
        listed = problems[: LISTED.most - self._listed]
        self._listed += len(listed)
        if listed:
            self._rejected.append(RejectedContact(index=place, errors=field_problems(listed)))

    def told(self) -> ContactsWritten:
        total = self._total
        return ContactsWritten(
            dry_run=self._dry_run,
            created=total.created,
            changed=total.changed,
            unchanged=total.unchanged,
            suppressed=total.suppressed,
            rejected=sorted(self._rejected, key=lambda rejected: rejected.index),
            rejected_count=self._rejected_count,
            changes=[
                ContactChange(contact=change.key, created=change.created, fields=dict(change.fields))
                for change in total.changes
                if self._dry_run
            ],
        )
