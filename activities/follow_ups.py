"""The activities of follow-ups: run adjacent steps, and end. Each is safe to run twice."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from threading import Lock
from typing import Any

import structlog
from temporalio import activity

from activities.messages import (
    END_FOLLOW_UP,
    RUN_STEPS,
    EndFollowUp,
    RunSteps,
    StepRef,
    StepsResult,
)
from automations.steps.places import find_step
from channels.outbound import Outbound
from conditions.times import Micros
from engine.filling import fill, refuse
from engine.published import PublishedCache
from engine.situation import Situation, StepFailed, TextsMissing, automation_of
from engine.steps import Result, perform
from engine.waiting import StillWaiting
from runtime.statuses import OPEN, EnrollmentStatus, MessageStatus
from runtime.wakes import Wakes
from store.connection import Connection, RowMapping
from store.database import Database
from store.follow_ups import enrollments as follow_ups
from store.follow_ups import messages

_log = structlog.get_logger()
#: Seconds after which the steps that are left are the next activity's, well before this one times out.
LONG = 3
#: So many attempts may die while they fill in templates.
MOST_ENDLESS = 3


@dataclass(frozen=True)
class _Ran:
    """What a transaction of steps came to; `changed`: it made work for the shard.

    `missing`: the templates of the next step have to be filled in before it is done.
    """

    result: StepsResult
    changed: bool = False
    missing: bool = False


class FollowUpActivities:
    """Given the database, the clock, what wakes shards, and the channels."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], Micros],
        wakes: Wakes,
        outbound: Outbound,
        published: PublishedCache,
    ) -> None:
        self._database = database
        self._clock = clock
        self._wakes = wakes
        self._outbound = outbound
        self._published = published
        #: One thread at a time: many that compute would leave scoring little of the interpreter.
        self._filling = Lock()

    @activity.defn(name=RUN_STEPS, no_thread_cancel_exception=True)
    def run_steps(self, request: RunSteps) -> StepsResult:
        """Do steps that have no outcome yet and pass over those that have, each in one transaction with its outcome.

        Templates are filled in before: they may take long, and a transaction holds everybody else up. Where a step
        has changed the record, the templates after it are filled in anew, in a further round.

        Stops early after a notification that has to be sent, and when it has taken long. A step that failed for good
        ends the enrollment, unless it says `on_failure: continue`; what was done before it stays.
        """
        with self._database.read() as connection:
            shard = follow_ups.enrollment_shard(connection, request.enrollment_id)
        if shard is None:
            return _cancelled("the database has no such enrollment")
        began = time.monotonic()
        while True:
            texts = self._texts(request)
            work = partial(self._run, request=request, texts=texts)
            ran = self._database.run(work, [shard])
            if ran.changed:
                self._wakes.request([shard])
            if not ran.missing or (ran.result.done and time.monotonic() - began > LONG):
                return ran.result

    def _texts(self, request: RunSteps) -> dict[str, Any]:
        """What the templates of the steps that are still to be done become now, of as many as are filled in at once.

        An attempt after the first says before that it begins to, and after that it has: where that did not end a few
        times, those steps fail for good.
        """
        endless = _endless()
        repeated = activity.info().attempt > 1
        with self._filling, self._database.read() as connection:
            row = follow_ups.load_enrollment(connection, request.enrollment_id)
            if row is None or row["status"] not in OPEN or row["paused"]:
                return {}
            paths = [step.path for step in request.steps]
            known = follow_ups.outcomes(connection, row["id"], paths)
            situation = self._situation(connection, row)
            steps = {path: find_step(situation.automation, path) for path in paths if path not in known}
            if endless >= MOST_ENDLESS:
                return refuse(steps, f"filling in its template did not end in at least {endless} attempts")
            if repeated:
                activity.heartbeat(endless + 1)
            filled = fill(situation, steps)
        if repeated:
            activity.heartbeat(0)
        return filled

    def _situation(
        self, connection: Connection, row: RowMapping, texts: Mapping[str, Any] | None = None
    ) -> Situation:
        return Situation(
            connection,
            row,
            automation_of(row),
            self._clock(),
            self._outbound,
            self._published.read(connection),
            texts=texts or {},
        )

    def _run(self, connection: Connection, request: RunSteps, texts: Mapping[str, Any]) -> _Ran:
        row = follow_ups.load_enrollment(connection, request.enrollment_id)
        if row is None:
            return _Ran(_cancelled("the database has no such enrollment"))
        if row["attempt"] != request.attempt:
            return _Ran(_cancelled(f"attempt {row['attempt']} has taken over"))
        if row["status"] == EnrollmentStatus.FAILED:
            return _Ran(StepsResult(0, ended=EnrollmentStatus.FAILED, reason=row["last_error"]))
        if row["status"] not in OPEN:
            return _Ran(StepsResult(0, ended=row["status"]))
        situation = self._situation(connection, row, texts)
        if request.timed_out:
            situation.timed_out = request.steps[0].path
        ran = self._steps(situation, request)
        if ran.result.pauses and not row["settled"]:
            return replace(ran, changed=follow_ups.settle(connection, row["id"]) or ran.changed)
        return ran

    def _steps(self, situation: Situation, request: RunSteps) -> _Ran:
        connection, row = situation.connection, situation.enrollment
        known = follow_ups.outcomes(connection, row["id"], [step.path for step in request.steps])
        failed: dict[str, str] = {}
        passed = [path for path, outcome in known.items() if outcome["result"].get("skipped")]
        result: StepsResult | None = None
        for index, ref in enumerate(request.steps):
            if ref.path not in known:
                follow_ups.reach_step(connection, row["id"], ref.path)
            outcome: Result | StepsResult
            if ref.path in known:
                outcome = known[ref.path]["result"]
            elif row["paused"]:
                outcome = StepsResult(index, paused=True)
            else:
                try:
                    outcome = self._do(situation, index, ref)
                except TextsMissing:
                    reached = StepsResult(index, skipped=failed, passed=passed)
                    return _Ran(reached, situation.changed, missing=True)
            if isinstance(outcome, StepsResult):
                result = outcome
                break
            if "failed" in outcome:
                failed[ref.path] = outcome["failed"]
            result = self._after(situation, request, index + 1, outcome)
            if result is not None:
                if ref.path in known and ref.path != row["step"]:
                    follow_ups.reach_step(connection, row["id"], ref.path)
                break
        if result is None:
            result = StepsResult(len(request.steps))
            if request.finish:
                follow_ups.end_enrollment(connection, row["id"], EnrollmentStatus.COMPLETED, situation.now)
                result = StepsResult(len(request.steps), ended=EnrollmentStatus.COMPLETED)
        return _Ran(replace(result, skipped=failed, passed=passed), situation.changed)

    def _do(self, situation: Situation, index: int, ref: StepRef) -> Result | StepsResult:
        """Do a step and store its outcome; what the workflow has to know instead where there is none."""
        connection, row = situation.connection, situation.enrollment
        step = find_step(situation.automation, ref.path)
        try:
            outcome: Result = perform(situation, ref.path, step)
        except StillWaiting as waiting:
            return StepsResult(index, until=waiting.deadline_at, waiting=True)
        except StepFailed as error:
            if step.on_failure == "stop":
                reason = f"step {ref.path} ({step.title}) failed: {error}"
                follow_ups.end_enrollment(
                    connection, row["id"], EnrollmentStatus.FAILED, situation.now, reason
                )
                return StepsResult(index, ended=EnrollmentStatus.FAILED, reason=reason)
            outcome = {"failed": str(error)}
        follow_ups.add_outcome(
            connection, row["id"], ref.path, ref.kind, outcome, row["attempt"], situation.now
        )
        return outcome

    def _after(
        self, situation: Situation, request: RunSteps, done: int, outcome: Result
    ) -> StepsResult | None:
        """What the workflow has to do before the next step, if anything."""
        connection = situation.connection
        if "stop" in outcome:
            follow_ups.end_enrollment(
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

    @activity.defn(name=END_FOLLOW_UP, no_thread_cancel_exception=True)
    def end_follow_up(self, end: EndFollowUp) -> str | None:
        """Give the enrollment its final status, unless it has one or another attempt has taken over; the status."""

        def work(connection: Connection) -> str | None:
            row = follow_ups.load_enrollment(connection, end.enrollment_id)
            if row is not None and row["attempt"] == end.attempt:
                follow_ups.end_enrollment(
                    connection, end.enrollment_id, end.status, self._clock(), end.reason
                )
            row = follow_ups.load_enrollment(connection, end.enrollment_id)
            return row["status"] if row is not None else None

        with self._database.read() as connection:
            shard = follow_ups.enrollment_shard(connection, end.enrollment_id)
        status = self._database.run(work)
        if shard is not None:
            self._wakes.request([shard])  # another may come after it
        return status


def _endless() -> int:
    """How many attempts before this one, in a row, began to fill in templates and were not heard of again."""
    details = activity.info().heartbeat_details
    return details[0] if details else 0


def _cancelled(reason: str) -> StepsResult:
    return StepsResult(0, ended=EnrollmentStatus.CANCELLED, reason=reason)
