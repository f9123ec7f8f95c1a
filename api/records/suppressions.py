"""Those who were erased for good."""

from fastapi import APIRouter

from api.bodies import Body, takes
from api.parameters import DEFAULT_LIMIT, Cursor, Id, Limit
from api.state import App, By
from runtime.permissions import needs
from services.answers import Page
from services.records.answers import Suppressed
from services.records.suppressions import SuppressIn

router = APIRouter(prefix="/v1/suppressions", tags=["Suppressions"])


@router.get("", summary="List those who were erased for good")
@needs("read")
def list_suppressions(app: App, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT) -> Page[Suppressed]:
    """The newest first. Keys and addresses are kept as keyed hashes only, so that nothing says who it was."""
    return app.suppressions.find(cursor=cursor, limit=limit)


@router.post(
    "", status_code=201, openapi_extra=takes(SuppressIn), summary="Suppress somebody who is not here"
)
@needs("operate")
def add_suppression(body: Body, app: App, by: By) -> Suppressed:
    """A contact that is here is erased for good with DELETE instead."""
    return app.suppressions.add(body, who=by)


@router.delete("/{suppression_id}", status_code=204, summary="Lift a suppression")
@needs("operate")
def lift_suppression(suppression_id: Id, app: App, by: By) -> None:
    """What is sent from then on is stored again; what came meanwhile is not there."""
    app.suppressions.lift(suppression_id, who=by)
