"""The follow-up workflow: the clock of one enrollment, or of a cohort of many that began together.

It knows no steps. Where everybody stands is in the database; it has them taken on when their time has come or there is
news, and what they have to say sent.
"""

import asyncio
import contextlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from temporalio import workflow
from temporalio.common import SearchAttributePair, TypedSearchAttributes, WorkflowIDReusePolicy
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    WorkflowAlreadyStartedError,
    is_cancelled_exception,
)
from temporalio.workflow import ParentClosePolicy

with workflow.unsafe.imports_passed_through():
    from runtime.messages import (
        ADVANCE,
        END_FOLLOW_UPS,
        SEND,
        Advance,
        Advanced,
        EndFollowUps,
        FailedMember,
        FollowUpInput,
        FollowUpResult,
        Send,
    )
    from runtime.registry import (
        COHORTS,
        FOLLOW_UP_WORKFLOW,
        KINDLING_AUTOMATION,
        KINDLING_OUTCOME,
        KINDLING_RECORD,
        KINDLING_RECORDS,
        KINDLING_VERSION,
        WAKE_SIGNAL,
    )
    from runtime.statuses import EnrollmentStatus
    from workflows.policies import (
        DATABASE_RETRY,
        DELIVERY_TIMEOUT,
        SILENCE_TIMEOUT,
        STEP_TIMEOUT,
    )

LONGEST_SUMMARY = 190
LONGEST_HISTORY = 800


