"""Scores, adjustments and timeline of a record: the same calls for contacts and deals."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.bodies import Body, takes
from api.parameters import DEFAULT_LIMIT, AsPublished, At, Cursor, Key, Limit, RecordKey, Text, Triggers
from api.state import App, By
from runtime.permissions import needs
from services.answers import Page
from services.design.documents import read_silent
from services.foresight.answers import Consequences, Curve, NearnessOf
from services.names import ShortText
from services.operations.answers import TimelineEntry
from services.records.adjustments import AdjustmentIn
from services.records.answers import Adjusted, Score, ScoreEntry, ScoreSummary
from services.records.kinds import Kind

Since = Annotated[ShortText, Query(description="Where it begins, such as `-365d` or `2026-06-30`")]
Until = Annotated[ShortText, Query(description="Where it ends, such as `%2B90d`")]


def add_score_routes(router: APIRouter, kind: Kind) -> None:
    """Add them below `/{key}`."""

    @router.get(
        "/{key}/timeline",
        response_model_exclude_unset=True,
        summary=f"Read a {kind}'s timeline",
    )
    @needs("read")
    def get_timeline(
        key: RecordKey, app: App, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
    ) -> Page[TimelineEntry]:
        """Events, score changes, enrollments, tasks and notifications, the newest first."""
        return app.timeline.of(kind, key, cursor=cursor, limit=limit)

    @router.get("/{key}/scores", response_model_exclude_unset=True, summary=f"Read a {kind}'s scores")
    @needs("read")
    def get_scores(
        key: RecordKey, app: App, at: At = None, *, as_published: AsPublished = False
    ) -> Page[ScoreSummary]:
        """Under every published profile; a score may be null, which is not 0. Without `at`, as of the last scoring."""
        return app.scores.of_record(kind, key, app.scores.time(at, as_published=as_published))

    @router.get(
        "/{key}/scores/{profile}",
        response_model_exclude_unset=True,
        summary=f"Read one score of a {kind}",
    )
    @needs("read")
    def get_score(
        key: RecordKey,
        profile: Key,
        app: App,
        at: At = None,
        *,
        as_published: AsPublished = False,
        cursor: Cursor = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Score:
        """What it is made of, how it will go on, and its changes. Without `at`, as of the last scoring."""
        time = app.scores.time(at, as_published=as_published)
        return app.scores.one(kind, key, profile, at=time, cursor=cursor, limit=limit)

    @router.get(
        "/{key}/scores/{profile}/entries",
        response_model_exclude_unset=True,
        summary=f"List what one score of a {kind} is made of",
    )
    @needs("read")
    def list_entries(
        key: RecordKey,
        profile: Key,
        app: App,
        rule: Text = None,
        cursor: Cursor = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Page[ScoreEntry]:
        """Each event and adjustment that counts, the newest first. Rules on fields and on silence have no entries."""
        return app.scores.entries(kind, key, profile, rule=rule, cursor=cursor, limit=limit)

    @router.get(
        "/{key}/scores/{profile}/curve",
        response_model_exclude_unset=True,
        summary=f"Read how one score of a {kind} went and will go on",
    )
    @needs("read")
    def get_curve(
        key: RecordKey, profile: Key, app: App, since: Since = "-365d", until: Until = "+90d"
    ) -> Curve:
        """Every change up to now, by the rules and fields of today, and those that time alone will make."""
        return app.curves.curve(kind, key, profile, since=since, until=until)

    @router.get(
        "/{key}/nearness",
        response_model_exclude_unset=True,
        summary=f"Read how far a {kind} is from each automation",
    )
    @needs("read")
    def get_nearness(key: RecordKey, app: App) -> NearnessOf:
        """What keeps it out of each published automation now, those first that it is nearest to."""
        return app.nearness.of(kind, key)

    @router.post(
        "/{key}/scores/{profile}/adjustments/consequences",
        response_model_exclude_unset=True,
        openapi_extra=takes(AdjustmentIn),
        summary=f"Look at what adjusting a score of a {kind} would bring about",
    )
    @needs("edit")
    def try_adjustment(key: RecordKey, profile: Key, body: Body, app: App) -> Consequences:
        """Done in a copy, scored and matched as in earnest. Nothing is written."""
        return app.consequences.of_adjustment(kind, key, profile, body)

    @router.post(
        "/{key}/scores/{profile}/adjustments",
        status_code=202,
        response_model_exclude_unset=True,
        openapi_extra=takes(AdjustmentIn),
        summary=f"Adjust a score of a {kind} by hand",
    )
    @needs("edit")
    def post_adjustment(
        key: RecordKey, profile: Key, body: Body, app: App, by: By, triggers: Triggers = None
    ) -> Adjusted:
        """Adds points, or sets the score. It survives publishing, and starts follow-ups as any change does."""
        silent = read_silent(triggers, default=False)
        return app.adjustments.add(kind, key, profile, body, silent=silent, who=by)
