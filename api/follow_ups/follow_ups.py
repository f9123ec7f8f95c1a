"""Enrollments, notifications and webhooks."""

from typing import get_args

from fastapi import APIRouter

from api.follow_ups.statuses import check_status
from api.parameters import DEFAULT_LIMIT, Cursor, Id, Limit, Text
from api.state import App, By
from runtime.permissions import needs
from runtime.statuses import NotificationStatus, WebhookStatus
from services.answers import Page
from services.follow_ups.answers import Enrollment, EnrollmentDetails, Notification, Webhook
from services.follow_ups.listing import STATUSES

router = APIRouter(prefix="/v1", tags=["Follow-ups"])


@router.get("/enrollments", summary="List enrollments")
@needs("read")
def list_enrollments(
    app: App,
    contact: Text = None,
    deal: Text = None,
    automation: Text = None,
    status: Text = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[Enrollment]:
    """The newest first, each with the place of its follow-up in the Temporal UI.

    `status` may be `retrying`, too: those of the running whose present step failed and will be tried again.
    """
    check_status(status, STATUSES)
    return app.follow_ups.enrollments(
        contact=contact, deal=deal, automation=automation, status=status, cursor=cursor, limit=limit
    )


@router.get("/enrollments/{enrollment_id}", response_model_exclude_unset=True, summary="Read an enrollment")
@needs("read")
def get_enrollment(enrollment_id: Id, app: App) -> EnrollmentDetails:
    """With what has come of its steps, in the order in which they were done."""
    return app.follow_ups.enrollment(enrollment_id)


@router.post(
    "/enrollments/{enrollment_id}/retry",
    status_code=202,
    summary="Try a failed follow-up again",
)
@needs("operate")
def retry_enrollment(enrollment_id: Id, app: App, by: By) -> Enrollment:
    """From the step that failed, as a new attempt: steps that are done are passed over."""
    return app.repairs.retry(enrollment_id, who=by)


@router.post(
    "/enrollments/{enrollment_id}/cancel",
    status_code=202,
    summary="End a follow-up",
)
@needs("operate")
def cancel_enrollment(enrollment_id: Id, app: App, by: By) -> Enrollment:
    """What it has done stays. Its workflow is told within moments."""
    return app.repairs.cancel(enrollment_id, who=by)


@router.post(
    "/enrollments/{enrollment_id}/skip",
    status_code=202,
    summary="Skip a step of a follow-up",
)
@needs("operate")
def skip_step(enrollment_id: Id, app: App, by: By) -> Enrollment:
    """The step where it is: a wait ends, what it tries to send is not sent. A failed one goes on after that step."""
    return app.repairs.skip(enrollment_id, who=by)


@router.post(
    "/enrollments/{enrollment_id}/pause",
    status_code=202,
    summary="Pause a follow-up",
)
@needs("operate")
def pause_enrollment(enrollment_id: Id, app: App, by: By) -> Enrollment:
    """No further step begins until it is resumed. The time of a wait passes meanwhile."""
    return app.repairs.pause(enrollment_id, who=by)


@router.post(
    "/enrollments/{enrollment_id}/resume",
    status_code=202,
    summary="Let a paused follow-up go on",
)
@needs("operate")
def resume_enrollment(enrollment_id: Id, app: App, by: By) -> Enrollment:
    """With the step that it was paused before."""
    return app.repairs.resume(enrollment_id, who=by)


@router.get("/notifications", summary="List notifications")
@needs("read")
def list_notifications(
    app: App,
    contact: Text = None,
    deal: Text = None,
    status: Text = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[Notification]:
    """The newest first."""
    check_status(status, get_args(NotificationStatus))
    return app.follow_ups.notifications(contact=contact, deal=deal, status=status, cursor=cursor, limit=limit)


@router.get("/notifications/{notification_id}", summary="Read a notification")
@needs("read")
def get_notification(notification_id: Id, app: App) -> Notification:
    """A message of a follow-up."""
    return app.follow_ups.notification(notification_id)


@router.get("/webhooks", summary="List webhooks")
@needs("read")
def list_webhooks(
    app: App,
    contact: Text = None,
    deal: Text = None,
    status: Text = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[Webhook]:
    """What was sent, how often it failed and what came back; the newest first."""
    check_status(status, get_args(WebhookStatus))
    return app.follow_ups.webhooks(contact=contact, deal=deal, status=status, cursor=cursor, limit=limit)


@router.get("/webhooks/{webhook_id}", summary="Read a webhook")
@needs("read")
def get_webhook(webhook_id: Id, app: App) -> Webhook:
    """What was sent, how often it failed and what came back."""
    return app.follow_ups.webhook(webhook_id)
