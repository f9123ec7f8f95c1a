"""The first page: what needs a person, who is hot, and what the next day brings."""

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from automations.list_filters import FILTERS
from console.pages import Desk, Here
from console.records.reading import bands_of, published
from runtime.permissions import needs
from services.operations.answers import Status
from services.records.answers import ListedContact
from services.records.lists import RecordQuery

router = APIRouter()
#: How many of the hottest are shown, and how many follow-ups that began last.
_HOTTEST, _LATEST = 6, 8


@router.get("/")
@needs("read")
async def show(request: Request, desk: Here) -> Response:
    """The overview."""
    up = await request.app.state.temporal_up()
    return await run_in_threadpool(_page, desk, temporal_up=up)


def _page(desk: Desk, *, temporal_up: bool) -> Response:
    application = desk.application
    status: Status = application.status.read(temporal_up=temporal_up)
    profiles = published(desk, "contact")
    profile = profiles[0] if profiles else None
    hottest: list[ListedContact] = []
    if profile is not None:
        query = RecordQuery(
            "contact", FILTERS["contact"](), profile=profile.key, sort="-score", limit=_HOTTEST
        )
        hottest = [one for one in application.record_lists.contacts(query).items if one.score is not None]
    return desk.page(
        "operations/overview.html",
        standing=status,
        needs=application.attention.needs(status),
        day=application.attention.day(),
        profile=profile,
        bands=bands_of(profile),
        hottest=hottest,
        trends=application.curves.of(profile.key, {one.id: one.key for one in hottest}) if profile else {},
        rising=application.attention.rising(profile.key) if profile is not None else [],
        latest=application.follow_ups.enrollments(cursor=None, limit=_LATEST).items,
        empty=not hottest and not application.automations.keys(),
    )
