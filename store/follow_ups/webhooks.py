"""Webhooks: what is sent, how often it failed, what came back."""

import json
from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, select

from conditions.times import Micros
from runtime.statuses import MessageStatus
from store import meta
from store.follow_ups import messages
from store.follow_ups.messages import WEBHOOKS

#: The fact that holds the secret that signs, where no setting does.
SIGNING = "webhook_secret"


def delivered(connection: Connection, webhook_id: str, status: int, body: Any, now: Micros) -> None:
    """Note the answer that says that the call succeeded."""
    messages.change(
        connection,
        WEBHOOKS,
        webhook_id,
        status=MessageStatus.DELIVERED,
        reason=None,
        response_status=status,
        response=json.dumps(body),
        delivered_at=now,
    )


def answers(connection: Connection, enrollment_id: str, paths: Collection[str]) -> dict[str, dict[str, Any]]:
    """`{status, body}` by path, of those of the enrollment's webhooks that were answered."""
    sent = connection.execute(
        select(WEBHOOKS.c.path, WEBHOOKS.c.response_status, WEBHOOKS.c.response).where(
            WEBHOOKS.c.enrollment_id == enrollment_id,
            WEBHOOKS.c.path.in_(paths),
            WEBHOOKS.c.response_status.is_not(None),
        )
    )
    return {
        row.path: {"status": row.response_status, "body": json.loads(row.response or "null")} for row in sent
    }


def signing_secret(connection: Connection, fresh: str) -> str:
    """The secret that this installation signs with; `fresh` becomes it if there is none yet."""
    return meta.settled_fact(connection, SIGNING, fresh)
