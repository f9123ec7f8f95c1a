"""Looking ahead and back: previews, backtests, and why somebody was or was not enrolled."""

from fastapi import APIRouter, Response

from api.bodies import Body, OptionalBody, takes
from api.parameters import DEFAULT_LIMIT, EventId, Key, Limit, Text
from api.state import App
from services.foresight.answers import BacktestResult, EventPoints, Explanation, Preview
from services.foresight.backtest import BacktestRequest
from services.foresight.rehearsal.answers import Rehearsal
from services.foresight.rehearsal.request import RehearseRequest

router = APIRouter(prefix="/v1")


@router.get(
    "/profiles/{key}/preview",
    tags=["Score profiles"],
    response_model_exclude_unset=True,
    responses={202: {"model": Preview, "description": "It takes long; ask again for the answer"}},
    summary="Look at what publishing the draft would do",
)
def preview_profile(key: Key, app: App, response: Response) -> Preview:
    """Scores before and after, moves between bands, who moves most, and which automations `fire` would start.

    Computed as the publish would, and not written. Answers 202 with `done` of `total` where it takes long.
    """
    preview = app.previews.ask(key)
    response.status_code = 200 if preview.status == "done" else 202
    return preview


@router.post(
    "/automations/{key}/backtest",
    tags=["Automations"],
    openapi_extra=takes(BacktestRequest, required=False),
    summary="Run an automation's trigger over the past",
)
def backtest(key: Key, body: OptionalBody, app: App) -> BacktestResult:
    """Who would have entered in the last days, when and how often, beside who was enrolled. Writes nothing.

    Fields of records and scores of other profiles are read as they are now; a follow-up is taken to last as long as
    its waits.
    """
    return app.backtest.run(key, body)


@router.post(
    "/automations/{key}/rehearse",
    tags=["Automations"],
    response_model_exclude_unset=True,
    openapi_extra=takes(RehearseRequest),
    summary="Rehearse an automation's steps for one record",
)
def rehearse(key: Key, body: Body, app: App) -> Rehearsal:
    """Every step in order, with what it would do and when, up to the end of the follow-up. Writes and sends nothing.

    Of what is published, of the `draft`, or of a `document` that is sent along. Templates are filled in, branches
    decided unless `take` chooses, and time passes at waits. Messages go to `send_to` alone, marked as a test, if it is
    given.
    """
    return app.rehearsals.rehearse(key, body)


@router.get(
    "/automations/{key}/why",
    tags=["Automations"],
    response_model_exclude_unset=True,
    summary="Why an automation did or did not enroll a record",
)
def explain_automation(
    key: Key, app: App, contact: Text = None, deal: Text = None, limit: Limit = DEFAULT_LIMIT
) -> Explanation:
    """For each recent change of the score, or event: enrolled, skipped and why, or which filter did not hold.

    Fields of the record are read as they are now.
    """
    return app.why.explain(key, contact=contact, deal=deal, limit=limit)


@router.get(
    "/events/{event_id:path}/points", tags=["Events"], summary="Why an event gave the points that it gave"
)
def explain_event(event_id: EventId, app: App) -> EventPoints:
    """For every published profile, rule by rule: the points, or what did not hold, or which limit was reached.

    Fields of the record are read as they are now.
    """
    return app.points.of_event(event_id)
