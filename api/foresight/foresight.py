"""Looking ahead and back: previews, backtests, and why somebody was or was not enrolled."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.bodies import Body, OptionalBody, takes
from api.parameters import DEFAULT_LIMIT, AsPublished, At, Cursor, EventId, Key, Limit, Text
from api.state import App
from runtime.permissions import needs
from services.answers import Page
from services.foresight.answers import (
    BacktestResult,
    EventPoints,
    Explanation,
    Move,
    Preview,
    ScoreAt,
    Trend,
)
from services.foresight.backtest import BacktestRequest
from services.foresight.curves import TrendsQuery
from services.foresight.moves import MovesQuery
from services.foresight.rehearsal.answers import Rehearsal
from services.foresight.rehearsal.request import RehearseRequest
from services.foresight.scores_at import ScoresAtQuery
from services.names import ShortText

router = APIRouter(prefix="/v1")

Profile = Annotated[ShortText, Query(description="Whose scores")]
Within = Annotated[
    ShortText, Query(description="How far to look ahead: a duration such as `12h`, `7d` or `4w`")
]
OfList = Annotated[ShortText | None, Query(description="Only those that this smart list has now")]
Going = Annotated[
    ShortText | None, Query(description="`down` or `up`: how the score at the end is beside the present one")
]


@router.get(
    "/profiles/{key}/preview",
    tags=["Score profiles"],
    response_model_exclude_unset=True,
    responses={202: {"model": Preview, "description": "It takes long; ask again for the answer"}},
    summary="Look at what publishing the draft would do",
)
@needs("read")
def preview_profile(key: Key, app: App, response: Response) -> Preview:
    """Scores before and after, moves between bands, who moves most, and which automations `fire` would start.

    Computed as the publish would, and not written. Answers 202 with `done` of `total` where it takes long.
    """
    preview = app.previews.ask(key)
    response.status_code = 200 if preview.status == "done" else 202
    return preview


@router.get(
    "/forecast",
    tags=["Score profiles"],
    response_model_exclude_unset=True,
    summary="List whose scores time alone will move",
)
@needs("read")
def list_moves(
    app: App,
    profile: Profile,
    within: Within = "7d",
    direction: Going = None,
    *,
    bands: Annotated[bool, Query(description="Only where the band is another at the end")] = False,
    smart_list: Annotated[
        ShortText | None, Query(description="Only those that this smart list has now")
    ] = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[Move]:
    """Who cools and who warms if nothing happens, from which band to which, and when; the first to move come first.

    A page may have few moves, or none, and yet a `next`.
    """
    return app.coming_moves.find(
        MovesQuery(
            profile=profile,
            within=within,
            direction=direction,
            bands=bands,
            smart_list=smart_list,
            cursor=cursor,
            limit=limit,
        )
    )


@router.get(
    "/scores",
    tags=["Score profiles"],
    response_model_exclude_unset=True,
    summary="List scores at another time",
)
@needs("read")
def list_scores_at(
    app: App,
    profile: Profile,
    at: At = "now",
    *,
    as_published: AsPublished = False,
    smart_list: OfList = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[ScoreAt]:
    """Of the records that a smart list has now, in its order, or of all that the profile scores, by age."""
    time = app.scores.named_time(at or "now", as_published=as_published)
    return app.scores_at.find(ScoresAtQuery(profile, time, smart_list, cursor, limit))


@router.get(
    "/trends",
    tags=["Score profiles"],
    response_model_exclude_unset=True,
    summary="List how scores have gone of late",
)
@needs("read")
def list_trends(
    app: App,
    profile: Profile,
    within: Annotated[ShortText, Query(description="How far to look back, such as `90d`")] = "90d",
    smart_list: OfList = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[Trend]:
    """A few scores at even distances up to now, by the rules and fields of today, and when each leaves its band.

    Of the records that a smart list has now, in its order, or of all that the profile scores, by age.
    """
    return app.curves.trends(TrendsQuery(profile, within, smart_list, cursor, limit))


@router.post(
    "/automations/{key}/backtest",
    tags=["Automations"],
    openapi_extra=takes(BacktestRequest, required=False),
    summary="Run an automation's trigger over the past",
)
@needs("design")
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
@needs("design")
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
@needs("read")
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
@needs("read")
def explain_event(event_id: EventId, app: App) -> EventPoints:
    """For every published profile, rule by rule: the points, or what did not hold, or which limit was reached.

    Fields of the record are read as they are now.
    """
    return app.points.of_event(event_id)
