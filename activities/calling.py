"""The step `webhook`: sent until it is answered."""

import asyncio
from collections.abc import Callable

from activities.sending import Tries
from automations import secret_placeholders
from channels.delivery import DeliveryFailed
from channels.outbound import Outbound
from channels.webhooks import Answer, Call
from conditions.times import Micros
from engine.steps.webhooks import call_of
from runtime.statuses import MessageStatus
from store.connection import Connection, RowMapping
from store.database import Database
from store.follow_ups import enrollments, webhooks
from store.follow_ups.messages import WEBHOOKS


class Webhooks:
    """Calls them; given the database, the clock and the channels."""

    def __init__(self, database: Database, clock: Callable[[], Micros], outbound: Outbound) -> None:
        self._database = database
        self._clock = clock
        self._outbound = outbound
        self._tries = Tries(database, clock, WEBHOOKS)

    async def send(self, message_id: str) -> None:
        """Call a webhook that is still to be called, and keep the answer."""
        row = await asyncio.to_thread(self._tries.pending, message_id)
        if row is None:
            return
        if self._outbound.caller is None:
            await asyncio.to_thread(
                self._tries.closed, message_id, MessageStatus.RECORDED, self._outbound.no_calls
            )
            return
        try:
            answer = await self._outbound.caller.call(self._request(row, self._clock()))
        except DeliveryFailed as failure:
            await asyncio.to_thread(self._tries.failed, message_id, failure)
            return
        await asyncio.to_thread(self._answered, row, answer)

    def _request(self, row: RowMapping, now: Micros) -> Call:
        def secret(name: str) -> str:
            if name not in self._outbound.secrets:
                raise DeliveryFailed(
                    f'there is no secret "{name}" any more; add it to KINDLING_SECRETS_FILE', permanent=True
                )
            return self._outbound.secrets[name]

        return call_of(row, lambda text: secret_placeholders.filled(text, row["id"], secret), now)

    def _answered(self, row: RowMapping, answer: Answer) -> None:
        def work(connection: Connection) -> None:
            webhooks.delivered(connection, row["id"], answer.status, answer.body, self._clock())
            enrollments.settle_tries(connection, row["enrollment_id"], row["path"])

        self._tries.note(work)
