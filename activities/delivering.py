"""Delivering notifications, and giving up on what could not be sent."""

import asyncio
from collections.abc import Callable
from typing import Any
from zlib import crc32

from temporalio import activity

from activities.messages import ABANDON, DELIVER, PAUSED, SKIPPED, Delivered, Delivery
from activities.tries import GAVE_UP, given_up, to_the_end, try_again
from channels.delivery import DeliveryFailed
from channels.mail import Mail, Mailer
from channels.outbound import Outbound
from conditions.times import Micros
from store import follow_ups, webhooks
from store.connection import Connection, RowMapping
from store.database import Database


class DeliveryActivities:
    """Given the database, the clock and the channels."""

    def __init__(self, database: Database, clock: Callable[[], Micros], outbound: Outbound) -> None:
        self._database = database
        self._clock = clock
        self._outbound = outbound

    @activity.defn(name=DELIVER)
    async def deliver(self, delivery: Delivery) -> Delivered:
        """Send a notification to the addresses still to be served; raises where one refuses it for good."""
        return await to_the_end(self._deliver(delivery))

    async def _deliver(self, delivery: Delivery) -> Delivered:
        row = await asyncio.to_thread(self._load, delivery)
        if row is None or isinstance(row, str):
            return Delivered(row)
        mailer = self._outbound.mailer
        if mailer is None and self._outbound.log_only:
            await asyncio.to_thread(self._recorded, delivery)
            return Delivered()
        for target in row["targets"]:
            try:
                refusal = await self._send(mailer, row, target)
            except DeliveryFailed as failure:
                tried = await asyncio.to_thread(self._failed, delivery, failure)
                if tried is None:
                    raise given_up(failure) from None
                return tried
            await asyncio.to_thread(self._served, row["id"], target, refusal)
        reason = await asyncio.to_thread(self._delivered, delivery)
        if reason is not None:
            raise given_up(DeliveryFailed(reason, permanent=True))
        return Delivered()

    async def _send(self, mailer: Mailer | None, row: RowMapping, target: str) -> str | None:
        """Send to one address; why it never will get there, if so. Each try has the same Message-ID.

        Raises DeliveryFailed where another try may help; so without a mail server, since another worker may have one.
        """
        if mailer is None:
            raise DeliveryFailed(f"{self._outbound.no_mail}, but this was to be sent", permanent=False)
        message_id = f"{row['id']}.{crc32(target.encode()):08x}"
        mail = Mail(message_id, target.removeprefix("mailto:"), row["subject"], row["message"])
        try:
            await mailer.send(mail)
        except DeliveryFailed as error:
            if not error.permanent:
                raise
            return error.reason
        return None

    def _load(self, delivery: Delivery) -> RowMapping | str | None:
        with self._database.read() as connection:
            row = follow_ups.load_notification(connection, delivery.message_id)
            if row is None or row["status"] != "pending":
                return SKIPPED if row is not None and row["status"] == SKIPPED else None
            return PAUSED if follow_ups.is_paused(connection, delivery.enrollment_id) else row

    def _recorded(self, delivery: Delivery) -> None:
        """Nothing leaves any more: the step is over."""

        def work(connection: Connection) -> None:
            row = _pending(connection, delivery)
            if row is not None:
                follow_ups.change_notification(
                    connection, row["id"], status="recorded", reason=self._outbound.no_mail
                )
                follow_ups.settle_tries(connection, delivery.enrollment_id, row["path"])

        self._database.run(work)

    def _failed(self, delivery: Delivery, failure: DeliveryFailed) -> Delivered | None:
        """What comes next; None when that was the last try."""

        def work(connection: Connection) -> Delivered | None:
            row = _pending(connection, delivery)
            if row is None:
                return Delivered(SKIPPED)
            next_ = try_again(connection, delivery.enrollment_id, row["path"], failure, self._clock())
            if next_ is None:
                follow_ups.change_notification(connection, row["id"], status="failed", reason=failure.reason)
            return next_

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
            row = follow_ups.load_notification(connection, delivery.message_id)
            if row is None:
                return None
            if row["status"] != "pending":  # it left all the same, whatever became of the follow-up meanwhile
                if not row["refused"]:
                    follow_ups.change_notification(connection, row["id"], status="sent", sent_at=now)
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
                follow_ups.change_notification(connection, row["id"], status="failed", reason=GAVE_UP)
            webhook = webhooks.find(connection, delivery.message_id)
            if webhook is not None and webhook["status"] == "pending":
                webhooks.change(connection, webhook["id"], status="failed", reason=GAVE_UP)

        self._database.run(work)


def _pending(connection: Connection, delivery: Delivery) -> RowMapping | None:
    row = follow_ups.load_notification(connection, delivery.message_id)
    return row if row is not None and row["status"] == "pending" else None
