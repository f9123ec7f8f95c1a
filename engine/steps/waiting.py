"""The steps that wait: registered with their first check, settled by what has happened, by a date, or by time."""

from typing import Any

from automations.steps.moments import NoDate, date_moment, next_clock, zone_of
from automations.steps.places import walk
from automations.steps.waits import IN_TIME, PAST, WaitForStep, WaitStep, WaitUntil
from conditions.causes import Cause
from conditions.times import LATEST, Micros, micros_of
from conditions.tree import compile_conditions
from engine.steps.happening import first_that_holds
from engine.steps.situation import Situation, StepFailed
from store.connection import RowMapping
from store.follow_ups import tasks, watching
from store.follow_ups.watching import Place
from triggers.evaluate import UNFILTERED

_MET, _TIMEOUT = "met", "timeout"
#: The event at which it is looked whether an awaited task is done.
TASK_DONE = "task.done"


class StillWaiting(Exception):
    """What is waited for has not come about; it is waited until `deadline_at` at most, or for ever."""

    def __init__(self, deadline_at: Micros | None) -> None:
        super().__init__(deadline_at)
        self.deadline_at = deadline_at


def wait(situation: Situation, path: str, step: Any) -> dict[str, Any]:
    """Until when to wait. A date in a field is watched from then on, and moves the end of the wait with it."""
    waiting: WaitStep = step
    spec = waiting.wait
    if isinstance(spec, str):
        return {"until": situation.now + micros_of(spec)}
    if spec.is_clock:
        return {"until": next_clock(spec, situation.now, zone_of(spec, situation.lookup))}
    try:
        until = moment_of(situation, spec)
    except NoDate as error:
        raise StepFailed(str(error)) from None
    if until > situation.now and spec.may_move:
        enrollment_id = situation.enrollment["id"]
        situation.working_set.register_wait(enrollment_id, path, situation.now, deadline_at=until)
    return date_outcome(spec, until, situation.now)


def moment_of(situation: Situation, spec: WaitUntil) -> Micros:
    """The moment that the field names now. Raises NoDate."""
    return date_moment(spec, situation.lookup(spec.until), zone_of(spec, situation.lookup))


def date_outcome(spec: WaitUntil, until: Micros, now: Micros) -> dict[str, Any]:
    """What a wait for a date comes to, which may be over."""
    over = until <= now
    if over and spec.if_past == "stop":
        return {"stop": f"{spec.until} is over"}
    if spec.if_past == "skip":
        return {"until": until, "branch": PAST if over else IN_TIME}
    return {"until": until}


def follow_date(situation: Situation, row: RowMapping, step: WaitStep) -> bool:
    """Let a wait follow its field, whose date may have moved, or be gone: then it waits for a new one.

    Whether that changed anything. What is over is over.
    """
    spec, known = step.wait, row["deadline_at"]
    if not isinstance(spec, WaitUntil) or spec.is_clock or known is None or known <= situation.now:
        return False
    try:
        until = moment_of(situation, spec)
    except NoDate:
        until = LATEST
    if until == known:
        return False
    result = date_outcome(spec, until, situation.now)
    watching.move_wait(situation.connection, row["enrollment_id"], row["path"], until, result)
    return True


def wait_for(situation: Situation, path: str, step: Any) -> dict[str, Any]:
    """Begin to wait, or see whether the wait is over; raises StillWaiting. The shard's lock is held."""
    awaiting: WaitForStep = step
    enrollment_id, spec = situation.enrollment["id"], awaiting.wait_for
    known = situation.working_set.wait(enrollment_id, path)
    if known is None:
        if spec.task is not None:
            done = task_is_done(situation, spec.task)
            if done is None:
                raise StepFailed(f'the step "{spec.task}" has created no task')
            if done:
                return {"branch": _MET}
        if spec.filters is not None and compile_conditions(spec.filters)(situation.lookup, situation.now):
            return {"branch": _MET}
        deadline = situation.now + micros_of(spec.timeout) if spec.timeout else None
        since = _since(situation) if spec.event is not None and spec.since == "last_wait" else None
        situation.working_set.register_wait(
            enrollment_id,
            path,
            situation.now,
            event_type=TASK_DONE if spec.task is not None else spec.event,
            since=since,
            deadline_at=deadline,
        )
        if spec.event is not None and since is not None:
            connection = situation.connection
            column, record_id = _record(situation)
            events = watching.happened(connection, column, record_id, spec.event, since, enrollment_id)
            if (event := first_that_holds(situation, spec.event, spec.where, events)) is not None:
                watching.note_met(connection, enrollment_id, path, event.id, situation.now)
                return {"branch": _MET}
        raise StillWaiting(deadline)
    deadline = known["deadline_at"]
    if known["met_at"] is not None:
        return {"branch": _MET}
    if situation.reached >= (LATEST if deadline is None else deadline):
        return {"branch": _TIMEOUT}
    raise StillWaiting(deadline)


def task_is_done(situation: Situation, key: str) -> bool | None:
    """Whether the task that the step with this key created is done; None where there is none."""
    step = next(placed for placed in walk(situation.automation) if placed.step.key == key)
    return tasks.is_done(situation.connection, situation.enrollment["id"], step.path)


def _record(situation: Situation) -> tuple[Any, int]:
    subject = situation.subject
    return ("deal_id" if subject.about_deal else "contact_id"), subject.record_id


def _since(situation: Situation) -> Place:
    """From where on an event counts: since the follow-up last waited, or since what enrolled."""
    row = situation.enrollment
    waited = watching.waited_until(situation.connection, row["id"])
    if waited is not None:
        return waited
    if row["cause"] in UNFILTERED:
        return row["created_at"], ""
    if situation.event is not None:
        return situation.event.at, situation.event.id
    changed = None
    if row["cause"] == Cause.ATTRIBUTE:
        changed = watching.changed_at(situation.connection, row["contact_id"], row["created_at"])
    elif row["cause"] == Cause.ADJUSTMENT and row["change_seq"] is not None:
        record_id = _record(situation)[1]
        changed = watching.adjusted_at(situation.connection, row["profile_id"], record_id, row["change_seq"])
    return changed or (row["created_at"], "")
