"""What a batch means for follow-ups that run: those that end early, and those whose wait is over."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from automations.model import ExitEvent
from automations.steps.base import BaseStep
from automations.steps.places import find_step
from automations.steps.waits import WaitForStep, WaitStep
from channels.outbound import NOTHING
from conditions.activity import Activity, activity_of
from conditions.fields import CONTACT
from conditions.times import Micros
from conditions.values import Value
from engine.admission.activity import ActivityReader, Around
from engine.published import Published
from engine.steps.happening import came_since, compiled, first_that_holds
from engine.steps.situation import Situation, automation_of
from engine.steps.waiting import TASK_DONE, follow_date, task_is_done
from engine.steps.working_set import WorkingSet
from engine.subjects import Subjects, subject_of
from scoring.entries import Event
from store.connection import Connection, RowMapping
from store.follow_ups import watching
from store.scoring.pending import PendingEvent


def look(
    connection: Connection,
    published: Published,
    subjects: Subjects,
    events: Collection[PendingEvent],
    now: Micros,
) -> int:
    """End and wake follow-ups of the batch's contacts; how many. Everything of the batch is written by now.

    Silent changes count too: what a follow-up waits for has come about, whoever was to be spared an alert.
    """
    watchers = watching.watched(connection, subjects.contacts)
    if not watchers:
        return 0
    by_contact: dict[int, list[Event]] = {}
    for pending in events:
        by_contact.setdefault(pending.contact_id, []).append(pending.event)
    waits: dict[str, list[RowMapping]] = {}
    for wait in watching.open_waits(connection, [row["id"] for row in watchers]):
        waits.setdefault(wait["enrollment_id"], []).append(wait)
    activity = ActivityReader(connection, subjects)
    shared = WorkingSet(connection, watchers)
    count = 0
    for row in watchers:
        situation = _Watched(connection, row, automation_of(row), now, NOTHING, published, shared=shared)
        situation.subjects, situation.activity = subjects, activity
        happened = [
            event
            for event in by_contact.get(row["contact_id"], ())
            if not subject_of(row).about_deal or event.deal == row["deal_id"]
        ]
        if _exits(situation, happened):
            watching.exit_early(connection, row["id"], "exit_when holds", now)
            count += 1
        else:
            count += sum(_meets(situation, wait, happened) for wait in waits.get(row["id"], ()))
    return count


class _Watched(Situation):
    """Reads the fields of records that the batch has read already."""

    subjects: Subjects | None = None
    activity: ActivityReader | None = None

    def lookup(self, name: str) -> Value:
        subjects, row = self.subjects, self.enrollment
        if activity_of(name) is not None:
            return super().lookup(name)
        if subjects is not None and name.startswith("contact."):
            return subjects.contacts[row["contact_id"]](name)
        deal = subjects.deals.get(row["deal_id"]) if subjects is not None and row["deal_id"] else None
        if deal is not None and name.startswith("deal."):
            return deal(name)
        return super().lookup(name)

    def around(self, activity: Activity) -> Value:
        row, reader = self.enrollment, self.activity
        known = reader is not None and (activity.kind == CONTACT or row["deal_id"] in reader.subjects.deals)
        if reader is None or not known:
            return super().around(activity)
        return reader.read(activity, Around(row["contact_id"], row["deal_id"], row))


def _exits(situation: Situation, events: list[Event]) -> bool:
    """Whether the follow-up is over; what had happened before the event that enrolled does not end it."""
    exit_when = situation.automation.exit_when
    if isinstance(exit_when, ExitEvent):
        later = [event for event in events if event.type == exit_when.event]
        if later and (entered := situation.event) is not None:
            later = [event for event in later if came_since(event, (entered.at, entered.id))]
        return first_that_holds(situation, exit_when.event, exit_when.where, later) is not None
    return exit_when is not None and compiled(exit_when)(situation.lookup, situation.now)


def _meets(situation: Situation, wait: RowMapping, events: list[Event]) -> bool:
    """Whether the follow-up has to be told something of its wait."""
    step = find_step(situation.automation, wait["path"])
    return MEETS[type(step)](situation, wait, step, events)


def _follows(situation: Situation, wait: RowMapping, step: WaitStep, _events: list[Event]) -> bool:
    return wait["path"] == situation.enrollment["step"] and follow_date(situation, wait, step)


def _awaited(situation: Situation, wait: RowMapping, step: WaitForStep, events: list[Event]) -> bool:
    spec, event, deadline = step.wait_for, None, wait["deadline_at"]
    if spec.task is not None:
        told = (event for event in events if event.type == TASK_DONE and _counts(event, wait))
        event = next(told, None)
        met = event is not None and task_is_done(situation, spec.task) is True
    elif spec.event is not None:
        event = first_that_holds(
            situation, spec.event, spec.where, [event for event in events if _counts(event, wait)]
        )
        met = event is not None
    else:
        over = deadline is not None and situation.now > deadline
        met = not over and compiled(spec.filters or {})(situation.lookup, situation.now)
    if not met:
        return False
    event_id = event.id if event else None
    watching.meet(situation.connection, wait["enrollment_id"], wait["path"], event_id, situation.now)
    return True


#: By the class of a step with a row among the waits, whether it has to be told something.
MEETS: Mapping[type[BaseStep], Callable[[Situation, RowMapping, Any, list[Event]], bool]] = {
    WaitStep: _follows,
    WaitForStep: _awaited,
}


def _counts(event: Event, wait: RowMapping) -> bool:
    """Whether an event is in time: not before what the wait counts from, and not after its end."""
    since, deadline = wait["since_at"], wait["deadline_at"]
    if deadline is not None and event.at > deadline:
        return False
    return since is None or came_since(event, (since, wait["since_id"]))
