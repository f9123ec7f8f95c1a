"""Contacts, deals and changes of scores as files."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import StreamingResponse

from api.exporting import STREAMED, ExportFormat, streamed
from api.parameters import Text
from api.records.list_query import ListQuery
from api.state import App
from runtime.permissions import needs
from services.names import ShortText
from services.records.lists import RecordQuery
from services.resources import BadParameter

router = APIRouter(prefix="/v1/exports", tags=["Exports"])

_List = Annotated[
    ShortText | None, Query(alias="list", description="Key of a smart list, instead of filters")
]
_Since = Annotated[str | None, Query(description="From this time on: 2026-06-30, -7d")]


@router.get("/contacts", summary="Export contacts", **STREAMED)
@needs("read")
def export_contacts(
    query: Annotated[RecordQuery, Depends(ListQuery("contact", paged=False))],
    app: App,
    file_format: ExportFormat,
    smart_list: _List = None,
) -> StreamingResponse:
    """All that the filters or the smart list have, the oldest first. `POST /v1/contacts` takes the lines of NDJSON.

    In CSV a text that a spreadsheet would take for a formula has a `'` in front, which imports take away again.
    """
    return streamed(app.exports.records(query, file_format, smart_list))


@router.get("/deals", summary="Export deals", **STREAMED)
@needs("read")
def export_deals(
    query: Annotated[RecordQuery, Depends(ListQuery("deal", paged=False))],
    app: App,
    file_format: ExportFormat,
    smart_list: _List = None,
) -> StreamingResponse:
    """The same of deals."""
    return streamed(app.exports.records(query, file_format, smart_list))


@router.get("/changes", summary="Export changes of scores", **STREAMED)
@needs("read")
def export_changes(
    app: App,
    file_format: ExportFormat,
    profile: Text = None,
    contact: Text = None,
    deal: Text = None,
    since: _Since = None,
) -> StreamingResponse:
    """Every recorded change, record by record, with what caused it."""
    try:
        moment = 0 if since is None else app.scores.moment(since)
    except ValueError as error:
        raise BadParameter("since", str(error)) from None
    return streamed(
        app.exports.changes(file_format, profile=profile, contact=contact, deal=deal, since=moment)
    )
