"""Tasks and enrollments as files."""

from typing import get_args

from fastapi import APIRouter
from starlette.responses import StreamingResponse

from api.exporting import STREAMED, ExportFormat, streamed
from api.follow_ups.statuses import check_status
from api.parameters import Text
from api.state import App
from runtime.permissions import needs
from runtime.statuses import TaskStatus
from services.follow_ups.listing import STATUSES

router = APIRouter(prefix="/v1/exports", tags=["Exports"])


@router.get("/tasks", summary="Export tasks", **STREAMED)
@needs("read")
def export_tasks(
    app: App,
    file_format: ExportFormat,
    contact: Text = None,
    deal: Text = None,
    status: Text = None,
    assign_to: Text = None,
) -> StreamingResponse:
    """All that the filters have, the newest first."""
    check_status(status, get_args(TaskStatus))
    return streamed(
        app.exports.tasks(file_format, contact=contact, deal=deal, status=status, assign_to=assign_to)
    )


@router.get("/enrollments", summary="Export enrollments", **STREAMED)
@needs("read")
def export_enrollments(
    app: App,
    file_format: ExportFormat,
    contact: Text = None,
    deal: Text = None,
    automation: Text = None,
    status: Text = None,
) -> StreamingResponse:
    """All that the filters have, the newest first."""
    check_status(status, STATUSES)
    return streamed(
        app.exports.enrollments(file_format, contact=contact, deal=deal, automation=automation, status=status)
    )
