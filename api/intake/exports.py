"""Events as a file."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import StreamingResponse

from api.bodies import NDJSON
from api.exporting import STREAMED, streamed
from api.parameters import Text
from api.state import App
from runtime.permissions import needs

router = APIRouter(prefix="/v1/exports", tags=["Exports"])
_RESPONSES = {200: {"content": {NDJSON[0]: {"schema": {"type": "string"}}}}}


@router.get("/events", summary="Export events", **{**STREAMED, "responses": _RESPONSES})
@needs("read")
def export_events(
    app: App,
    contact: Text = None,
    deal: Text = None,
    type: Text = None,  # noqa: A002
    *,
    internal: Annotated[
        bool, Query(description="Also those that changes of records emitted, for an empty installation")
    ] = False,
) -> StreamingResponse:
    """Those that were not revoked, as NDJSON that `POST /v1/events` takes. Their properties fit no table."""
    return streamed(app.exports.events(contact=contact, deal=deal, event_type=type, internal=internal))
