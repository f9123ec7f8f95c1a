"""The activities of follow-ups: run adjacent steps, deliver, end. Each is safe to run twice."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any
from zlib import crc32

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.messages import (
    ABANDON,
    DELIVER,
    END_FOLLOW_UP,
    RUN_STEPS,
    Delivery,
    EndFollowUp,
    RunSteps,
    StepRef,
    StepsResult,
)
from activities.published import PublishedCache
from activities.situation import SENDS, Situation, StepFailed
from activities.steps import Result, perform
from activities.waiting import wait_for
from automations.model import Automation
from automations.step_models import WaitForStep
from automations.steps import find_step
from automations.titles import step_title
from channels.mail import DeliveryFailed, Mail, Mailer
from conditions.times import Micros
from runtime.wakes import Wakes
from store import follow_ups
from store.connection import Connection, RowMapping
from store.database import Database, dump_json

_log = structlog.get_logger()


@lru_cache(maxsize=512)
def _automation(definition: str) -> Automation:
    return Automation.model_validate_json(definition)


@dataclass(frozen=True)
class _Ran:
    """What a transaction of steps came to; `changed`: it made work for the shard."""

    result: StepsResult
    changed: bool = False


class FollowUpActivities:
    """Given the database, the clock, what wakes shards, and the mail server or else why there is `no_mail`."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], Micros],
        wakes: Wakes,
        mailer: Mailer | None,
        no_mail: str = "",
    ) -> None:
        self._database = database
        self._clock = clock
        self._wakes = wakes
        self._mailer = mailer
        self._no_mail = no_mail
        self._published = PublishedCache()

    @activity.defn(name=RUN_STEPS)
    def run_steps(self, request: RunSteps) -> StepsResult:
        """Do steps that have no outcome yet and pass over those that have, in one transaction.

        Stops early after a notification that has to be sent. A step that failed for good ends the enrollment, unless
        it says `on_failure: continue`; what was done before it stays.
        """
        with self._database.read() as connection:
            shard = follow_ups.enrollment_shard(connection, request.enrollment_id)
        if shard is None:
            return StepsResult(0, ended="cancelled", reason="the database has no such enrollment")
        ran = self._database.run(lambda connection: self._run(connection, request), [shard])
        if ran.changed:
            self._wakes.request([shard])
        return ran.result

    def _run(self, connection: Connection, request: RunSteps) -> _Ran:
        row = follow_ups.load_enrollment(connection, request.enrollment_id)
        if row is None:
            return _Ran(StepsResult(0, ended="cancelled", reason="the database has no such enrollment"))
        if row["attempt"] != request.attempt:
            return _Ran(StepsResult(0, ended="cancelled", reason=f"attempt {row['attempt']} has taken over"))
        if row["status"] == "failed":
            return _Ran(StepsResult(0, ended="failed", reason=row["last_error"]))
        if row["status"] not in follow_ups.OPEN:
            return _Ran(StepsResult(0, ended=row["status"]))
        situation = Situation(
            connection,
            row,
            _automation(dump_json(row["definition"])),
            self._clock(),
            SENDS if self._mailer is not None else self._no_mail,
            self._published.read(connection),
        )
        return self._steps(situation, request)

    def _steps(self, situation: Situation, request: RunSteps) -> _Ran:
        connection, row = situation.connection, situation.enrollment
        known = follow_ups.outcomes(connection, row["id"], [step.path for step in request.steps])
        failed: dict[str, str] = {}
        result: StepsResult | None = None
        for index, ref in enumerate(request.steps):
            follow_ups.change_enrollment(connection, row["id"], step=ref.path)
            outcome: Result | StepsResult = (
                known[ref.path]["result"] if ref.path in known else self._do(situation, request, index, ref)
            )
            if isinstance(outcome, StepsResult):
                result = outcome
                break
            if "failed" in outcome:
                failed[ref.path] = outcome["failed"]
            result = self._after(situation, request, index + 1, outcome)
            if result is not None:
                break
        if result is None:
            result = StepsResult(len(request.steps))
            if request.finish:
                follow_ups.end_enrollment(connection, row["id"], "completed", situation.now)
                result = StepsResult(len(request.steps), ended="completed")
        return _Ran(replace(result, skipped=failed), situation.changed)

    def _do(self, situation: Situation, request: RunSteps, index: int, ref: StepRef) -> Result | StepsResult:
        """Do a step and store its outcome; what the workflow has to know instead where there is none."""
        connection, row = situation.connection, situation.enrollment
        step = find_step(situation.automation, ref.path)
        try:
            if isinstance(step, WaitForStep):
                timed_out = request.timed_out and index == 0
                wait = wait_for(situation, ref.path, step, timed_out=timed_out)
                if wait.branch is None:
                    return StepsResult(index, until=wait.deadline_at, waiting=True)
                outcome: Result = {"branch": wait.branch}
            else:
                outcome = perform(situation, ref.path, step)
        except StepFailed as error:
            if step.on_failure == "stop":
                reason = f"step {ref.path} ({step_title(step)}) failed: {error}"
                follow_ups.end_enrollment(connection, row["id"], "failed", situation.now, reason)
                return StepsResult(index, ended="failed", reason=reason)
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
            follow_ups.end_enrollment(connection, request.enrollment_id, "completed", situation.now)
            return StepsResult(done, ended="completed", reason=f"stopped: {outcome['stop']}")
        if "branch" in outcome:
            return StepsResult(done, branch=outcome["branch"])
        if "until" in outcome:
            return StepsResult(done, until=outcome["until"])
        if outcome.get("status") == "pending":
            notification = follow_ups.load_notification(connection, outcome["notification"])
            if notification is not None and notification["status"] == "pending":
                return StepsResult(done, deliver=outcome["notification"])
        return None

    @activity.defn(name=DELIVER)
    async def deliver(self, delivery: Delivery) -> None:
        """Send a notification to those of its addresses that are still to be served."""
        row = await asyncio.to_thread(self._load_notification, delivery.notification_id)
        if row is None or row["status"] != "pending":
            return
        if self._mailer is None:
            raise ApplicationError(f"{self._no_mail}, but this was to be sent", type="Unconfigured")
        for target in row["targets"]:
            failure = await self._send(self._mailer, row, target)
            await asyncio.to_thread(self._served, row["id"], target, failure)
        reason = await asyncio.to_thread(self._delivered, row["id"])
        if reason is not None:
            raise ApplicationError(reason, type="DeliveryFailed", non_retryable=True)

    async def _send(self, mailer: Mailer, row: RowMapping, target: str) -> str | None:
        """Send to one address; why it never will get there, if so. Each try has the same Message-ID."""
        message_id = f"{row['id']}.{crc32(target.encode()):08x}"
        mail = Mail(message_id, target.removeprefix("mailto:"), row["subject"], row["message"])
        try:
            await mailer.send(mail)
        except DeliveryFailed as error:
            if not error.permanent:
                raise ApplicationError(error.reason, type="DeliveryFailed") from None
            return error.reason
        return None

    def _load_notification(self, notification_id: str) -> RowMapping | None:
        with self._database.read() as connection:
            return follow_ups.load_notification(connection, notification_id)

    def _served(self, notification_id: str, target: str, failure: str | None) -> None:
        """Take one address off the list, so that another try leaves it alone."""

        def work(connection: Connection) -> None:
            row = follow_ups.load_notification(connection, notification_id)
            if row is not None:
                values: dict[str, Any] = {"targets": [other for other in row["targets"] if other != target]}
                if failure is not None:
                    values["reason"] = failure
                follow_ups.change_notification(connection, notification_id, **values)

        self._database.run(work)

    def _delivered(self, notification_id: str) -> str | None:
        """Close the notification; the reason if some address was refused for good."""
        now = self._clock()

        def work(connection: Connection) -> str | None:
            row = follow_ups.load_notification(connection, notification_id)
            reason: str | None = row["reason"] if row is not None else None
            status = {"status": "failed"} if reason else {"status": "sent", "sent_at": now}
            follow_ups.change_notification(connection, notification_id, **status)
            return reason

        return self._database.run(work)

    @activity.defn(name=ABANDON)
    def abandon(self, delivery: Delivery) -> None:
        """Mark a notification that could not be sent in time; one that was sent or refused stays as it is."""

        def work(connection: Connection) -> None:
            row = follow_ups.load_notification(connection, delivery.notification_id)
            if row is not None and row["status"] == "pending":
                follow_ups.change_notification(
                    connection, row["id"], status="failed", reason="gave up after a day of tries"
                )

        self._database.run(work)

    @activity.defn(name=END_FOLLOW_UP)
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

        return self._database.run(work)
