"""The follow-ups of one automation: enrolling by hand, counts, giving up what waits."""

from fastapi import APIRouter

from api.bodies import Body, takes
from api.parameters import Key, Version
from api.state import App, By
from runtime.permissions import needs
from services.answers import Enrolled
from services.follow_ups.answers import Dropped, Stats
from services.follow_ups.enrollment import EnrollRequest

router = APIRouter(prefix="/v1", tags=["Automations"])


@router.post(
    "/automations/{key}/enroll",
    openapi_extra=takes(EnrollRequest),
    summary="Enroll by hand",
)
@needs("edit")
def enroll(key: Key, body: Body, app: App, by: By) -> Enrolled:
    """Records that are named, those on a smart list, or all that match now. With `dry_run` it only counts.

    Re-entry, running follow-ups, `exit_when` and the storm limit count as they do for changes of scores.
    """
    return app.enroll_by_hand.enroll(key, body, who=by)


@router.get("/automations/{key}/stats", summary="Count what an automation has done")
@needs("read")
def read_stats(key: Key, app: App, version: Version = None) -> Stats:
    """Enrollments by status, skips by reason, and how many went which way at each step."""
    return app.statistics.read(key, version)


@router.post("/automations/{key}/drop-queued", summary="Give up what waits for its start")
@needs("operate")
def drop_queued(key: Key, app: App, by: By) -> Dropped:
    """What the storm limit, or `kindling hold`, keeps waiting does not start any more; it is recorded as skipped."""
    return Dropped(dropped=app.automations.drop_queued(key, who=by))
