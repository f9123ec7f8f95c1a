"""What the use cases of follow-ups answer: enrollments, tasks, notifications, webhooks, counts."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, Self

from pydantic import BaseModel, Field

from automations import secret_placeholders
from automations.steps.words import place_words
from conditions.times import Micros, to_iso
from runtime.registry import bulk_workflow_id
from runtime.settings import Settings
from runtime.statuses import (
    OPEN,
    BulkAction,
    BulkKind,
    BulkStatus,
    EnrollmentStatus,
    NotificationStatus,
    TaskStatus,
    WebhookStatus,
)
from runtime.temporal import workflow_url
from services.answers import iso
from store.connection import RowMapping
from store.follow_ups.enrollments import starter_of


class Keys(NamedTuple):
    """Keys of the contacts and deals that rows name, by id.

    Of enrollments, by theirs: `ends`, until when they wait; `steps`, what the steps of their versions are called, by
    path; `skipped`, the paths of those that were skipped by hand.
    """

    contacts: Mapping[int, str]
    deals: Mapping[int, str]
    ends: Mapping[str, Micros] = {}
    steps: Mapping[str, Mapping[str, str]] = {}
    skipped: Mapping[str, Sequence[str]] = {}


class Step(BaseModel):
    """A step of an automation's version."""

    path: str
    place: str = Field(description="Where it is, counted from 1: `2`, or `4 > then > 1` within another")
    title: str

    @classmethod
    def of(cls, path: str, titles: Mapping[str, str]) -> Self:
        """The step at a path; `titles`: what the steps of the version are called."""
        return cls(path=path, place=place_words(path), title=titles.get(path, ""))


class Enrollment(BaseModel):
    """One contact or deal entering one automation."""

    id: str
    contact: str | None
    deal: str | None = None
    automation: str | None
    version: int
    status: EnrollmentStatus
    step: str | None = Field(description="The path of the step where it is, or was last, counted from 0")
    step_place: str | None = Field(description="The same as people count: `2`, or `4 > then > 1`")
    step_title: str | None
    skipped: list[Step] = Field(description="Steps that were skipped by hand, in that order")
    attempt: int
    paused: bool
    retrying: bool = Field(description="Whether the present step failed and will be tried again")
    last_error: str | None
    tries: int = Field(description="How often the present step has failed so far")
    next_attempt_at: str | None = Field(description="When the next try of the present step begins")
    waits_until: str | None = Field(
        description="Until when it waits where it is, at most; null: it does not wait, or without an end"
    )
    cause: str
    author: str | None = Field(description="Who enrolled it by hand, if that was said")
    chosen: str | None = Field(description="How, by hand: `named`, `matching` or `list <key>`")
    started_by: str | None = Field(description="The enrollment whose step `start` made it")
    previous: int | None
    current: int | None
    workflow_id: str | None = Field(
        description="The workflow that carries it out, alone or together with others; null until one does"
    )
    workflow_url: str | None = Field(
        description="Where the Temporal UI shows the follow-up; null until it started"
    )
    created_at: str
    started_at: str | None
    finished_at: str | None

    @classmethod
    def of(cls, row: RowMapping, keys: Keys, settings: Settings) -> Self:
        """The enrollment of a row, with the place of its follow-up in the Temporal UI."""
        workflow_id: str | None = row["workflow_id"]
        started, is_open = row["started_at"] is not None, row["status"] in OPEN
        titles = keys.steps.get(row["id"], {})
        step = Step.of(row["step"], titles) if row["step"] is not None else None
        return cls(
            id=row["id"],
            contact=keys.contacts.get(row["contact_id"]),
            deal=keys.deals.get(row["deal_id"]),
            automation=row["automation"],
            version=row["version"],
            status=row["status"],
            step=row["step"],
            step_place=step.place if step is not None else None,
            step_title=step.title if step is not None else None,
            skipped=[Step.of(path, titles) for path in keys.skipped.get(row["id"], ())],
            attempt=row["attempt"],
            paused=row["paused"] and is_open,
            retrying=row["status"] == EnrollmentStatus.RUNNING and row["next_attempt_at"] is not None,
            last_error=row["last_error"],
            tries=row["tries"],
            next_attempt_at=iso(row["next_attempt_at"]) if is_open else None,
            waits_until=iso(keys.ends.get(row["id"])),
            cause=row["cause"],
            author=row["author"],
            chosen=row["chosen"],
            started_by=starter_of(row),
            previous=row["previous"],
            current=row["current"],
            workflow_id=workflow_id,
            workflow_url=workflow_url(settings, workflow_id) if workflow_id is not None and started else None,
            created_at=to_iso(row["created_at"]),
            started_at=iso(row["started_at"]),
            finished_at=iso(row["finished_at"]),
        )


