"""Sends the digests of what the hourly limit of e-mails held back, when their hour is over."""

import asyncio
from collections.abc import Callable
from functools import partial

import structlog

from channels import digest
from channels.delivery import MOST_TRIES, DeliveryFailed, pause_after
from channels.outbound import Outbound
from conditions.times import SECOND, Micros
from engine.steps.notifying import addresses_of
from runtime.statuses import MessageStatus
from store.connection import Connection, RowMapping
from store.database import Database, DatabaseUnavailable, OperationalError
from store.follow_ups import alerts

EVERY = 2.0
#: A worker that dies while it sends one leaves it to others after this long.
CLAIM = 300 * SECOND
_log = structlog.get_logger()


class Digests:
    """Runs beside a worker until cancelled. What is due stands in the database: any worker may send it, one does."""

    def __init__(
        self, database: Database, clock: Callable[[], Micros], outbound: Outbound, base_url: str
    ) -> None:
        self._database = database
        self._clock = clock
        self._outbound = outbound
        self._base_url = base_url

    async def run(self) -> None:
        """Every two seconds; trouble is logged and tried again."""
        while True:
            try:
                await self.send_due()
            except (OperationalError, DatabaseUnavailable) as error:
                _log.warning("digests are not sent, will try again", reason=type(error).__name__)
            except Exception:
                _log.exception("digests are not sent, will try again")
            await asyncio.sleep(EVERY)

    async def send_due(self) -> None:
        """Try each that is due now."""
        while await asyncio.to_thread(self._any_due):
            row = await asyncio.to_thread(self._database.run, self._claimed)
            if row is not None and row["status"] == MessageStatus.PENDING:
                await self._send(row)

    def _any_due(self) -> bool:
        with self._database.read() as connection:
            return alerts.any_due(connection, self._clock())

    def _claimed(self, connection: Connection) -> RowMapping | None:
        """The next one, with its addresses; closed already where it is to go nowhere."""
        now = self._clock()
        row = alerts.claim(connection, now, now + CLAIM)
        if row is None:
            return None
        if self._outbound.log_only:
            self._close(connection, row["id"], MessageStatus.RECORDED, self._outbound.no_mail)
        elif not row["targets"]:
            targets = addresses_of(connection, row["recipient"])
            alerts.change(connection, row["id"], targets=targets)
            if not targets:
                reason = "its recipient has no e-mail address any more"
                self._close(connection, row["id"], MessageStatus.FAILED, reason)
        return alerts.find(connection, row["id"])

    async def _send(self, row: RowMapping) -> None:
        """To each address still to be served; every try has the same Message-ID."""
        subject = digest.subject(row["held"])
        text = digest.text(row["automations"], row["opened_at"], row["due_at"], self._base_url)
        for target in row["targets"]:
            try:
                refusal = await self._outbound.mail(row["id"], target, subject, text)
            except DeliveryFailed as failure:
                await asyncio.to_thread(self._database.run, partial(self._failed, row["id"], failure))
                return
            await asyncio.to_thread(self._database.run, partial(self._served, row["id"], target, refusal))

    def _served(self, digest_id: str, target: str, refusal: str | None, connection: Connection) -> None:
        """Take one address off the list; the digest is sent when the last is off, if any of them got it.

        What an earlier try failed for is no `reason` any more; that an address refused it stays one.
        """
        row = alerts.find(connection, digest_id)
        left = [other for other in row["targets"] if other != target]
        served, reason = row["served"] + (refusal is None), refusal or row["refusal"]
        now = self._clock()
        alerts.change(
            connection,
            digest_id,
            targets=left,
            served=served,
            reason=reason,
            refusal=reason,
            next_at=now + CLAIM,
        )
        if left:
            return
        if served:
            alerts.change(connection, digest_id, status=MessageStatus.SENT, sent_at=now)
            _log.info("digest sent", digest=digest_id, held=row["held"])
        else:
            self._close(connection, digest_id, MessageStatus.FAILED, reason)

    def _failed(self, digest_id: str, failure: DeliveryFailed, connection: Connection) -> None:
        row = alerts.find(connection, digest_id)
        if row["tries"] + 1 >= MOST_TRIES:
            reason = f"gave up after a day of tries: {failure.reason}"
            self._close(connection, digest_id, MessageStatus.FAILED, reason)
            return
        next_at = self._clock() + pause_after(row["tries"], failure)
        alerts.change(connection, digest_id, tries=row["tries"] + 1, reason=failure.reason, next_at=next_at)
        _log.warning("digest not sent yet, will try again", digest=digest_id, reason=failure.reason)

    def _close(self, connection: Connection, digest_id: str, status: MessageStatus, reason: str) -> None:
        alerts.change(connection, digest_id, status=status, reason=reason)
        _log.warning("digest not sent", digest=digest_id, reason=reason)