@workflow.defn(name=FOLLOW_UP_WORKFLOW)
class FollowUpWorkflow:
    """Its id says whom it carries out: the database knows."""

    @workflow.init
    def __init__(self, follow_up: FollowUpInput) -> None:
        self._follow_up = follow_up
        self._upcoming = follow_up.upcoming
        self._failed = follow_up.failed
        self._parted: set[str] = set()
        self._woken = False

    @workflow.signal(name=WAKE_SIGNAL)
    def wake(self) -> None:
        """The database has news: what is waited for came about, a step was skipped, a pause is over."""
        self._woken = True

    @workflow.run
    async def run(self, follow_up: FollowUpInput) -> FollowUpResult:
        """Until everybody is over; an attempt at steps that are done already passes over them."""
        del follow_up  # __init__ has it
        try:
            result = await self._go()
        except (asyncio.CancelledError, ActivityError, ApplicationError) as error:
            if not is_cancelled_exception(error):
                self._tell(EnrollmentStatus.FAILED)
                raise
            status = await self._end(EnrollmentStatus.CANCELLED, "cancelled in Temporal")
            if status == EnrollmentStatus.EXITED and self._follow_up.enrollments == 1:
                self._tell(EnrollmentStatus.EXITED)
                return FollowUpResult(EnrollmentStatus.EXITED)
            replaced = status == EnrollmentStatus.REPLACED and self._follow_up.enrollments == 1
            self._tell(EnrollmentStatus.REPLACED if replaced else EnrollmentStatus.CANCELLED)
            raise
        self._tell(result.outcome)
        return result

    async def _go(self) -> FollowUpResult:
        reached = 0
        while True:
            self._woken = False
            done = await self._advance(reached)
            self._upcoming = done.upcoming
            self._show(done)
            for member in done.failed:
                await self._part_with(member)
            if done.ended == EnrollmentStatus.FAILED:
                raise ApplicationError(done.reason or "failed", non_retryable=True)
            if done.ended is not None:
                return FollowUpResult(done.ended, self._with_failed(done.reason))
            if done.sending:
                await self._send(done.now, reached)
            elif not done.more:
                reached = await self._until(done, reached)
            if workflow.info().get_current_history_length() > LONGEST_HISTORY:
                workflow.continue_as_new(replace(self._follow_up, failed=self._failed))

    async def _advance(self, reached: int) -> Advanced:
        result: Advanced = await workflow.execute_activity(
            ADVANCE,
            Advance(workflow.info().workflow_id, reached),
            result_type=Advanced,
            start_to_close_timeout=STEP_TIMEOUT,
            retry_policy=DATABASE_RETRY,
            summary=(self._upcoming or "finish")[:LONGEST_SUMMARY],
        )
        return result

    async def _send(self, what: str, reached: int) -> None:
        await workflow.execute_activity(
            SEND,
            Send(workflow.info().workflow_id, reached),
            task_queue=_of_single(),
            start_to_close_timeout=DELIVERY_TIMEOUT,
            heartbeat_timeout=SILENCE_TIMEOUT,
            retry_policy=DATABASE_RETRY,
            summary=f"send: {what}"[:LONGEST_SUMMARY],
        )

    async def _until(self, done: Advanced, reached: int) -> int:
        """Until somebody's time has come, or there is news; the moment that has been reached."""
        timeout = None
        if done.due_at is not None:
            timeout = max(_moment(done.due_at) - workflow.now(), timedelta(0))
        try:
            await workflow.wait_condition(
                lambda: self._woken, timeout=timeout, timeout_summary=done.now[:LONGEST_SUMMARY]
            )
        except TimeoutError:
            return max(done.due_at or 0, int(workflow.now().timestamp() * 1_000_000))
        return reached

    async def _part_with(self, member: FailedMember) -> None:
        """Let one that failed go on by itself: it is red there, and found by its record.

        It is told of until its own workflow has taken it on.
        """
        if member.workflow_id in self._parted:
            return
        self._parted.add(member.workflow_id)
        self._failed += 1
        with contextlib.suppress(WorkflowAlreadyStartedError):
            await self._start_alone(member)

    async def _start_alone(self, member: FailedMember) -> None:
        await workflow.start_child_workflow(
            FOLLOW_UP_WORKFLOW,
            FollowUpInput(self._follow_up.automation, self._follow_up.version, 1, "say that it has failed"),
            id=member.workflow_id,
            task_queue=_of_single(),
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            parent_close_policy=ParentClosePolicy.ABANDON,
            search_attributes=TypedSearchAttributes(
                [
                    SearchAttributePair(KINDLING_AUTOMATION, self._follow_up.automation),
                    SearchAttributePair(KINDLING_VERSION, self._follow_up.version),
                    SearchAttributePair(KINDLING_RECORD, member.record),
                    SearchAttributePair(KINDLING_RECORDS, [member.record]),
                    SearchAttributePair(KINDLING_OUTCOME, EnrollmentStatus.FAILED.value),
                ]
            ),
            static_summary=member.summary,
            static_details=member.details,
        )

    async def _end(self, status: str, reason: str) -> str | None:
        """Note how they ended; how the last did, if that was known before."""
        ended: str | None = await workflow.execute_activity(
            END_FOLLOW_UPS,
            EndFollowUps(workflow.info().workflow_id, status, reason),
            result_type=str,
            start_to_close_timeout=STEP_TIMEOUT,
            retry_policy=DATABASE_RETRY,
            summary=f"note that it is {status}",
        )
        return ended

    def _with_failed(self, reason: str | None) -> str | None:
        failed = f"{self._failed} failed, each in a workflow of its own" if self._failed else None
        return ", ".join(filter(None, (reason, failed))) or None

    def _tell(self, outcome: str) -> None:
        workflow.upsert_search_attributes([KINDLING_OUTCOME.value_set(str(outcome))])

    def _show(self, done: Advanced) -> None:
        """What ops read while it runs, and after."""
        plain = not done.now or done.ended is not None or done.paused
        now = done.now if plain else f"Now: {done.now}"
        so_far = f"Done so far:\n\n{done.done}" if done.done else ""
        workflow.set_current_details("\n\n".join(part for part in (now, so_far) if part))


def _of_single() -> str:
    """The task queue of single follow-ups, which is also for what may take long."""
    return workflow.info().task_queue.removesuffix(COHORTS)


def _moment(micros: int) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=micros)