StepResult = Literal["done", "waiting", "sending", "skipped", "failed"]


class StepDone(Step):
    """What came of a step."""

    at: str
    attempt: int = Field(description="The attempt at the follow-up that did it")
    result: StepResult
    reason: str | None = Field(default=None, description="Where there is more to say")
    way: str | None = Field(default=None, description="Which way was taken after it")


class EnrollmentDetails(Enrollment):
    """An enrollment with what came of its steps so far, in the order in which they were done."""

    steps: list[StepDone] = []


class Task(BaseModel):
    """Something for somebody to do."""

    id: str
    contact: str | None
    deal: str | None = None
    automation: str | None
    enrollment: str | None
    title: str
    description: str
    assign_to: str | None
    due_at: str | None
    status: TaskStatus
    created_at: str
    updated_at: str

    @classmethod
    def of(cls, row: RowMapping, keys: Keys) -> Self:
        """The task of a row."""
        return cls(
            id=row["id"],
            contact=keys.contacts.get(row["contact_id"]),
            deal=keys.deals.get(row["deal_id"]),
            automation=row["automation"],
            enrollment=row["enrollment_id"],
            title=row["title"],
            description=row["description"],
            assign_to=row["assign_to"],
            due_at=iso(row["due_at"]),
            status=row["status"],
            created_at=to_iso(row["created_at"]),
            updated_at=to_iso(row["updated_at"]),
        )


class Notification(BaseModel):
    """A message of a follow-up."""

    id: str
    contact: str | None
    deal: str | None = None
    automation: str | None
    enrollment: str
    recipient: str
    subject: str
    message: str
    status: NotificationStatus
    reason: str | None
    created_at: str
    sent_at: str | None

    @classmethod
    def of(cls, row: RowMapping, keys: Keys) -> Self:
        """The notification of a row."""
        return cls(
            id=row["id"],
            contact=keys.contacts.get(row["contact_id"]),
            deal=keys.deals.get(row["deal_id"]),
            automation=row["automation"],
            enrollment=row["enrollment_id"],
            recipient=row["recipient"],
            subject=row["subject"],
            message=row["message"],
            status=row["status"],
            reason=with_passed_over(row["reason"], row["passed_over"]),
            created_at=to_iso(row["created_at"]),
            sent_at=iso(row["sent_at"]),
        )


class Webhook(BaseModel):
    """A webhook of a follow-up; of a secret only its name."""

    id: str = Field(description="Sent as `webhook-id` on every try")
    contact: str | None
    deal: str | None = None
    automation: str | None
    enrollment: str
    method: str
    url: str
    headers: dict[str, str]
    body: str
    status: WebhookStatus
    reason: str | None
    tries: int = Field(description="How many tries have failed")
    response_status: int | None
    response: Any
    created_at: str
    delivered_at: str | None

    @classmethod
    def of(cls, row: RowMapping, keys: Keys) -> Self:
        """The webhook of a row, without its secrets."""

        def plain(text: str) -> str:
            return secret_placeholders.shown(text, row["id"])

        return cls(
            id=row["id"],
            contact=keys.contacts.get(row["contact_id"]),
            deal=keys.deals.get(row["deal_id"]),
            automation=row["automation"],
            enrollment=row["enrollment_id"],
            method=row["method"],
            url=plain(row["url"]),
            headers={name: plain(value) for name, value in row["headers"].items()},
            body=plain(row["body"]),
            status=row["status"],
            reason=row["reason"],
            tries=row["tries"],
            response_status=row["response_status"],
            response=json.loads(row["response"]) if row["response"] is not None else None,
            created_at=to_iso(row["created_at"]),
            delivered_at=iso(row["delivered_at"]),
        )


