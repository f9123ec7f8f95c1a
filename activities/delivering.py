"""Delivering notifications, address by address."""

import asyncio
from collections.abc import Callable
from typing import Any

from activities.sending import Tries
from channels.delivery import DeliveryFailed
from channels.outbound import Outbound
from conditions.times import Micros
from engine.steps.situation import OPTED_OUT, TO_CONTACT, wants_no_mail
from runtime.statuses import MessageStatus
from store.connection import Connection, RowMapping
from store.database import Database
from store.follow_ups import enrollments, messages
from store.follow_ups.messages import NOTIFICATIONS
from store.records import contacts


class Notifications:
    """Given the database, the clock and the channels."""

    def __init__(self, database: Database, clock: Callable[[], Micros], outbound: Outbound) -> None:
        self._database = database
        self._clock = clock
        self._outbound = outbound
        self._tries = Tries(database, clock, NOTIFICATIONS)

    async def send(self, message_id: str) -> None:
        """Send a notification to the addresses still to be served."""
        row = await asyncio.to_thread(self._tries.pending, message_id)
        if row is None:
            return
        if self._outbound.mailer is None and self._outbound.log_only:
            await asyncio.to_thread(
                self._tries.closed, message_id, MessageStatus.RECORDED, self._outbound.no_mail
            )
            return
        if await asyncio.to_thread(self._opted_out, row):
            await asyncio.to_thread(self._tries.closed, message_id, MessageStatus.WITHHELD, OPTED_OUT)
            return
        for target in row["targets"]:
            try:
                refusal = await self._outbound.mail(row["id"], target, row["subject"], row["message"])
            except DeliveryFailed as failure:
                await asyncio.to_thread(self._tries.failed, message_id, failure)
                return
            await asyncio.to_thread(self._served, message_id, target, refusal)
        await asyncio.to_thread(self._delivered, message_id)

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

        self._tries.note(work)

    def _delivered(self, message_id: str) -> None:
        """Close the notification; it has failed if some address refused it for good.

        One that left is sent, whatever became of the follow-up meanwhile.
        """

        def work(connection: Connection) -> None:
            row = messages.find(connection, NOTIFICATIONS, message_id)
            if row is None:
                return
            reason: str | None = row["reason"] if row["refused"] else None
            values = (
                {"status": MessageStatus.FAILED}
                if reason
                else {"status": MessageStatus.SENT, "sent_at": self._clock()}
            )
            messages.change(connection, NOTIFICATIONS, row["id"], reason=reason, **values)
            enrollments.settle_tries(connection, row["enrollment_id"], row["path"])

        self._tries.note(work)
