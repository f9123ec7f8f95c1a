"""Delivering notifications, address by address."""

import asyncio
from collections.abc import Callable
from typing import Any

from temporalio import activity

from activities.sending import Sending, refused, to_the_end
from channels.delivery import DeliveryFailed
from channels.outbound import Outbound
from conditions.times import Micros
from engine.situation import OPTED_OUT, TO_CONTACT, wants_no_mail
from runtime.messages import DELIVER, Delivered, Delivery
from runtime.statuses import MessageStatus
from store.connection import Connection, RowMapping
from store.database import Database
from store.follow_ups import enrollments, messages
from store.follow_ups.messages import NOTIFICATIONS
from store.records import contacts


class DeliveryActivities:
    """Given the database, the clock and the channels."""

    def __init__(self, database: Database, clock: Callable[[], Micros], outbound: Outbound) -> None:
        self._database = database
        self._clock = clock
        self._outbound = outbound
        self._sending = Sending(database, clock, NOTIFICATIONS)

    @activity.defn(name=DELIVER)
    async def deliver(self, delivery: Delivery) -> Delivered:
        """Send a notification to the addresses still to be served; raises where one refuses it for good."""
        return await to_the_end(self._deliver(delivery))

    async def _deliver(self, delivery: Delivery) -> Delivered:
        row = await asyncio.to_thread(self._sending.due, delivery)
        if isinstance(row, Delivered):
            return row
        if self._outbound.mailer is None and self._outbound.log_only:
            return await asyncio.to_thread(
                self._sending.closed, delivery, MessageStatus.RECORDED, self._outbound.no_mail
            )
        if await asyncio.to_thread(self._opted_out, row):
            return await asyncio.to_thread(self._sending.closed, delivery, MessageStatus.WITHHELD, OPTED_OUT)
        for target in row["targets"]:
            try:
                refusal = await self._outbound.mail(row["id"], target, row["subject"], row["message"])
            except DeliveryFailed as failure:
                return await asyncio.to_thread(self._sending.failed, delivery, failure)
            await asyncio.to_thread(self._served, row["id"], target, refusal)
        reason = await asyncio.to_thread(self._delivered, delivery)
        if reason is not None:
            raise refused(reason)
        return Delivered()

    def _opted_out(self, row: RowMapping) -> bool:
        """Whether it is for a contact who does not want e-mail: that may have changed since it was written."""
        if row["recipient"] != TO_CONTACT:
            return False
        with self._database.read() as connection:
            contact = contacts.contact_by_id(connection, row["contact_id"])
        return contact is not None and wants_no_mail(contact)

    def _served(self, notification_id: str, target: str, failure: str | None) -> None:
        """Take one address off the list, so that another try leaves it alone; refused ones are kept for a retry."""

        def work(connection: Connection) -> None:
            row = messages.find(connection, NOTIFICATIONS, notification_id)
            if row is not None:
                values: dict[str, Any] = {"targets": [other for other in row["targets"] if other != target]}
                if failure is not None:
                    values |= {"reason": failure, "refused": [*row["refused"], target]}
                else:
                    values["served"] = row["served"] + 1
                messages.change(connection, NOTIFICATIONS, notification_id, **values)

        self._sending.note(work)

    def _delivered(self, delivery: Delivery) -> str | None:
        """Close the notification; the reason if some address refused it for good.

        One that left is sent, whatever became of the follow-up meanwhile.
        """

        def work(connection: Connection) -> str | None:
            row = messages.find(connection, NOTIFICATIONS, delivery.message_id)
            if row is None:
                return None
            reason: str | None = row["reason"] if row["refused"] else None
            values = (
                {"status": MessageStatus.FAILED}
                if reason
                else {"status": MessageStatus.SENT, "sent_at": self._clock()}
            )
            messages.change(connection, NOTIFICATIONS, row["id"], reason=reason, **values)
            enrollments.settle_tries(connection, delivery.enrollment_id, row["path"])
            return reason

        return self._sending.note(work)
