"""The step `webhook`: what is sent is fixed when the step is reached, then sent until it is answered."""

import asyncio
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

import orjson
from temporalio import activity
from uuid_utils import uuid7

from activities.messages import CALL_WEBHOOK, Delivered, Delivery
from activities.sending import Sending, to_the_end
from activities.situation import Situation, StepFailed
from automations.step_models import WebhookStep
from automations.template_filters import Opaque
from automations.templates import TemplateFailed, render, render_tree
from channels.delivery import DeliveryFailed
from channels.outbound import Outbound
from channels.webhooks import Answer, Call
from conditions.times import SECOND, Micros, to_iso
from store import follow_ups, messages, webhooks
from store.connection import Connection, RowMapping
from store.database import Database
from store.messages import WEBHOOKS

LARGEST_BODY = 256 * 1024
_WITH_BODY = ("POST", "PUT", "PATCH")


class _Placeholders(Mapping[str, str]):
    """Stands for secrets in what is stored. Nobody can write one into a field: it holds the webhook's id."""

    def __init__(self, webhook_id: str, secrets: Mapping[str, str]) -> None:
        self._id = webhook_id
        self._secrets = secrets

    def __contains__(self, name: object) -> bool:
        return True

    def __getitem__(self, name: str) -> str:
        if name not in self._secrets:
            raise TemplateFailed(f'there is no secret "{name}"; add it to KINDLING_SECRETS_FILE')
        return Opaque(f"[secret {name} of {self._id}]", f"[secret {name} urlencoded of {self._id}]")

    def __iter__(self) -> Iterator[str]:
        return iter(self._secrets)

    def __len__(self) -> int:
        return len(self._secrets)


def _filled(text: str, webhook_id: str, secrets: Mapping[str, str]) -> str:
    """The text with secrets in place of what stands for them. Raises DeliveryFailed where one is gone."""

    def secret(found: re.Match[str]) -> str:
        if found[1] not in secrets:
            raise DeliveryFailed(
                f'there is no secret "{found[1]}" any more; add it to KINDLING_SECRETS_FILE', permanent=True
            )
        return quote(secrets[found[1]], safe="") if found[2] else secrets[found[1]]

    return re.sub(rf"\[secret (\w+)( urlencoded)? of {re.escape(webhook_id)}\]", secret, text)


def prepare(situation: Situation, path: str, step: Any) -> dict[str, Any]:
    """Fix what is sent, and note it; the result is the step's outcome."""
    spec: WebhookStep = step
    wanted, outbound = spec.webhook, situation.outbound
    webhook_id = f"msg_{uuid7()}"
    context = {**situation.context(), "secret": _Placeholders(webhook_id, outbound.secrets)}
    headers = {name: render(value, context) for name, value in wanted.headers.items()}
    for name, value in headers.items():
        if not value.isprintable():
            raise StepFailed(f"the header {name} would hold a line break or another control character")
    body = ""
    if wanted.body is not None or wanted.method in _WITH_BODY:
        content = (
            render_tree(wanted.body, context) if wanted.body is not None else _standard(situation, context)
        )
        body = _dumped(content).decode()
    if len(body.encode()) > LARGEST_BODY:
        raise StepFailed(f"its body is larger than {LARGEST_BODY // 1024} KiB")
    status = "pending" if outbound.caller is not None else "recorded"
    messages.add(
        situation.connection,
        WEBHOOKS,
        id=webhook_id,
        **situation.made_at(path),
        method=wanted.method,
        url=render(wanted.url, context).strip(),
        headers=headers,
        body=body,
        status=status,
        reason=None if outbound.caller is not None else outbound.no_calls,
        tries=0,
    )
    return {"webhook": webhook_id, "status": status}


def _standard(situation: Situation, context: Mapping[str, Any]) -> dict[str, Any]:
    """What is sent where the step has no body: the record, its score, and what enrolled it."""
    shown = ("contact", "deal", "event", "score", "band", "automation", "profile")
    return {
        "type": "follow_up.step",
        "timestamp": to_iso(situation.now),
        "data": {
            "enrollment": situation.enrollment["id"],
            **{name: context[name] or None for name in shown},
        },
    }


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
                self._sending.closed, delivery, "recorded", self._outbound.no_calls
            )
        try:
            answer = await self._outbound.caller.call(self._request(row, self._clock()))
        except DeliveryFailed as failure:
            return await asyncio.to_thread(self._sending.failed, delivery, failure)
        await asyncio.to_thread(self._answered, delivery, row, answer)
        return Delivered()

    def _request(self, row: RowMapping, now: Micros) -> Call:
        def filled(text: str) -> str:
            return _filled(text, row["id"], self._outbound.secrets)

        headers = {name: filled(value) for name, value in row["headers"].items()}
        body = _dumped(_in_tree(orjson.loads(row["body"]), filled)) if row["body"] else b""
        return Call(row["id"], row["method"], filled(row["url"]), headers, body, now // SECOND)

    def _answered(self, delivery: Delivery, row: RowMapping, answer: Answer) -> None:
        def work(connection: Connection) -> None:
            webhooks.delivered(connection, row["id"], answer.status, answer.body, self._clock())
            follow_ups.settle_tries(connection, delivery.enrollment_id, row["path"])

        self._database.run(work)


def _dumped(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode()


def _in_tree(value: Any, filled: Callable[[str], str]) -> Any:
    """The value with secrets in every text of it."""
    if isinstance(value, str):
        return filled(value)
    if isinstance(value, dict):
        return {key: _in_tree(inner, filled) for key, inner in value.items()}
    return [_in_tree(inner, filled) for inner in value] if isinstance(value, list) else value
