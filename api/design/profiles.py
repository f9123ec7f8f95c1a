"""Score profiles."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from api.bodies import Body, OptionalBody, read_options, takes
from api.conditional import When, read, tagged
from api.parameters import DEFAULT_LIMIT, Cursor, Key, Limit, Triggers, Version
from api.state import App, By
from runtime.permissions import needs
from scoring.profile import ScoreProfile
from services.answers import Page
from services.design import answers
from services.design.answers import Comparison, Profile, PublishBegun
from services.design.authorship import Authorship
from services.design.documents import read_silent

router = APIRouter(prefix="/v1/profiles", tags=["Score profiles"])


class PublishProfile(Authorship):
    """`silent` (default): the changes of scores that the publish brings about enroll nobody."""

    triggers: Literal["silent", "fire"] = "silent"


class RollbackIn(Authorship):
    """The version to go back to."""

    version: int


@router.get("", summary="List score profiles", response_model_exclude_unset=True)
@needs("read")
def list_profiles(app: App, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT) -> Page[Profile]:
    """By key."""
    return app.profiles.find(cursor=cursor, limit=limit)


@router.put(
    "/{key}",
    openapi_extra=takes(ScoreProfile),
    responses={201: {"model": Profile}},
    summary="Save a score profile's draft",
    response_model_exclude_unset=True,
)
@needs("design")
def put_profile(key: Key, body: Body, app: App, by: By, when: When, response: Response) -> Profile:
    """The content of its YAML document. Name and description apply at once, the rest when it is published."""
    profile, created = app.profiles.save(key, body, when, who=by)
    response.status_code = 201 if created else 200
    return tagged(response, profile)


@router.get("/{key}", summary="Read a score profile", response_model_exclude_unset=True)
@needs("read")
def get_profile(key: Key, app: App, when: When, response: Response) -> Profile:
    """The draft, and how the profile stands: `publishing`: how far a publish is, null once it is done."""
    return read(response, app.profiles.get(key), when)


@router.delete("/{key}", status_code=204, summary="Archive a score profile")
@needs("design")
def delete_profile(key: Key, app: App, by: By, when: When) -> None:
    """Its scores are empty from then on. Saving a profile of the same key brings it back as a draft."""
    app.profiles.archive(key, when, who=by)


@router.post(
    "/{key}/publish",
    status_code=202,
    openapi_extra=takes(PublishProfile, required=False),
    summary="Publish the draft",
)
@needs("design")
def publish_profile(
    key: Key,
    body: OptionalBody,
    app: App,
    by: By,
    when: When,
    triggers: Annotated[str | None, Query(description="`silent` or `fire`, as in the body")] = None,
) -> PublishBegun:
    """Makes an immutable version, switches to it, and re-scores every record as a Temporal workflow.

    With `If-Match` only the draft that was read is published.
    """
    given = read_options(PublishProfile, body)
    silent = read_silent(triggers, default=given.triggers == "silent")
    publish = app.profiles.publish(key, when, silent=silent, by=given, who=by)
    return PublishBegun(version=publish.version, workflow_id=publish.workflow_id)


@router.post("/{key}/unpublish", summary="Unpublish a score profile", response_model_exclude_unset=True)
@needs("design")
def unpublish_profile(key: Key, app: App, by: By, when: When, response: Response) -> Profile:
    """Its scores become empty, silently."""
    return tagged(response, app.profiles.unpublish(key, when, who=by))


@router.post(
    "/{key}/rollback",
    status_code=202,
    openapi_extra=takes(RollbackIn),
    summary="Publish an earlier version anew",
)
@needs("design")
def rollback_profile(
    key: Key, body: Body, app: App, by: By, when: When, triggers: Triggers = None
) -> PublishBegun:
    """It becomes the draft too. Re-scores every record, silently unless `triggers` is `fire`."""
    publish = app.profiles.rollback(key, body, when, silent=read_silent(triggers, default=True), who=by)
    return PublishBegun(version=publish.version, workflow_id=publish.workflow_id)


@router.get("/{key}/compare", summary="Compare two versions of a score profile")
@needs("read")
def compare_profile_versions(
    key: Key,
    app: App,
    from_: Annotated[Version, Query(alias="from")] = None,
    to: Version = None,
) -> Comparison:
    """A diff of YAML; by default from what is published to the draft."""
    return app.profiles.compare(key, from_, to)


@router.get("/{key}/versions", summary="List a score profile's versions")
@needs("read")
def list_profile_versions(key: Key, app: App) -> Page[answers.Version]:
    """The newest first."""
    return app.profiles.versions(key)
