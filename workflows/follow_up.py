"""The follow-up workflow: carries out an enrollment's steps in order, with its waits and branches.

It interprets the outline in its input. What a step does, and whether it was done already, is the activities' business.
"""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from automations.steps.words import place_words
    from conditions.times import LATEST
    from runtime.messages import (
        CALL_WEBHOOK,
        DELIVER,
        END_FOLLOW_UP,
        PAUSED,
        RUN_STEPS,
        SKIPPED,
        Delivered,
        Delivery,
        EndFollowUp,
        FollowUpInput,
        FollowUpResult,
        RunSteps,
        StepRef,
        StepsResult,
    )
    from runtime.registry import FOLLOW_UP_WORKFLOW, KINDLING_OUTCOME, WAKE_SIGNAL
    from runtime.statuses import RETRIED, EnrollmentStatus
    from workflows.outlines import Step, led_over
    from workflows.policies import (
        DATABASE_RETRY,
        DELIVERY_TIMEOUT,
        SILENCE_TIMEOUT,
        STEP_TIMEOUT,
    )

LONGEST_GROUP = 20
LONGEST_SUMMARY = 190
LONGEST_HISTORY = 800
LONGEST_LOG = 50


@workflow.defn(name=FOLLOW_UP_WORKFLOW)
class FollowUpWorkflow:
    """Adjacent steps on our own database share an activity; so does the wait, branch or stop that ends them."""

    @workflow.init
    def __init__(self, follow_up: FollowUpInput) -> None:
        self._follow_up = follow_up
        self._remaining: list[Step] = led_over(follow_up.steps)
        self._log: list[str] = list(follow_up.log)
        self._woken = False

    @workflow.signal(name=WAKE_SIGNAL)
    def wake(self) -> None:
        """The database has news: what is waited for came about, a step was skipped, a pause is over."""
        self._woken = True

    @workflow.run
    async def run(self, follow_up: FollowUpInput) -> FollowUpResult:
        """Every step, one after another; an attempt at steps that are done already passes over them."""
        del follow_up  # __init__ has it
        try:
            result = await self._walk()
        except (asyncio.CancelledError, ActivityError, ApplicationError) as error:
            if not is_cancelled_exception(error):
                workflow.upsert_search_attributes([KINDLING_OUTCOME.value_set(EnrollmentStatus.FAILED)])
                raise
            status = await self._end(EnrollmentStatus.CANCELLED, "cancelled in Temporal")
            if status == EnrollmentStatus.EXITED:
                workflow.upsert_search_attributes([KINDLING_OUTCOME.value_set(status)])
                return FollowUpResult(status)
            ended = (
                EnrollmentStatus.REPLACED
                if status == EnrollmentStatus.REPLACED
                else EnrollmentStatus.CANCELLED
            )
            workflow.upsert_search_attributes([KINDLING_OUTCOME.value_set(ended)])
            raise
        known = {*EnrollmentStatus, RETRIED}
        outcome = result.outcome if result.outcome in known else EnrollmentStatus.COMPLETED
        workflow.upsert_search_attributes([KINDLING_OUTCOME.value_set(outcome)])
        return result

    async def _walk(self) -> FollowUpResult:
        timed_out = False
        while True:
            group = self._next_group()
            self._woken = False
            result = await self._run(group, timed_out=timed_out)
            timed_out = False
            done, last = group[: result.done], group[result.done - 1] if result.done else None
            for step in done:
                if last is not step or (result.deliver is None and (result.until is None or result.waiting)):
                    self._note(step, result)
            del self._remaining[: result.done]
            if result.ended == EnrollmentStatus.FAILED:
                self._show_failure(result.reason or "")
                raise ApplicationError(result.reason or "failed", non_retryable=True)
            if result.ended is not None:
                self._show("")
                return FollowUpResult(result.ended, result.reason)
            if last is not None:
                if result.deliver is not None:
                    await self._deliver(last, result.deliver)
                branch = result.branch
                if result.until is not None and not result.waiting:
                    branch = await self._wait(last, result)
                if branch is not None:
                    self._remaining[:0] = _steps_of(last, branch)
            if result.waiting:
                waiting = self._remaining[0]
                timed_out = await self._until(result.until, _until_words(waiting, result.until))
            if result.paused:
                await self._resumed()
            if workflow.info().get_current_history_length() > LONGEST_HISTORY:
                workflow.continue_as_new(
                    replace(self._follow_up, steps=self._remaining, log=self._log[-LONGEST_LOG:])
                )

    def _next_group(self) -> list[Step]:
        group: list[Step] = []
        for step in self._remaining[:LONGEST_GROUP]:
            group.append(step)
            if step.get("decides"):
                break
        return group

    async def _run(self, group: list[Step], *, timed_out: bool) -> StepsResult:
        titles = " · ".join(step["title"] for step in group) or "finish"
        decides = bool(group) and group[-1].get("decides", False)
        result: StepsResult = await workflow.execute_activity(
            RUN_STEPS,
            RunSteps(
                self._follow_up.enrollment_id,
                self._follow_up.attempt,
                [StepRef(step["path"], step["kind"]) for step in group],
                finish=len(group) == len(self._remaining) and not decides,
                timed_out=timed_out,
            ),
            result_type=StepsResult,
            start_to_close_timeout=STEP_TIMEOUT,
            retry_policy=DATABASE_RETRY,
            summary=titles[:LONGEST_SUMMARY],
        )
        return result

    async def _deliver(self, step: Step, message_id: str) -> None:
        self._show(f"Now: {step['title']}")
        try:
            while (done := await self._send(step, message_id)) == PAUSED:
                await self._resumed()
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            cause = error.cause
            reason = cause.message if isinstance(cause, ApplicationError) else str(cause)
            self._log.append(f"- failed: {step['title']} ({reason})")
            self._show("")
            if step.get("on_failure") != "continue":
                reason = f"step {place_words(step['path'])} ({step['title']}) failed: {reason}"
                self._show_failure(reason)
                await self._end(EnrollmentStatus.FAILED, reason)
                raise ApplicationError(reason, non_retryable=True) from error
        else:
            self._log.append(f"- {'skipped: ' if done == SKIPPED else ''}{step['title']}")

    async def _send(self, step: Step, message_id: str) -> str | None:
        """Until it is sent, or the follow-up is paused, or the step skipped; news cut the wait for a try short."""
        while True:
            self._woken = False
            tried: Delivered = await workflow.execute_activity(
                CALL_WEBHOOK if step["kind"] == "webhook" else DELIVER,
                Delivery(self._follow_up.enrollment_id, message_id),
                result_type=Delivered,
                start_to_close_timeout=DELIVERY_TIMEOUT,
                heartbeat_timeout=SILENCE_TIMEOUT,
                retry_policy=DATABASE_RETRY,
                summary=f"send: {step['title']}"[:LONGEST_SUMMARY],
            )
            if tried.again_at is None:
                return tried.status
            if workflow.info().get_current_history_length() > LONGEST_HISTORY:
                workflow.continue_as_new(
                    replace(self._follow_up, steps=[step, *self._remaining], log=self._log[-LONGEST_LOG:])
                )
            await self._next_try(step, tried.again_at, tried.reason or "failed")

    async def _next_try(self, step: Step, again_at: int, reason: str) -> None:
        await self._until(
            again_at, f"{step['title']}: {reason}; next try at {_moment(again_at):%Y-%m-%d %H:%M:%S} UTC"
        )

    async def _until(self, moment: int | None, summary: str) -> bool:
        """Until that time, in microseconds since the epoch, or news; whether the time is over. None: news only."""
        self._show(f"Now: {summary}")
        never = moment is None or moment >= LATEST
        timeout = None if never else max(_moment(moment or 0) - workflow.now(), timedelta(0))
        try:
            await workflow.wait_condition(
                lambda: self._woken, timeout=timeout, timeout_summary=summary[:LONGEST_SUMMARY]
            )
        except TimeoutError:
            return True
        return False

    async def _resumed(self) -> None:
        self._show("Paused by hand; `kindling resume` lets it go on")
        await workflow.wait_condition(lambda: self._woken)
        self._show("")

    async def _wait(self, step: Step, result: StepsResult) -> str | None:
        """Until the time has come, which news may change; the way to take then."""
        is_over = result.until is not None and _moment(result.until) <= workflow.now()
        attempt = result.before.get(step["path"]) if is_over else None
        while result.until is not None and _moment(result.until) > workflow.now():
            if await self._until(result.until, _until_words(step, result.until)):
                break
            self._woken = False
            newer = await self._run([step], timed_out=False)
            if newer.ended is not None:
                return None  # the next step finds out the same
            result = newer if newer.until is not None else result
        if step["path"] in result.passed:
            self._log.append(f"- skipped: {step['title']}")
        else:
            self._log_done(step, result.branch, attempt)
        return result.branch

    async def _end(self, status: str, reason: str) -> str | None:
        """Note how it ended; how it did, if that was known before."""
        ended: str | None = await workflow.execute_activity(
            END_FOLLOW_UP,
            EndFollowUp(self._follow_up.enrollment_id, self._follow_up.attempt, status, reason),
            result_type=str,
            start_to_close_timeout=STEP_TIMEOUT,
            retry_policy=DATABASE_RETRY,
            summary=f"note that the follow-up is {status}",
        )
        return ended

    def _note(self, step: Step, result: StepsResult) -> None:
        if step["path"] in result.passed:
            self._log.append(f"- skipped: {step['title']}")
        elif step["path"] in result.skipped:
            self._log.append(f"- failed: {step['title']} ({result.skipped[step['path']]})")
        else:
            self._log_done(step, result.branch, result.before.get(step["path"]))
        self._show("")

    def _log_done(self, step: Step, branch: str | None, attempt: int | None) -> None:
        """Note a step that was done; `attempt`: the earlier one that did it."""
        way = step.get("branches", {}).get(branch)
        before = f"before, in attempt {attempt}: " if attempt is not None else ""
        self._log.append(f"- {before}{step['title']}{': ' + way['title'] if way else ''}")

    def _show_failure(self, reason: str) -> None:
        own_id = self._follow_up.enrollment_id
        self._show(
            f"Failed: {reason}\n\n`kindling retry {own_id}` tries again from here, `kindling skip {own_id}` goes on "
            f"behind it: as attempt {self._follow_up.attempt + 1}, a workflow of its own"
        )

    def _show(self, now: str) -> None:
        """What ops read while the follow-up runs, and after."""
        done = "Done so far:\n\n" + "\n".join(self._log[-LONGEST_LOG:]) if self._log else ""
        workflow.set_current_details("\n\n".join(part for part in (now, done) if part))


def _moment(micros: int) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=micros)


def _until_words(step: Step, until: int | None) -> str:
    if until is None:
        return str(step["title"])
    if until >= LATEST:
        return f"{step['title']}, which holds no date now"
    return f"{step['title']}, until {_moment(until):%Y-%m-%d %H:%M} UTC"


def _steps_of(step: Step, branch: str) -> list[Step]:
    """The steps of the way that was taken; a step that was skipped by hand took none of its own."""
    way = step.get("branches", {}).get(branch)
    return list(way["steps"]) if way else []
