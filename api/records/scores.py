"""Scores, adjustments and timeline of a record: the same calls for contacts and deals."""

from fastapi import APIRouter

from api.bodies import Body, takes
from api.parameters import DEFAULT_LIMIT, AsPublished, At, Cursor, Key, Limit, RecordKey, Text, Triggers
from api.state import App, By
from runtime.permissions import needs
from services.answers import Page
from services.design.documents import read_silent
from services.operations.answers import TimelineEntry
from services.records.adjustments import AdjustmentIn
from services.records.answers import Adjusted, Score, ScoreEntry, ScoreSummary
from services.records.kinds import Kind


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
