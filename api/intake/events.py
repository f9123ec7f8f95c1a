"""Events in and out."""

import asyncio

from fastapi import APIRouter, Request
from starlette.responses import Response
from uuid_utils import uuid7

from api.bodies import NDJSON, check_json_type, decode_json, media_type, read_events_body
from api.intake.event_stream import EventStream, conflicting
from api.parameters import DEFAULT_LIMIT, Cursor, EventId, Key, Limit, Text, Triggers
from api.problems import invalid, problem
from api.rejections import Rejections
from api.state import App, By, Counted
from runtime.permissions import needs
from services.answers import Page
from services.design.documents import read_silent
from services.intake.answers import Accepted, Event, EventTypes, Imports, Revoked
from services.intake.events import MOST_AT_ONCE, EventIn

router = APIRouter(prefix="/v1", tags=["Events"])
#: Included after the routes with more behind an event's id, since that may hold a `/`.
by_id = APIRouter(prefix="/v1", tags=["Events"])

_EVENT = EventIn.model_json_schema(ref_template="#/components/schemas/{model}")
_TAKES = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"oneOf": [_EVENT, {"type": "array", "items": _EVENT, "maxItems": MOST_AT_ONCE}]}
            },
            "application/x-ndjson": {"schema": {"type": "string", "description": "One event per line"}},
        },
    }
}


@router.post(
    "/events",
    status_code=202,
    responses={202: {"model": Accepted}},
    response_class=Response,
    openapi_extra=_TAKES,
    summary="Send events",
)
@needs("ingest")
async def post_events(request: Request, app: App, metrics: Counted, triggers: Triggers = None) -> Response:
    """One event, an array of up to 2,500, or any number as NDJSON. Answered after the durable write.

    An event whose `id` is known is a duplicate and changes nothing. An unknown contact is created. Events of those who
    were erased with `suppress` are counted as `suppressed` and not stored.
    """
    silent = read_silent(triggers, default=False)
    if media_type(request) in NDJSON:
        stream = EventStream(app.events, silent=silent)
        async for chunk in request.stream():
            await stream.feed(chunk)
        return _told(await stream.end(), metrics)
    check_json_type(request, NDJSON[0])
    body = await read_events_body(request)
    return await asyncio.to_thread(_take, app, metrics, body, silent)


def _take(app: App, metrics: Counted, body: bytes, silent: bool) -> Response:  # noqa: FBT001
    """Decode and store, away from the event loop."""
    decoded = decode_json(body)
    request = str(uuid7())
    if isinstance(decoded, list):
        if len(decoded) > MOST_AT_ONCE:
            return problem(
                413,
                f"the array has {len(decoded):,} events; up to {MOST_AT_ONCE:,} are taken at once. Send several "
                "arrays, or one event per line as application/x-ndjson, which has no limit",
            )
        taken = app.events.take(decoded, silent=silent, request=request)
    else:
        taken = app.events.take([decoded], silent=silent, request=request)
        if taken.rejected:
            metrics.events.labels("rejected").inc()
            return invalid(taken.rejected[0][1])
    rejections = Rejections(taken.rejected)
    accepted = Accepted(
        accepted=taken.accepted,
        duplicates=taken.duplicates,
        conflicts=conflicting(taken.conflicts),
        rejected=rejections.listed(),
        ids=taken.ids,
        request=request,
    )
    if taken.suppressed:
        accepted.suppressed = taken.suppressed
    if len(accepted.conflicts) < len(taken.conflicts):
        accepted.conflicts_count = len(taken.conflicts)
    if len(accepted.rejected) < len(taken.rejected):
        accepted.rejected_count = len(taken.rejected)
    return _told(accepted, metrics)


def _told(accepted: Accepted, metrics: Counted) -> Response:
    """The answer, counted; it goes out as it is, not checked once more."""
    conflicts, rejected = accepted.conflicts_count, accepted.rejected_count
    for result, count in (
        ("accepted", accepted.accepted),
        ("duplicate", accepted.duplicates),
        ("suppressed", accepted.suppressed or 0),
        ("conflict", len(accepted.conflicts) if conflicts is None else conflicts),
        ("rejected", len(accepted.rejected) if rejected is None else rejected),
    ):
        if count:
            metrics.events.labels(result).inc(count)
    return Response(accepted.model_dump_json(exclude_unset=True), 202, media_type="application/json")


@router.get("/events", summary="List events")
@needs("read")
def list_events(
    app: App,
    contact: Text = None,
    deal: Text = None,
    type: Text = None,  # noqa: A002
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[Event]:
    """The newest first; of one contact, one deal, one type, or all."""
    return app.event_history.events(contact=contact, deal=deal, event_type=type, cursor=cursor, limit=limit)


@by_id.get("/events/{event_id:path}", summary="Read an event")
@needs("read")
def get_event(event_id: EventId, app: App) -> Event:
    """As it is stored, with its `status`; those of our own have a `/` in their id."""
    return app.event_history.event(event_id)


@router.delete("/events/{event_id:path}", status_code=202, summary="Revoke an event")
@needs("operate")
def revoke_event(event_id: EventId, app: App, by: By, triggers: Triggers = None) -> Event:
    """It stops counting, and its id stays known: sent again, it is a duplicate. Revoking it again changes nothing."""
    return app.revocations.revoke(event_id, silent=read_silent(triggers, default=False), who=by)


@router.get("/imports", summary="List imports")
@needs("read")
def list_imports(app: App, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT) -> Imports:
    """By name, with how many events each brought."""
    return app.revocations.imports(cursor=cursor, limit=limit)


@router.delete("/imports/{name}", status_code=202, summary="Revoke all events of an import")
@needs("operate")
def revoke_import(name: Key, app: App, by: By, triggers: Triggers = None) -> Revoked:
    """They stop counting; their ids stay known. When it was interrupted, calling again does the rest."""
    silent = read_silent(triggers, default=False)
    return Revoked(revoked=app.revocations.revoke_import(name, silent=silent, who=by))


@router.get("/event-types", summary="List the event types ever seen")
@needs("read")
def list_event_types(app: App, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT) -> EventTypes:
    """By name, with those that changes of contacts emit."""
    return app.event_history.event_types(cursor=cursor, limit=limit)


@router.get("/quarantine", summary="List events that scoring set aside")
@needs("read")
def list_quarantine(app: App, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT) -> Page[Event]:
    """Each with the `error` that scoring it met. They count for nothing until they are queued again."""
    return app.quarantine.events(cursor=cursor, limit=limit)


@router.post(
    "/quarantine/{event_id:path}/retry",
    status_code=202,
    summary="Queue a quarantined event again",
)
@needs("operate")
def retry_event(event_id: EventId, app: App, by: By) -> Event:
    """After what made scoring it fail has been mended."""
    return app.quarantine.retry(event_id, who=by)
