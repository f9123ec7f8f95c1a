"""Running the steps of an enrollment that come next, in one transaction with what they do."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from automations.steps.places import find_step
from automations.steps.words import place_words
from engine.situation import Situation, StepFailed, TextsMissing
from engine.steps import Result, perform
from engine.waiting import StillWaiting
from runtime.messages import RunSteps, StepRef, StepsResult
from runtime.statuses import OPEN, RETRIED, EnrollmentStatus, MessageStatus
from store.connection import Connection, RowMapping
from store.follow_ups import enrollments, messages


@dataclass(frozen=True)
class Ran:
    """What a transaction of steps came to; `changed`: it made work for the shard.

    `missing`: the templates of the next step have to be filled in before it is done.
    """

    result: StepsResult
    changed: bool = False
    missing: bool = False


def run_steps(
    connection: Connection, request: RunSteps, situation_of: Callable[[RowMapping], Situation]
) -> Ran:
    """Do the steps that have no outcome yet, and pass over those that have, until one has to be waited for."""
    row = enrollments.load_enrollment(connection, request.enrollment_id)
    if row is None:
        return Ran(cancelled("the database has no such enrollment"))
    if row["attempt"] != request.attempt:
        return Ran(StepsResult(0, ended=RETRIED, reason=f"attempt {row['attempt']} has taken over"))
    if row["status"] == EnrollmentStatus.FAILED:
        return Ran(StepsResult(0, ended=EnrollmentStatus.FAILED, reason=row["last_error"]))
    if row["status"] not in OPEN:
        return Ran(StepsResult(0, ended=row["status"]))
    situation = situation_of(row)
    if request.timed_out:
        situation.timed_out = request.steps[0].path
    ran = _steps(situation, request)
    if ran.result.pauses and not row["settled"]:
        return replace(ran, changed=enrollments.settle(connection, row["id"]) or ran.changed)
    return ran


def cancelled(reason: str) -> StepsResult:
    """There is nothing to do any more."""
    return StepsResult(0, ended=EnrollmentStatus.CANCELLED, reason=reason)


def _steps(situation: Situation, request: RunSteps) -> Ran:
    connection, row = situation.connection, situation.enrollment
    known = enrollments.outcomes(connection, row["id"], [step.path for step in request.steps])
    failed: dict[str, str] = {}
    passed = [path for path, outcome in known.items() if outcome["result"].get("skipped")]
    before = {path: one["attempt"] for path, one in known.items() if one["attempt"] < row["attempt"]}
    result: StepsResult | None = None
    for index, ref in enumerate(request.steps):
        if ref.path not in known:
            enrollments.reach_step(connection, row["id"], ref.path)
        outcome: Result | StepsResult
        if ref.path in known:
            outcome = known[ref.path]["result"]
        elif row["paused"]:
            outcome = StepsResult(index, paused=True)
        else:
            try:
                outcome = _do(situation, index, ref)
            except TextsMissing:
                reached = StepsResult(index, skipped=failed, passed=passed, before=before)
                return Ran(reached, situation.changed, missing=True)
        if isinstance(outcome, StepsResult):
            result = outcome
            break
        if "failed" in outcome:
            failed[ref.path] = outcome["failed"]
        result = _after(situation, request, index + 1, outcome)
        if result is not None:
            if ref.path in known and ref.path != row["step"]:
                enrollments.reach_step(connection, row["id"], ref.path)
            break
    if result is None:
        result = StepsResult(len(request.steps))
        if request.finish:
            enrollments.end_enrollment(connection, row["id"], EnrollmentStatus.COMPLETED, situation.now)
            result = StepsResult(len(request.steps), ended=EnrollmentStatus.COMPLETED)
    return Ran(replace(result, skipped=failed, passed=passed, before=before), situation.changed)


def _do(situation: Situation, index: int, ref: StepRef) -> Result | StepsResult:
    """Do a step and store its outcome; what the workflow has to know instead where there is none."""
    connection, row = situation.connection, situation.enrollment
    step = find_step(situation.automation, ref.path)
    try:
        outcome: Result = perform(situation, ref.path, step)
    except StillWaiting as waiting:
        return StepsResult(index, until=waiting.deadline_at, waiting=True)
    except StepFailed as error:
        if step.on_failure == "stop":
            reason = f"step {place_words(ref.path)} ({step.title}) failed: {error}"
            enrollments.end_enrollment(connection, row["id"], EnrollmentStatus.FAILED, situation.now, reason)
            return StepsResult(index, ended=EnrollmentStatus.FAILED, reason=reason)
        outcome = {"failed": str(error)}
    enrollments.add_outcome(connection, row["id"], ref.path, ref.kind, outcome, row["attempt"], situation.now)
    return outcome


def _after(situation: Situation, request: RunSteps, done: int, outcome: Result) -> StepsResult | None:
    """What the workflow has to do before the next step, if anything."""
    connection = situation.connection
    if "stop" in outcome:
        enrollments.end_enrollment(
            connection, request.enrollment_id, EnrollmentStatus.COMPLETED, situation.now
        )
        return StepsResult(done, ended=EnrollmentStatus.COMPLETED, reason=f"stopped: {outcome['stop']}")
    if "branch" in outcome or "until" in outcome:
        return StepsResult(done, branch=outcome.get("branch"), until=outcome.get("until"))
    if outcome.get("status") == MessageStatus.PENDING:
        message_id, message = outcome.get("notification"), None
        if message_id is not None:
            message = messages.pending(connection, messages.NOTIFICATIONS, message_id)
        elif (message_id := outcome.get("webhook")) is not None:
            message = messages.pending(connection, messages.WEBHOOKS, message_id)
        if message is not None:
            return StepsResult(done, deliver=message_id)
    return None
