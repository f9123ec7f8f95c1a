"""Many contacts or deals in one call."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Query, Request
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from uuid_utils import uuid7

from api.bodies import NDJSON, check_json_type, decode_json, media_type, read_events_body
from api.line_stream import LineStream
from api.rejections import Rejections
from conditions.problems import Problem
from runtime.beginnings import of_request
from services.records.answers import RecordsWritten, WrittenRecord
from services.records.bulk.bulk_items import Mode, Options
from services.records.bulk.in_bulk import MOST_AT_ONCE, RecordsInBulk, Written
from services.resources import Invalid

DryRun = Annotated[bool, Query(description="Count, and show the first changes; write nothing")]
Restore = Annotated[
    bool,
    Query(
        description="As an export has them: new ones were created at `created_at`, and changes emit no events. For an "
        "installation that gets the events of that time, too"
    ),
]


def takes_many(model: type[BaseModel], title: str, modes: Sequence[Mode], **texts: str) -> dict[str, Any]:
    """What the OpenAPI document says of the body: what one record takes, with its mode and further `texts`."""
    patch = model.model_json_schema(ref_template="#/components/schemas/{model}")
    item = {
        **{name: value for name, value in patch.items() if name != "$defs"},
        "title": title,
        "properties": {
            **{name: {"type": "string", "description": text} for name, text in texts.items()},
            "mode": {"enum": list(modes), "description": "Of this one alone"},
            **patch["properties"],
        },
    }
    defs = {"$defs": patch["$defs"]} if "$defs" in patch else {}
    return {
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"type": "array", "items": item, "maxItems": MOST_AT_ONCE, **defs}
                },
                "application/x-ndjson": {"schema": {"type": "string", "description": "One per line"}},
            },
        }
    }


async def write_many(request: Request, bulk: RecordsInBulk[Any], options: Options) -> RecordsWritten:
    """Write the body's records: an array, or lines as they arrive."""
    named = str(uuid7())
    writing = _Writing(bulk, options._replace(brought_by=of_request(named)), named)
    if media_type(request) in NDJSON:
        lines = LineStream(writing.take, writing.rejections.add)
        async for chunk in request.stream():
            await lines.feed(chunk)
        await lines.end()
        return writing.told()
    check_json_type(request, NDJSON[0])
    items = decode_json(await read_events_body(request))
    kind = bulk.kind
    if not isinstance(items, list):
        raise Invalid([Problem((), f"send an array of {kind}s; PUT /v1/{kind}s/{{key}} takes a single one")])
    if len(items) > MOST_AT_ONCE:
        raise HTTPException(
            413,
            f"the array has {len(items):,} {kind}s; up to {MOST_AT_ONCE:,} are taken at once. Send several arrays, or "
            f"one {kind} per line as application/x-ndjson, which has no limit",
        )
    await asyncio.to_thread(writing.take, list(range(len(items))), items)
    return writing.told()


class _Writing:
    """What one call has written so far."""

    def __init__(self, bulk: RecordsInBulk[Any], options: Options, request: str) -> None:
        self._bulk = bulk
        self._request = request
        self._options = options
        self._total = Written()
        self.rejections = Rejections()

    def take(self, places: list[int], items: list[Any]) -> None:
        written = self._bulk.write(items, self._options)
        self._total.add(written)
        for place, problems in written.rejected:
            self.rejections.add(places[place], problems)

    def told(self) -> RecordsWritten:
        total = self._total
        return RecordsWritten(
            request=self._request,
            dry_run=self._options.dry_run,
            created=total.created,
            changed=total.changed,
            unchanged=total.unchanged,
            suppressed=total.suppressed,
            rejected=self.rejections.listed(),
            rejected_count=self.rejections.count,
            changes=[
                WrittenRecord.of(self._bulk.kind, change.key, created=change.created, fields=change.fields)
                for change in total.changes
                if self._options.dry_run
            ],
        )
