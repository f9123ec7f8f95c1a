"""The activity that sends what follow-ups have to send, and what every try has in common: what a failure comes to."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog
from temporalio import activity

from activities.heartbeats import beating
from channels.delivery import MOST_TRIES, DeliveryFailed, pause_after
from conditions.times import Micros
from runtime.messages import SEND, Send
from runtime.statuses import MessageStatus
from store.connection import Connection, RowMapping
from store.database import Database
from store.follow_ups import enrollments, messages
from store.patience import patiently

T = TypeVar("T")
_log = structlog.get_logger()
#: Seconds for which what has been sent is to be noted: without that it would be sent again.
NOTED_WITHIN = 60.0
#: Messages in one activity, and at a time.
MOST, AT_A_TIME = 50, 10


class Tries:
    """What a try comes to. Every call is one transaction."""

    def __init__(self, database: Database, clock: Callable[[], Micros], kind: messages.Kind) -> None:
        self._database = database
        self._clock = clock
        self._kind = kind

    def pending(self, message_id: str) -> RowMapping | None:
        """The message if it is still to be sent."""
        with self._database.read() as connection:
            return messages.pending(connection, self._kind, message_id)

    def note(self, work: Callable[[Connection], T]) -> T:
        """Write down what came of a try, if need be after a while in which the database could not be used."""
        return patiently(lambda: self._database.run(work), seconds=NOTED_WITHIN)

    def closed(self, message_id: str, status: str, reason: str) -> None:
        """It is not to be sent any more: the step is over."""

        def work(connection: Connection) -> None:
            row = messages.pending(connection, self._kind, message_id)
            if row is not None:
                messages.change(connection, self._kind, row["id"], status=status, reason=reason)
                enrollments.settle_tries(connection, row["enrollment_id"], row["path"])

        self._database.run(work)

    def failed(self, message_id: str, failure: DeliveryFailed) -> None:
        """Note when the next try begins, or that there is none: then the step has failed.

        Where the follow-up has gone on meanwhile, nothing is noted.
        """
        given_up: list[str] = []

        def work(connection: Connection) -> None:
            given_up.clear()
            row = messages.pending(connection, self._kind, message_id)
            if row is None:
                return
            here = row["enrollment_id"], row["path"]
            progress = enrollments.progress_of(connection, row["enrollment_id"])
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
                prefix = "" if failure.permanent else "gave up after a day of tries: "
                enrollments.note_failure(connection, *here, prefix + failure.reason)
                given_up.append(row["enrollment_id"])
            else:
                again_at = self._clock() + pause_after(tries, failure)
                enrollments.note_try(connection, *here, tries + 1, failure.reason, again_at)

        self.note(work)
        for enrollment_id in given_up:
            _log.warning(
                "message not delivered",
                kind=self._kind.name,
                message=message_id,
                enrollment=enrollment_id,
                permanent=failure.permanent,
                reason=failure.reason,
            )


class SendingActivities:
    """Given the database, the clock, and by kind of message what sends one by its id."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], Micros],
        senders: dict[messages.Kind, Callable[[str], Awaitable[None]]],
    ) -> None:
        self._database = database
        self._clock = clock
        self._senders = senders

    @activity.defn(name=SEND)
    async def send(self, request: Send) -> None:
        """One try of each message that those of a workflow have to send now; what became of it is in the database."""
        await to_the_end(self._send(request))

    async def _send(self, request: Send) -> None:
        due = await asyncio.to_thread(self._due, request)
        gate = asyncio.Semaphore(AT_A_TIME)

        async def one(kind: messages.Kind, message_id: str) -> None:
            async with gate:
                await self._senders[kind](message_id)

        results = await asyncio.gather(*(one(*message) for message in due), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result

    def _due(self, request: Send) -> list[tuple[messages.Kind, str]]:
        now = max(self._clock(), request.reached)
        with self._database.read() as connection:
            return messages.due(connection, request.workflow_id, now, MOST)


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
