"""The step `webhook`: sent until it is answered."""

import asyncio
from collections.abc import Callable

from temporalio import activity

from activities.sending import Sending, to_the_end
from automations import secret_placeholders
from channels.delivery import DeliveryFailed
from channels.outbound import Outbound
from channels.webhooks import Answer, Call
from conditions.times import Micros
from engine.webhooks import call_of
from runtime.messages import CALL_WEBHOOK, Delivered, Delivery
from runtime.statuses import MessageStatus
from store.connection import Connection, RowMapping
from store.database import Database
from store.follow_ups import enrollments, webhooks
from store.follow_ups.messages import WEBHOOKS


class CallingActivities:
    """Calls webhooks; given the database, the clock and the channels."""

    def __init__(self, database: Database, clock: Callable[[], Micros], outbound: Outbound) -> None:
        self._database = database
        self._clock = clock
        self._outbound = outbound
        self._sending = Sending(database, clock, WEBHOOKS)

    @activity.defn(name=CALL_WEBHOOK)
    async def call_webhook(self, delivery: Delivery) -> Delivered:
        """Send a webhook that is still to be sent and keep the answer; raises where it never will be taken."""
        return await to_the_end(self._call(delivery))

    async def _call(self, delivery: Delivery) -> Delivered:
        row = await asyncio.to_thread(self._sending.due, delivery)
        if isinstance(row, Delivered):
            return row
        if self._outbound.caller is None:
            return await asyncio.to_thread(
                self._sending.closed, delivery, MessageStatus.RECORDED, self._outbound.no_calls
            )
        try:
            answer = await self._outbound.caller.call(self._request(row, self._clock()))
        except DeliveryFailed as failure:
            return await asyncio.to_thread(self._sending.failed, delivery, failure)
        await asyncio.to_thread(self._answered, delivery, row, answer)
        return Delivered()

    def _request(self, row: RowMapping, now: Micros) -> Call:
        def secret(name: str) -> str:
            if name not in self._outbound.secrets:
                raise DeliveryFailed(
                    f'there is no secret "{name}" any more; add it to KINDLING_SECRETS_FILE', permanent=True
                )
            return self._outbound.secrets[name]

        return call_of(row, lambda text: secret_placeholders.filled(text, row["id"], secret), now)

    def _answered(self, delivery: Delivery, row: RowMapping, answer: Answer) -> None:
        def work(connection: Connection) -> None:
            webhooks.delivered(connection, row["id"], answer.status, answer.body, self._clock())
            enrollments.settle_tries(connection, delivery.enrollment_id, row["path"])

        self._sending.note(work)
