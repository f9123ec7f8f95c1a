"""What every try to reach somebody outside has in common: whether it is due, what comes of a failure, heartbeats."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.heartbeats import beating
from channels.delivery import MOST_TRIES, DeliveryFailed, pause_after
from conditions.times import Micros
from runtime.messages import PAUSED, SKIPPED, Delivered, Delivery
from runtime.statuses import MessageStatus
from store.connection import Connection, RowMapping
from store.database import Database
from store.follow_ups import enrollments, messages
from store.patience import patiently

T = TypeVar("T")
#: Seconds for which what has been sent is to be noted: without that it would be sent again.
NOTED_WITHIN = 60.0


class Sending:
    """The state of one kind of messages, notifications or webhooks, around a try. Every call is one transaction."""

    def __init__(self, database: Database, clock: Callable[[], Micros], kind: messages.Kind) -> None:
        self._database = database
        self._clock = clock
        self._kind = kind

    def due(self, delivery: Delivery) -> RowMapping | Delivered:
        """The message if it is to be sent now, else what the try comes to without that."""
        with self._database.read() as connection:
            row = messages.find(connection, self._kind, delivery.message_id)
            if row is None or row["status"] != MessageStatus.PENDING:
                return Delivered(SKIPPED if row is not None and row["status"] == SKIPPED else None)
            progress = enrollments.progress_of(connection, delivery.enrollment_id)
            if progress is None or progress["paused"]:
                return Delivered(PAUSED if progress is not None else None)
            next_at = progress["next_attempt_at"] if progress["step"] == row["path"] else None
            if next_at is not None and next_at > self._clock():  # Temporal lost the wait for it
                return Delivered(again_at=next_at, reason=progress["last_error"])
            return row

    def note(self, work: Callable[[Connection], T]) -> T:
        """Write down what came of a try, if need be after a while in which the database could not be used."""
        return patiently(lambda: self._database.run(work), seconds=NOTED_WITHIN)

    def closed(self, delivery: Delivery, status: str, reason: str) -> Delivered:
        """It is not to be sent any more: the step is over."""

        def work(connection: Connection) -> None:
            row = messages.pending(connection, self._kind, delivery.message_id)
            if row is not None:
                messages.change(connection, self._kind, row["id"], status=status, reason=reason)
                enrollments.settle_tries(connection, delivery.enrollment_id, row["path"])

        self._database.run(work)
        return Delivered()

    def failed(self, delivery: Delivery, failure: DeliveryFailed) -> Delivered:
        """When the next try begins; raises the error that ends the step when there is none.

        Where the follow-up has gone on meanwhile, nothing is noted.
        """

        def work(connection: Connection) -> Delivered | None:
            row = messages.pending(connection, self._kind, delivery.message_id)
            if row is None:
                return Delivered(SKIPPED)
            progress = enrollments.progress_of(connection, delivery.enrollment_id)
            tries = progress["tries"] if progress is not None and progress["step"] == row["path"] else 0
            over = failure.permanent or tries + 1 >= MOST_TRIES
            messages.change(
                connection,
                self._kind,
                row["id"],
                status=MessageStatus.FAILED if over else MessageStatus.PENDING,
                reason=failure.reason,
                tries=row["tries"] + 1,
            )
            if over:
                return None
            again_at = self._clock() + pause_after(tries, failure)
            enrollments.note_try(
                connection, delivery.enrollment_id, row["path"], tries + 1, failure.reason, again_at
            )
            return Delivered(again_at=again_at, reason=failure.reason)

        tried = self.note(work)
        if tried is None:
            prefix = "" if failure.permanent else "gave up after a day of tries: "
            raise refused(prefix + failure.reason)
        return tried


def refused(reason: str) -> ApplicationError:
    """The error that ends a step which another try would not help."""
    return ApplicationError(reason, type="DeliveryFailed", non_retryable=True)


async def to_the_end(sending: Awaitable[T]) -> T:
    """Send beside heartbeats. A try that is under way is not broken off by a cancel, but by the worker's end."""
    task = asyncio.ensure_future(sending)
    async with beating():
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            details = activity.cancellation_details()
            if details is not None and details.worker_shutdown:
                task.cancel()
                raise
            return await task
