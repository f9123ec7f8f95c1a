"""Whatever has a key or an id, shown with what people go on to look for."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from commands.follow_up_words import standing, waiting
from commands.output import in_words, print_json, say, shown_moment
from commands.session import session
from conditions.values import shown_score
from runtime.errors import ReadableError
from runtime.statuses import OPEN, EnrollmentStatus
from services.application import Application
from services.follow_ups.answers import BulkJob, EnrollmentDetails, Notification, Task, Webhook
from services.follow_ups.tasks import read_filter
from services.intake.answers import Event
from services.operations.answers import Finds, Found, ShardStatus
from services.records.answers import Contact, Deal
from services.records.kinds import Kind

#: Follow-ups and tasks of a record.
MOST = 5


def show(what: str, *, as_json: bool) -> int:
    """Show everything that has this key or id."""
    with session() as opened:
        finds = opened.application.finding.find(what)
        if not finds.items:
            raise ReadableError(
                f'Nothing has the key or id "{what}". A contact is found by key, id or e-mail address, all else by id '
                "or key"
            )
        if as_json:
            print_json(finds)
            return 0
        _print(opened.application, finds)
    return 0


def _print(application: Application, finds: Finds) -> None:
    for number, found in enumerate(finds.items):
        if number:
            say()
        shown = getattr(found, found.kind)
        say(f"{found.kind.replace('_', ' ')} {_name(found, shown)}", "bold")
        for line in _LINES[found.kind](application, shown):
            say(f"  {line}")


def _name(found: Found, shown: Any) -> str:
    if isinstance(shown, Contact | Deal):
        by = " by its e-mail address" if found.by == "email" else ""
        return f"{shown.key} (id {shown.id}){by}"
    name = getattr(shown, "key", None) or getattr(shown, "id", None)
    return str(shown.shard) if isinstance(shown, ShardStatus) else str(name)


def _of_contact(application: Application, contact: Contact) -> Iterator[str]:
    yield from _said(contact, "name", "email", "phone", "stage", "owner")
    if contact.tags:
        yield f"tags: {', '.join(contact.tags)}"
    if contact.dnd:
        channels = "every channel" if contact.dnd == "all" else ", ".join(contact.dnd)
        yield f"do not disturb: {channels}"
    yield from (f"{name}: {_short(value)}" for name, value in contact.fields.items())
    yield f"created: {shown_moment(contact.created_at)}"
    yield from _of_record(application, "contact", contact.key)


def _of_deal(application: Application, deal: Deal) -> Iterator[str]:
    yield from _said(deal, "name", "contact", "pipeline", "stage", "status", "value", "currency", "owner")
    if deal.tags:
        yield f"tags: {', '.join(deal.tags)}"
    yield from (f"{name}: {_short(value)}" for name, value in deal.fields.items())
    yield f"created: {shown_moment(deal.created_at)}"
    yield from _of_record(application, "deal", deal.key)


def _of_record(application: Application, kind: Kind, key: str) -> Iterator[str]:
    for score in application.scores.of_record(kind, key).items:
        band = f", {score.band}" if score.band else ""
        yield f"score {score.profile}: {shown_score(score.score)}{band}"
    of: dict[str, Any] = {kind: key, "cursor": None, "limit": MOST}
    for enrollment in application.follow_ups.enrollments(**of).items:
        yield f"follow-up: {enrollment.automation} v{enrollment.version}, {standing(enrollment)}  {enrollment.id}"
        if enrollment.workflow_url:
            yield f"  {enrollment.workflow_url}"
    open_ones = read_filter({kind: key, "status": "open"})
    for task in application.tasks.find(open_ones, sort="due_at", cursor=None, limit=MOST).items:
        yield f"open task: {task.title}  {task.id}"


def _of_enrollment(application: Application, enrollment: EnrollmentDetails) -> Iterator[str]:
    del application
    yield from _said(enrollment, "contact", "deal")
    yield f"automation: {enrollment.automation} v{enrollment.version}"
    yield f"why: {_why(enrollment)}"
    yield f"status: {standing(enrollment)}"
    if enrollment.last_error:
        failed = enrollment.status in (EnrollmentStatus.FAILED, *OPEN)
        yield f"{'error' if failed else 'reason'}: {enrollment.last_error}"
    yield from waiting(enrollment)
    for step in enrollment.steps:
        more = in_words("; ".join(filter(None, (step.way, step.reason))))
        before = f" in attempt {step.attempt}" if step.attempt < enrollment.attempt else ""
        came = f"{step.result}{before}{f' ({more})' if more else ''}"
        yield f"{shown_moment(step.at)}  {step.place}  {step.title}: {came}"
    if enrollment.workflow_url:
        yield enrollment.workflow_url


def _why(enrollment: EnrollmentDetails) -> str:
    """What enrolled it, and who where that was done by hand."""
    if enrollment.started_by is not None:
        return f"a step of {enrollment.started_by} started it"
    if enrollment.chosen is None:
        moved = f"{shown_score(enrollment.previous)} → {shown_score(enrollment.current)}"
        return f"{enrollment.cause}, {moved}"
    how = {"named": "named by key", "matching": "with all who matched"}.get(enrollment.chosen)
    by = f" by {enrollment.author}" if enrollment.author else ""
    return f"by hand{by}, {how or enrollment.chosen.replace('list ', 'of the smart list ')}"


def _of_event(application: Application, event: Event) -> Iterator[str]:
    del application
    yield from _said(event, "type", "contact", "deal")
    yield f"happened: {shown_moment(event.occurred_at)}, arrived {shown_moment(event.received_at)}"
    yield from _said(event, "status", "error")
    yield f"properties: {_short(json.dumps(event.properties, ensure_ascii=False))}"
    yield f"why it gave what it gave: kindling points {event.id}"


def _of_task(application: Application, task: Task) -> Iterator[str]:
    del application
    yield from _said(task, "title", "description", "status", "assign_to", "due_at")
    yield from _said(task, "contact", "deal", "automation", "enrollment", "created_at")


def _of_notification(application: Application, message: Notification) -> Iterator[str]:
    del application
    yield from _said(message, "recipient", "subject", "message", "status", "reason")
    yield from _said(message, "contact", "deal", "automation", "enrollment", "created_at", "sent_at")


def _of_webhook(application: Application, webhook: Webhook) -> Iterator[str]:
    del application
    yield from _said(webhook, "method", "url", "status", "reason", "response_status")
    if webhook.tries:
        yield f"failed tries: {webhook.tries}"
    yield from _said(webhook, "contact", "deal", "automation", "enrollment", "created_at", "delivered_at")


def _of_bulk_job(application: Application, job: BulkJob) -> Iterator[str]:
    del application
    yield from _said(job, "action", "smart_list", "status", "error", "created_at", "finished_at")
    yield f"done: {job.done:,} of {job.total:,}; kindling bulk show {job.id}"


def _of_definition(application: Application, definition: Any) -> Iterator[str]:
    del application
    yield from _said(definition, "name", "description", "status", "version", "updated_at")


def _of_shard(application: Application, shard: ShardStatus) -> Iterator[str]:
    del application
    yield f"pending: {shard.pending:,}, the oldest for {shard.oldest_pending_seconds:.0f} s"
    yield f"follow-ups that start later on purpose: {shard.starts_later:,}"


_LINES: Mapping[str, Callable[[Application, Any], Iterator[str]]] = {
    "contact": _of_contact,
    "deal": _of_deal,
    "enrollment": _of_enrollment,
    "event": _of_event,
    "task": _of_task,
    "notification": _of_notification,
    "webhook": _of_webhook,
    "bulk_job": _of_bulk_job,
    "automation": _of_definition,
    "profile": _of_definition,
    "shard": _of_shard,
}


def _said(shown: Any, *names: str) -> Iterator[str]:
    """Those of its members that are set."""
    for name in names:
        value = getattr(shown, name, None)
        if value is not None and value != "":
            text = shown_moment(value) if name.endswith("_at") else str(value)
            yield f"{name.replace('_', ' ')}: {text}"


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 500 else f"{text[:499]}…"
