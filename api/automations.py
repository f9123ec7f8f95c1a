"""Automations and recipients."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from api.bodies import Body, takes
from api.parameters import DEFAULT_LIMIT, Cursor, Key, Limit, Text, Version
from api.profiles import RollbackIn
from api.schemas import Automation as AutomationShown
from api.schemas import Comparison, Dropped, Explanation, Page
from api.schemas import Recipient as RecipientShown
from api.schemas import Version as VersionShown
from api.state import App
from automations.model import Automation, Recipient

router = APIRouter(prefix="/v1", tags=["Automations"])


@router.get(
    "/automations",
    response_model=Page[AutomationShown],
    response_model_exclude_unset=True,
    summary="List automations",
)
def list_automations(app: App, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT) -> dict[str, Any]:
    """By key."""
    return app.automations.find(cursor=cursor, limit=limit)


@router.put(
    "/automations/{key}",
    response_model=AutomationShown,
    response_model_exclude_unset=True,
    openapi_extra=takes(Automation),
    responses={201: {"model": AutomationShown}},
    summary="Save an automation's draft",
)
def put_automation(key: Key, body: Body, app: App, response: Response) -> dict[str, Any]:
    """The content of its YAML document. `warnings` tell what is not wrong but may not be meant."""
    automation, created = app.automations.save(key, body)
    response.status_code = 201 if created else 200
    return automation


@router.get(
    "/automations/{key}",
    response_model=AutomationShown,
    response_model_exclude_unset=True,
    summary="Read an automation",
)
def get_automation(key: Key, app: App) -> dict[str, Any]:
    """The draft, and how the automation stands."""
    return app.automations.get(key)


@router.delete("/automations/{key}", status_code=204, summary="Archive an automation")
def delete_automation(key: Key, app: App) -> None:
    """It enrolls nobody from then on; what runs, runs on."""
    app.automations.archive(key)


@router.post(
    "/automations/{key}/publish",
    response_model=AutomationShown,
    response_model_exclude_unset=True,
    summary="Publish the draft",
)
def publish_automation(key: Key, app: App) -> dict[str, Any]:
    """Makes an immutable version and switches to it. Follow-ups that run keep theirs."""
    return app.automations.publish(key)


@router.post(
    "/automations/{key}/pause",
    response_model=AutomationShown,
    response_model_exclude_unset=True,
    summary="Stop enrolling",
)
def pause_automation(key: Key, app: App) -> dict[str, Any]:
    """What runs, runs on; matches are recorded as skipped."""
    return app.automations.pause(key, paused=True)


@router.post(
    "/automations/{key}/resume",
    response_model=AutomationShown,
    response_model_exclude_unset=True,
    summary="Enroll again",
)
def resume_automation(key: Key, app: App) -> dict[str, Any]:
    """Changes made while it was paused do not enroll later."""
    return app.automations.pause(key, paused=False)


@router.post(
    "/automations/{key}/drop-queued", response_model=Dropped, summary="Give up what waits for its start"
)
def drop_queued(key: Key, app: App) -> dict[str, Any]:
    """What the storm limit, or `kindling hold`, keeps waiting does not start any more; it is recorded as skipped."""
    return {"dropped": app.automations.drop_queued(key)}


@router.post(
    "/automations/{key}/rollback",
    response_model=AutomationShown,
    response_model_exclude_unset=True,
    openapi_extra=takes(RollbackIn),
    summary="Publish an earlier version anew",
)
def rollback_automation(key: Key, body: Body, app: App) -> dict[str, Any]:
    """It becomes the draft too. A paused automation stays paused."""
    return app.automations.rollback(key, body)


@router.get(
    "/automations/{key}/versions", response_model=Page[VersionShown], summary="List an automation's versions"
)
def list_automation_versions(key: Key, app: App) -> dict[str, Any]:
    """The newest first."""
    return {"items": app.automations.versions(key), "next": None}


@router.get(
    "/automations/{key}/compare",
    response_model=Comparison,
    summary="Compare two versions of an automation",
)
def compare_automation_versions(
    key: Key,
    app: App,
    from_: Annotated[Version, Query(alias="from")] = None,
    to: Version = None,
) -> dict[str, Any]:
    """A diff of YAML; by default from what is published to the draft."""
    return app.automations.compare(key, from_, to)


@router.get(
    "/automations/{key}/why",
    response_model=Explanation,
    response_model_exclude_unset=True,
    summary="Why an automation did or did not enroll a record",
)
def explain_automation(
    key: Key, app: App, contact: Text = None, deal: Text = None, limit: Limit = DEFAULT_LIMIT
) -> dict[str, Any]:
    """For each recent change of the score, or event: enrolled, skipped and why, or which filter did not hold.

    Fields of the record are read as they are now.
    """
    return app.why.explain(key, contact=contact, deal=deal, limit=limit)


@router.put(
    "/recipients/{key}",
    response_model=RecipientShown,
    openapi_extra=takes(Recipient),
    tags=["Recipients"],
    summary="Create or replace a recipient",
)
def put_recipient(key: Key, body: Body, app: App) -> dict[str, Any]:
    """Addresses such as `mailto:sales@example.com`; without any, notifications are only recorded."""
    return app.automations.save_recipient(key, body)


@router.get(
    "/recipients/{key}", response_model=RecipientShown, tags=["Recipients"], summary="Read a recipient"
)
def get_recipient(key: Key, app: App) -> dict[str, Any]:
    """A recipient with its channels."""
    return app.automations.recipient(key)


@router.get(
    "/recipients", response_model=Page[RecipientShown], tags=["Recipients"], summary="List recipients"
)
def list_recipients(app: App) -> dict[str, Any]:
    """By key."""
    return app.automations.recipients()
