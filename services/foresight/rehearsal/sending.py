"""The messages of a rehearsal, sent to one address that is to look at them, and to nobody else."""

import asyncio
from collections.abc import Sequence

from uuid_utils import uuid7

from automations.addresses import MAILTO
from channels.outbound import Outbound
from services.foresight.rehearsal.answers import RehearsedStep, SentTest

#: How the subject of a test begins.
MARK = "[Test] "


def send(outbound: Outbound, address: str, steps: Sequence[RehearsedStep], about: str) -> list[SentTest]:
    """Send each message of the steps there, one after another; `about` names the rehearsal."""
    return asyncio.run(_send(outbound, address, steps, about))


async def _send(
    outbound: Outbound, address: str, steps: Sequence[RehearsedStep], about: str
) -> list[SentTest]:
    sent = []
    for step in steps:
        if step.message is None:
            continue
        text = f"{_said(step, about)}\n\n{step.message.message}"
        refusal = await outbound.try_mail(
            f"test-{uuid7()}", MAILTO + address, MARK + step.message.subject, text
        )
        sent.append(SentTest(step=step.path, outcome="failed" if refusal else "sent", reason=refusal))
    return sent


def _said(step: RehearsedStep, about: str) -> str:
    """The line above the message."""
    message = step.message
    if message is None or message.outcome != "sent":
        reason = message.reason if message is not None else None
        return f"This is a test of {about}. Without it, this message would go to nobody: {reason}."
    return f"This is a test of {about}. Without it, this message would go to {', '.join(message.to)}."