class BranchCount(BaseModel):
    """How many went this way."""

    branch: str
    title: str
    count: int


class StepCount(BaseModel):
    """How many have come past a step."""

    path: str
    key: str | None
    title: str
    done: int
    branches: list[BranchCount] = []


class Stats(BaseModel):
    """What an automation has brought about."""

    automation: str
    version: int | None = Field(description="null: all versions")
    entered: int
    queued: int
    active: int
    paused: int = Field(description="Of those that are queued or active")
    completed: int
    exited: int
    failed: int
    replaced: int
    cancelled: int
    skipped: dict[str, int] = Field(description="Matches that did not enroll, by reason")
    steps_of_version: int | None
    steps: list[StepCount]


class Dropped(BaseModel):
    """How many follow-ups will not start."""

    dropped: int


class BulkCount(BaseModel):
    """For how many a bulk job would do what it does."""

    dry_run: Literal[True] = True
    action: BulkAction
    of: BulkKind = Field(description="What it acts on")
    smart_list: str | None
    total: int


class BulkJob(BaseModel):
    """One action on many contacts, deals or tasks."""

    id: str
    request: str | None = Field(
        description="The caller's own name of it; asking again with it gives the same job"
    )
    action: BulkAction
    parameters: dict[str, Any] = Field(description="What the action takes")
    of: BulkKind = Field(description="What it acts on")
    smart_list: str | None
    status: BulkStatus
    total: int = Field(description="How many there were when it began; those alone are meant")
    done: int = Field(description="How many of them it has passed")
    changed: int
    unchanged: int = Field(description="It was so already, or they were merged into another of them")
    gone: int = Field(description="They were erased since")
    skipped: dict[str, int] = Field(description="By reason")
    error: str | None
    created_at: str
    finished_at: str | None
    workflow_url: str | None = Field(description="Where the Temporal UI shows it")

    @classmethod
    def of_row(cls, row: RowMapping, settings: Settings) -> Self:
        """The job of a row."""
        same = ("id", "request", "action", "parameters", "smart_list", "status", "total", "done", "changed")
        return cls(
            **{name: row[name] for name in (*same, "unchanged", "gone", "skipped", "error")},
            of=row["kind"],
            created_at=to_iso(row["created_at"]),
            finished_at=iso(row["finished_at"]),
            workflow_url=workflow_url(settings, bulk_workflow_id(row["id"])),
        )


def with_passed_over(reason: str | None, passed_over: str | None) -> str | None:
    """Why a notification stands as it does, and why it is not for the first that its step names."""
    return "; ".join(filter(None, (reason, passed_over and f"passed over: {passed_over}"))) or None


class Started(BaseModel):
    """What has started follow-ups, with many others or alone."""

    kind: Literal["publish", "import", "list", "enroll", "request"] = Field(
        description="`enroll`: enrolling by hand; `request`: a call that sent events"
    )
    name: str = Field(description="Key of the profile or of the list, name of the import, or the request")
    version: int | None = Field(description="Of a publish")
    request: str | None = Field(description="Of enrolling and of calls")
    follow_ups: int
    open: int = Field(description="Those that run, or wait for their start")
    first_at: str
    last_at: str


class Undone(BaseModel):
    """What undoing has ended, or with `dry_run` would end."""

    dry_run: bool
    started: Started
    cancelled: int = Field(default=0, description="Follow-ups that ran or waited for their start")
    over: dict[str, int] = Field(default={}, description="Follow-ups that were over already, by status")
    tasks: int = Field(default=0, description="Open tasks that are closed as `cancelled`")
    tasks_kept: int = Field(default=0, description="Open tasks that somebody has changed since; they stay")
    tags: int = Field(default=0, description="Tags that are removed")
    tags_kept: int = Field(
        default=0, description="Tags that were removed, given or asked for again since; they stay"
    )
    sent: int = Field(
        default=0, description="Messages and webhooks that have gone out; nothing takes them back"
    )
    pending_events: int = Field(
        default=0, description="Events of the import that are still to be looked at, and may start more"
    )
