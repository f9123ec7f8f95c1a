"""A test message to a recipient, by every channel that it has."""

import asyncio
from typing import Literal

from uuid_utils import uuid7

from automations.addresses import mailto
from channels.outbound import Outbound, make_outbound
from channels.signing import new_secret
from conditions.problems import suggestion
from services.operations.answers import ChannelTest, RecipientTest
from services.resources import NotFound, Resources
from store.connection import RowMapping
from store.design import definitions

SUBJECT = "[Test] Messages of Kindling arrive here"


class RecipientTests:
    """Sends test messages. They count for no hourly limit, and nothing is stored of them."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def send(self, key: str) -> RecipientTest:
        """Send one message by every channel; for each, whether it went out. Raises NotFound."""
        with self._resources.database.read() as connection:
            row = definitions.find_recipient(connection, key)
            if row is None:
                known = [one["key"] for one in definitions.all_recipients(connection)]
                raise NotFound(f'there is no recipient "{key}"{suggestion(key, known)}')
        outbound = make_outbound(
            self._resources.settings, new_secret()
        )  # no webhook is sent, and none signed
        return RecipientTest(recipient=key, channels=asyncio.run(self._send(outbound, row)))

    async def _send(self, outbound: Outbound, row: RowMapping) -> list[ChannelTest]:
        test = uuid7()
        text = (
            f"This is a test message to {row['name']}, sent by somebody who wanted to see whether it arrives. Nothing"
            f" has happened, and nothing is to be done.\n\n{self._resources.settings.base_url}\n"
        )
        tests = []
        for channel in row["channels"]:
            if mailto(channel) is None:
                reason = "it is no e-mail address, and this version sends e-mail only"
                tests.append(ChannelTest(channel=channel, outcome="recorded", reason=reason))
            elif outbound.mailer is None:
                tests.append(ChannelTest(channel=channel, outcome="recorded", reason=outbound.no_mail))
            else:
                refusal = await outbound.try_mail(f"test-{test}", channel, SUBJECT, text)
                outcome: Literal["sent", "failed"] = "sent" if refusal is None else "failed"
                tests.append(ChannelTest(channel=channel, outcome=outcome, reason=refusal))
        return tests
