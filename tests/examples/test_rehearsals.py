"""A rehearsal promises what happens: every example, rehearsed and then carried out on the same record."""

import json
from dataclasses import dataclass, field
from math import ceil
from typing import Any

import pytest

from conditions.times import DAY, SECOND, from_iso, to_iso
from services.foresight.rehearsal.answers import Rehearsal as Told
from services.foresight.rehearsal.answers import RehearsedStep
from tests.examples.conftest import FOLDER, SHARED, Rehearsal

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.stack]

HOT = ("form.submitted", "webinar.attended", "appointment.booked")


@dataclass(frozen=True)
class Case:
    """What there is before, and with which event it begins; without one, by hand.

    `last`: the path of the last step, so that nothing passes for want of steps. `later`: so much time after that.
    """

    automation: str
    last: str
    contact: dict[str, Any] = field(default_factory=dict)
    deal: dict[str, Any] | None = None
    before: tuple[str, ...] = ()
    later: str | None = None
    event: str | None = None
    properties: dict[str, Any] = field(default_factory=dict)
    file: str | None = None
    enrolls: bool = True

    def __str__(self) -> str:
        return self.automation


DEAL = {"name": "Pilot", "currency": "EUR", "owner": "dach-1"}
CASES = (
    Case(
        "all-dnd",
        "4.timeout.1",
        {"owner": "dach-1", "dnd": "all"},
        event="field.changed",
        properties={"field": "dnd"},
    ),
    Case(
        "cooling-lead", "3.timeout.1.timeout.2", {"owner": "dach-1"}, before=("email.opened",), enrolls=False
    ),
    Case("deal-score-drop", "3.then.0.timeout.2", deal={**DEAL, "value": 30_000}, event="objection.raised"),
    Case("deal-won", "8", {"tags": ["hot"]}, {**DEAL, "value": 900, "status": "won"}, event="deal.won"),
    Case("deal-won", "8", {"tags": ["hot"]}, {**DEAL, "value": 12_000, "status": "won"}, event="deal.won"),
    Case("hot-lead", "5", {"owner": "dach-1", "fields": {"employees": 80}}, before=HOT[:2], event=HOT[2]),
    Case("long-silence", "4.timeout.2.timeout.1", {"tags": ["customer"], "owner": "dach-2"}, later="70d"),
    Case("no-show", "9", {"owner": "nordics-1"}, event="appointment.missed"),
    Case("nurture-by-band", "8", event="form.submitted", properties={"form": "guide"}),
    Case("nurture-by-band", "4.then.1", before=HOT, event="form.submitted", properties={"form": "guide"}),
    Case("payment-failed", "9", event="payment.failed", properties={"amount": 30, "currency": "EUR"}),
    Case(
        "payment-received",
        "2",
        {"tags": ["payment-overdue"]},
        event="payment.succeeded",
        properties={"amount": 30, "currency": "EUR"},
        file="payment-failed",
    ),
    Case(
        "renewal-reminder",
        "7",
        {"owner": "dach-1", "fields": {"renewal_date": "+60d"}},
        event="field.changed",
        properties={"field": "renewal_date", "to": "+60d"},
    ),
    Case(
        "renewal-reminder",
        "7",
        {"owner": "dach-1", "fields": {"renewal_date": "+0d"}},
        event="field.changed",
        properties={"field": "renewal_date", "to": "+0d"},
    ),
    Case("territory-hand-over", "5.timeout.0", {"fields": {"country": "DE"}}, before=HOT[:1], event=HOT[1]),
    Case("territory-hand-over", "5.timeout.0", before=HOT[:1], event=HOT[1]),
    Case(
        "webinar-attendance",
        "3.timeout.2",
        event="webinar.registered",
        properties={"webinar": "first-steps", "starts_at": "+2d"},
    ),
)


async def test_every_example_is_rehearsed() -> None:
    names = {case.file or case.automation for case in CASES}
    assert names == {path.stem for path in FOLDER.glob("*.yaml")} - set(SHARED)


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_what_is_rehearsed_is_what_happens(rehearsal: Rehearsal, case: Case) -> None:
    await prepare(rehearsal, case)
    told = rehearse(rehearsal, case)
    assert told.steps[-1].path == case.last, [step.path for step in told.steps]
    assert rehearsal.town.world.query("SELECT id FROM enrollments") == []
    await begin(rehearsal, case)
    await pass_time(rehearsal, told)
    assert happened(rehearsal) == promised(told)
    assert made(rehearsal) == made_of(told)
    assert fields_after(rehearsal, case, told) == {}
    assert rehearsal.follow_ups(case.automation) == [told.end.status]


