"""How the process and the installation are doing."""

import structlog
from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from api.problems import AGAIN_SOON, problem
from api.state import App, Counted
from runtime.permissions import needs
from services.operations.answers import Overview, Status
from store.database import DatabaseLocked, DatabaseUnavailable

_log = structlog.get_logger()
router = APIRouter(tags=["Operations"])


@router.get("/v1/status", summary="How the installation is doing")
@needs("read")
async def get_status(request: Request, app: App) -> Status:
    """Work that is accepted and not done, follow-ups by status, whether Temporal answers, who works."""
    up = await request.app.state.temporal_up()
    return await run_in_threadpool(app.status.read, temporal_up=up)


@router.get("/v1/overview", summary="What needs a person, and what comes by itself")
@needs("read")
async def get_overview(request: Request, app: App) -> Overview:
    """Failed follow-ups, events set aside, overdue tasks and the like; and the next 24 hours by the hour."""
    up = await request.app.state.temporal_up()

    def read() -> Overview:
        status = app.status.read(temporal_up=up)
        return Overview(needs=app.attention.needs(status), day=app.attention.day())

    return await run_in_threadpool(read)


@router.get("/healthz", summary="Whether the process is alive")
@needs("anybody")
async def healthz() -> Response:
    """Always 200."""
    return JSONResponse({"status": "ok"})


@router.get("/readyz", summary="Whether events can be taken")
@needs("anybody")
def readyz(app: App) -> Response:
    """503 while the database cannot be reached or written to. Temporal need not be up."""
    try:
        app.status.check()
    except DatabaseLocked:
        return _unready("the database is locked by another program, such as a backup or a shell")
    except DatabaseUnavailable as error:
        _log.warning("not ready", reason=str(error))
        return _unready("the database cannot be reached or written to; the log of the API says more")
    return JSONResponse({"status": "ready"})


def _unready(reason: str) -> Response:
    return problem(503, reason, headers=AGAIN_SOON)


@router.get("/metrics", summary="Prometheus metrics", response_class=Response)
@needs("read")
def get_metrics(metrics: Counted) -> Response:
    """Events taken, request times, and pending work by shard."""
    return Response(metrics.render(), media_type=CONTENT_TYPE_LATEST)
