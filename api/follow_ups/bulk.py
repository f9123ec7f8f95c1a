"""Bulk jobs."""

from fastapi import APIRouter

from api.bodies import Body, takes
from api.parameters import DEFAULT_LIMIT, Cursor, Id, Limit
from api.state import App, By
from runtime.permissions import needs
from services.answers import Page
from services.follow_ups.answers import BulkCount, BulkJob
from services.follow_ups.bulk_requests import BulkIn

router = APIRouter(prefix="/v1/bulk", tags=["Many at once"])


@router.post("", status_code=202, openapi_extra=takes(BulkIn), summary="Do something to many")
@needs("edit")
def start_bulk(body: Body, app: App, by: By) -> BulkJob | BulkCount:
    """To contacts, deals or tasks: those of a smart list or a filter, as they are now. With `dry_run` they are counted.

    A worker does it within moments, slice by slice, as each single call would: events and scores follow, and nobody
    gets it twice, whatever crashes.
    """
    return app.bulk.start(body, who=by)


@router.get("", summary="List bulk jobs")
@needs("read")
def list_bulk(app: App, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT) -> Page[BulkJob]:
    """The newest first."""
    return app.bulk.find(cursor=cursor, limit=limit)


@router.get("/{job_id}", summary="Read a bulk job")
@needs("read")
def get_bulk(job_id: Id, app: App) -> BulkJob:
    """How far it is, and what has become of them."""
    return app.bulk.get(job_id)


@router.post("/{job_id}/stop", summary="Stop a bulk job")
@needs("edit")
def stop_bulk(job_id: Id, app: App, by: By) -> BulkJob:
    """No further slice begins. What is done stays."""
    return app.bulk.stop(job_id, who=by)