async def prepare(rehearsal: Rehearsal, case: Case) -> None:
    """A record with a history, from before the automation."""
    await rehearsal.apply()
    rehearsal.contact("lead-1", **dated(rehearsal, case.contact))
    if case.deal is not None:
        rehearsal.deal("deal-1", contact="lead-1", **case.deal)
    for event in case.before:
        rehearsal.send(event, "lead-1")
    await (rehearsal.after(case.later) if case.later else rehearsal.settled())
    await rehearsal.apply(case.file or case.automation)


def rehearse(rehearsal: Rehearsal, case: Case) -> Told:
    asked = {
        "contact": "lead-1",
        **({"deal": "deal-1"} if case.deal is not None else {}),
        **({"event": case.event} if case.event is not None else {}),
        **({"properties": dated(rehearsal, case.properties)} if case.properties else {}),
    }
    told = rehearsal.application.rehearsals.rehearse(case.automation, asked)
    assert told.trigger.enrolls is case.enrolls, told.trigger
    return told


async def begin(rehearsal: Rehearsal, case: Case) -> None:
    """The same for everybody to see."""
    if case.event is not None:
        deal = "deal-1" if case.deal is not None else None
        rehearsal.send(case.event, "lead-1", deal, **dated(rehearsal, case.properties))
    else:
        wanted = {"contacts": ["lead-1"], "again": True}
        assert rehearsal.application.enroll_by_hand.enroll(case.automation, wanted).enrolled == 1
    await rehearsal.settled()


async def pass_time(rehearsal: Rehearsal, told: Told) -> None:
    """Up to each moment at which a step of the rehearsal stopped waiting."""
    for step in told.steps:
        if step.until is not None and (left := from_iso(step.until) - rehearsal.clock()) > 0:
            await rehearsal.after(f"{ceil(left / SECOND) + 2}s")


def dated(rehearsal: Rehearsal, values: Any) -> Any:
    """The values with `+60d` as the day that it is then."""
    if isinstance(values, dict):
        return {name: dated(rehearsal, value) for name, value in values.items()}
    if isinstance(values, str) and values.startswith("+"):
        day = rehearsal.clock() + int(values[1:-1]) * DAY
        return to_iso(day)[:10]
    return values


def promised(told: Told) -> dict[str, tuple[Any, ...]]:
    """Kind, way, failure and end of each step, by path."""
    return {
        step.path: (step.kind, step.way.branch if step.way else None, step.failed, step.stops)
        for step in told.steps
    }


def happened(rehearsal: Rehearsal) -> dict[str, tuple[Any, ...]]:
    outcomes = rehearsal.town.world.query("SELECT path, kind, result FROM outcomes")
    shown = {}
    for path, kind, result in outcomes:
        value = json.loads(result)
        shown[path] = (kind, value.get("branch"), value.get("failed"), value.get("stop"))
    return shown


def made(rehearsal: Rehearsal) -> dict[str, Any]:
    """Messages and tasks, by the path of their step."""
    query = rehearsal.town.world.query
    messages = query("SELECT path, recipient, subject, message, status FROM notifications")
    tasks = query("SELECT path, title, description, assign_to, (due_at - created_at) FROM tasks")
    return {**{row[0]: row[1:] for row in messages}, **{row[0]: row[1:] for row in tasks}}


def made_of(told: Told) -> dict[str, Any]:
    return {step.path: made_by(step) for step in told.steps if step.message or step.task}


def made_by(step: RehearsedStep) -> tuple[Any, ...]:
    if step.message is not None:
        message = step.message
        return message.recipient, message.subject, message.message, message.outcome
    assert step.task is not None
    task = step.task
    due = from_iso(task.due_at) - from_iso(step.at) if task.due_at else None
    return task.title, task.description, task.assign_to, due


def fields_after(rehearsal: Rehearsal, case: Case, told: Told) -> dict[Any, Any]:
    """The fields and scores that are other than the rehearsal says, with what they are."""
    expected: dict[tuple[str, str], Any] = {}
    for step in told.steps:
        expected |= {(change.record, change.field): change.after for change in step.changes}
        expected |= {("score", move.profile): move.after for move in step.scores}
    contact = rehearsal.application.contacts.get("lead-1")
    records: dict[str, dict[str, Any]] = {"contact": {**contact.fields, **contact.model_dump()}}
    if case.deal is not None:
        deal = rehearsal.application.deals.get("deal-1")
        records["deal"] = {**deal.fields, **deal.model_dump()}
    for (key,) in rehearsal.town.world.query("SELECT key FROM profiles"):
        for score in rehearsal.town.world.scores(key).values():
            records.setdefault("score", {})[key] = score
    return {
        (record, name): (records.get(record, {}).get(name), wanted)
        for (record, name), wanted in expected.items()
        if records.get(record, {}).get(name) != wanted
    }
