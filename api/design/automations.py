"""Automations and recipients."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.bodies import Body, OptionalBody, read_options, takes
from api.conditional import When, read, tagged
from api.design.profiles import RollbackIn
from api.parameters import DEFAULT_LIMIT, Cursor, Key, Limit, Version
from api.state import App, By
from automations.model import Automation, Recipient
from conditions.definition import Definition
from conditions.problems import Problem
from runtime.permissions import needs
from runtime.principals import Principal
from services.answers import Page
from services.design import answers
from services.design.answers import Comparison
from services.design.authorship import Authorship
from services.follow_ups.enrollment import EnrollRequest
from services.resources import Invalid

router = APIRouter(prefix="/v1", tags=["Automations"])


class EnrollingToo(Definition):
    """What publishing and resuming do besides."""

    enroll: EnrollRequest | None = None


class PublishAutomation(Authorship, EnrollingToo):
    """Who publishes and why, and what publishing does besides."""


class PauseIn(Definition):
    """What pausing does besides. `running`: follow-ups that run pause too."""

    running: bool = False


class ResumeIn(EnrollingToo):
    """What resuming does besides. `running`: follow-ups that are paused go on too."""

    running: bool = False


def _could_enroll(app: App, key: str, wanted: EnrollRequest | None, *, draft: bool) -> None:
    """Raise what enrolling would, before anything is changed."""
    if wanted is None:
        return
    if wanted.dry_run or wanted.draft:
        message = f"nothing was changed; to count first, POST /v1/automations/{key}/enroll with dry_run"
        raise Invalid([Problem(("enroll", "dry_run" if wanted.dry_run else "draft"), message)])
    counted = {**wanted.model_dump(exclude_unset=True), "dry_run": True, "draft": draft}
    try:
        app.enroll_by_hand.enroll(key, counted)
    except Invalid as error:
        raise Invalid(
            Problem(("enroll", *problem.loc), problem.message) for problem in error.problems
        ) from None


def _and_enroll(
    app: App, key: str, shown: answers.Automation, wanted: EnrollRequest | None, by: Principal
) -> answers.Automation:
    if wanted is not None:
        shown.enrolled = app.enroll_by_hand.enroll(key, wanted.model_dump(exclude_unset=True), who=by)
    return shown


@router.get(
    "/automations",
    response_model_exclude_unset=True,
    summary="List automations",
)
@needs("read")
def list_automations(
    app: App, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[answers.Automation]:
    """By key."""
    return app.automations.find(cursor=cursor, limit=limit)


@router.put(
    "/automations/{key}",
    response_model_exclude_unset=True,
    openapi_extra=takes(Automation),
    responses={201: {"model": answers.Automation}},
    summary="Save an automation's draft",
)
@needs("design")
def put_automation(
    key: Key, body: Body, app: App, by: By, when: When, response: Response
) -> answers.Automation:
    """The content of its YAML document. `warnings` tell what is not wrong but may not be meant."""
    automation, created = app.automations.save(key, body, when, who=by)
    response.status_code = 201 if created else 200
    return tagged(response, automation)


@router.get(
    "/automations/{key}",
    response_model_exclude_unset=True,
    summary="Read an automation",
)
@needs("read")
def get_automation(key: Key, app: App, when: When, response: Response) -> answers.Automation:
    """The draft, and how the automation stands."""
    return read(response, app.automations.get(key), when)


@router.delete("/automations/{key}", status_code=204, summary="Archive an automation")
@needs("design")
def delete_automation(key: Key, app: App, by: By, when: When) -> None:
    """It enrolls nobody from then on; what runs, runs on."""
    app.automations.archive(key, when, who=by)


@router.post(
    "/automations/{key}/publish",
    response_model_exclude_unset=True,
    openapi_extra=takes(PublishAutomation, required=False),
    summary="Publish the draft",
)
@needs("design")
def publish_automation(
    key: Key, body: OptionalBody, app: App, by: By, when: When, response: Response
) -> answers.Automation:
    """Makes an immutable version and switches to it; `difference` is that from the one before. Unchanged, none is made.

    Follow-ups that run keep theirs. With `If-Match` only the draft that was read is published. `enroll` then enrolls
    those who match now; count them first with a `dry_run`.
    """
    given = read_options(PublishAutomation, body)
    if given.enroll is not None:
        by.require("edit")
    _could_enroll(app, key, given.enroll, draft=True)
    shown = app.automations.publish(key, when, by=given, who=by)
    return tagged(response, _and_enroll(app, key, shown, given.enroll, by))


@router.post(
    "/automations/{key}/pause",
    response_model_exclude_unset=True,
    openapi_extra=takes(PauseIn, required=False),
    summary="Stop enrolling",
)
@needs("operate")
def pause_automation(
    key: Key, body: OptionalBody, app: App, by: By, when: When, response: Response
) -> answers.Automation:
    """Matches are recorded as skipped. What runs, runs on, unless `running` says that it pauses too."""
    running = read_options(PauseIn, body).running
    return tagged(response, app.automations.pause(key, when, paused=True, running=running, who=by))


@router.post(
    "/automations/{key}/resume",
    response_model_exclude_unset=True,
    openapi_extra=takes(ResumeIn, required=False),
    summary="Enroll again",
)
@needs("operate")
def resume_automation(
    key: Key, body: OptionalBody, app: App, by: By, when: When, response: Response
) -> answers.Automation:
    """Changes made while it was paused do not enroll later; `enroll` enrolls those who match now.

    `running`: follow-ups that are paused go on too.
    """
    wanted = read_options(ResumeIn, body)
    if wanted.enroll is not None:
        by.require("edit")
    _could_enroll(app, key, wanted.enroll, draft=False)
    shown = app.automations.pause(key, when, paused=False, running=wanted.running, who=by)
    return tagged(response, _and_enroll(app, key, shown, wanted.enroll, by))


@router.post(
    "/automations/{key}/rollback",
    response_model_exclude_unset=True,
    openapi_extra=takes(RollbackIn),
    summary="Publish an earlier version anew",
)
@needs("design")
def rollback_automation(
    key: Key, body: Body, app: App, by: By, when: When, response: Response
) -> answers.Automation:
    """It becomes the draft too. A paused automation stays paused."""
    return tagged(response, app.automations.rollback(key, body, when, who=by))


@router.get("/automations/{key}/versions", summary="List an automation's versions")
@needs("read")
def list_automation_versions(key: Key, app: App) -> Page[answers.Version]:
    """The newest first."""
    return app.automations.versions(key)


@router.get(
    "/automations/{key}/compare",
    summary="Compare two versions of an automation",
)
@needs("read")
def compare_automation_versions(
    key: Key,
    app: App,
    from_: Annotated[Version, Query(alias="from")] = None,
    to: Version = None,
) -> Comparison:
    """A diff of YAML; by default from what is published to the draft."""
    return app.automations.compare(key, from_, to)


@router.put(
    "/recipients/{key}",
    openapi_extra=takes(Recipient),
    tags=["Recipients"],
    summary="Create or replace a recipient",
)
@needs("design")
def put_recipient(
    key: Key, body: Body, app: App, by: By, when: When, response: Response
) -> answers.Recipient:
    """Addresses such as `mailto:sales@example.com`; without any, notifications are only recorded."""
    return tagged(response, app.automations.save_recipient(key, body, when, who=by))


@router.get("/recipients/{key}", tags=["Recipients"], summary="Read a recipient")
@needs("read")
def get_recipient(key: Key, app: App, when: When, response: Response) -> answers.Recipient:
    """A recipient with its channels."""
    return read(response, app.automations.recipient(key), when)


@router.get("/recipients", tags=["Recipients"], summary="List recipients")
@needs("read")
def list_recipients(app: App) -> Page[answers.Recipient]:
    """By key."""
    return app.automations.recipients()
