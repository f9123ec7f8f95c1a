"""Delivering notifications, and giving up on what could not be sent."""

import asyncio
from collections.abc import Callable
from typing import Any
from zlib import crc32

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.messages import ABANDON, DELIVER, PAUSED, SKIPPED, Delivery
from activities.tries import to_the_end, try_again
from channels.delivery import DeliveryFailed
from channels.mail import Mail, Mailer
from channels.outbound import Outbound
from conditions.times import Micros
from store import follow_ups, webhooks
from store.connection import Connection, RowMapping
from store.database import Database

_GAVE_UP = "gave up after a day of tries"


class DeliveryActivities:
    """Given the database, the clock and the channels."""

    def __init__(self, database: Database, clock: Callable[[], Micros], outbound: Outbound) -> None:
        self._database = database
        self._clock = clock
        self._outbound = outbound

    @activity.defn(name=DELIVER)
    async def deliver(self, delivery: Delivery) -> str | None:
        """Send a notification to the addresses still to be served; `paused` or `skipped` when that is so."""
        return await to_the_end(self._deliver(delivery))

    async def _deliver(self, delivery: Delivery) -> str | None:
        row = await asyncio.to_thread(self._load, delivery)
        if row is None or isinstance(row, str):
            return row
        mailer = self._outbound.mailer
        if mailer is None:
            return await asyncio.to_thread(self._without_mail, delivery)
        for target in row["targets"]:
            try:
                failure = await _send(mailer, row, target)
            except DeliveryFailed as error:
                again = await asyncio.to_thread(self._failed, delivery, error)
                if again is None:
                    return SKIPPED
                raise again from None
            await asyncio.to_thread(self._served, row["id"], target, failure)
        reason = await asyncio.to_thread(self._delivered, delivery)
        if reason is not None:
            raise ApplicationError(reason, type="DeliveryFailed", non_retryable=True)
        return None

    def _load(self, delivery: Delivery) -> RowMapping | str | None:
        with self._database.read() as connection:
            if follow_ups.is_paused(connection, delivery.enrollment_id):
                return PAUSED
            row = follow_ups.load_notification(connection, delivery.message_id)
            if row is not None and row["status"] == SKIPPED:
                return SKIPPED
            return row if row is not None and row["status"] == "pending" else None

    def _without_mail(self, delivery: Delivery) -> str | None:
        """Nothing leaves any more: the step is over. Without a mail server it is tried again: there may be one soon."""
        if not self._outbound.log_only:
            failure = DeliveryFailed(f"{self._outbound.no_mail}, but this was to be sent", permanent=False)
            error = self._failed(delivery, failure)
            if error is None:
                return SKIPPED
            raise error

        def work(connection: Connection) -> None:
            row = _pending(connection, delivery)
            if row is not None:
                follow_ups.change_notification(
                    connection, row["id"], status="recorded", reason=self._outbound.no_mail
                )
                follow_ups.settle_tries(connection, delivery.enrollment_id, row["path"])

        self._database.run(work)
        return None

    def _failed(self, delivery: Delivery, failure: DeliveryFailed) -> ApplicationError | None:
        """The error to end the try with; None when the message need not be sent any more."""

        def work(connection: Connection) -> ApplicationError | None:
            row = _pending(connection, delivery)
            if row is None:
                return None
            return try_again(connection, delivery.enrollment_id, row["path"], failure, self._clock())

        return self._database.run(work)

    def _served(self, notification_id: str, target: str, failure: str | None) -> None:
        """Take one address off the list, so that another try leaves it alone; refused ones are kept for a retry."""

        def work(connection: Connection) -> None:
            row = follow_ups.load_notification(connection, notification_id)
            if row is not None:
                values: dict[str, Any] = {"targets": [other for other in row["targets"] if other != target]}
                if failure is not None:
                    values |= {"reason": failure, "refused": [*row["refused"], target]}
                else:
                    values["served"] = row["served"] + 1
                follow_ups.change_notification(connection, notification_id, **values)

        self._database.run(work)

    def _delivered(self, delivery: Delivery) -> str | None:
        """Close the notification; the reason if some address was refused for good."""
        now = self._clock()

        def work(connection: Connection) -> str | None:
            row = _pending(connection, delivery)
            if row is None:
                return None
            reason: str | None = row["reason"]
            status = {"status": "failed"} if reason else {"status": "sent", "sent_at": now}
            follow_ups.change_notification(connection, delivery.message_id, **status)
            follow_ups.settle_tries(connection, delivery.enrollment_id, row["path"])
            return reason

        return self._database.run(work)

    @activity.defn(name=ABANDON)
    def abandon(self, delivery: Delivery) -> None:
        """Mark a message that could not be sent in time; one that was sent or refused stays as it is."""

        def work(connection: Connection) -> None:
            row = _pending(connection, delivery)
            if row is not None:
                follow_ups.change_notification(connection, row["id"], status="failed", reason=_GAVE_UP)
            webhook = webhooks.find(connection, delivery.message_id)
            if webhook is not None and webhook["status"] == "pending":
                webhooks.change(connection, webhook["id"], status="failed", reason=_GAVE_UP)

        self._database.run(work)


def _pending(connection: Connection, delivery: Delivery) -> RowMapping | None:
    row = follow_ups.load_notification(connection, delivery.message_id)
    return row if row is not None and row["status"] == "pending" else None


async def _send(mailer: Mailer, row: RowMapping, target: str) -> str | None:
    """Send to one address; why it never will get there, if so. Each try has the same Message-ID.

    Raises DeliveryFailed where another try may help.
    """
    message_id = f"{row['id']}.{crc32(target.encode()):08x}"
    try:
        await mailer.send(Mail(message_id, target.removeprefix("mailto:"), row["subject"], row["message"]))
    except DeliveryFailed as error:
        if not error.permanent:
            raise
        return error.reason
    return None
