"""The step `webhook`: what is sent is fixed when the step is reached."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import orjson
from uuid_utils import uuid7

from automations import secret_placeholders
from automations.steps.actions import WebhookStep
from automations.templates.rendering import TemplateFailed, opened, render, render_tree
from channels.webhooks import Call
from conditions.times import SECOND, Micros, to_iso
from engine.steps.situation import Situation, StepFailed
from runtime.statuses import MessageStatus
from store.connection import RowMapping
from store.follow_ups.messages import WEBHOOKS

LARGEST_BODY = 256 * 1024
#: The header that says how long the chain is; an event may bring it back as its `chain`.
CHAIN = "kindling-chain"
_WITH_BODY = ("POST", "PUT", "PATCH")


class _Placeholders(Mapping[str, str]):
    """The secrets that a template may name, each as what stands for it."""

    def __init__(self, webhook_id: str, secrets: Mapping[str, str]) -> None:
        self._id = webhook_id
        self._secrets = secrets

    def __contains__(self, name: object) -> bool:
        return True

    def __getitem__(self, name: str) -> str:
        if name not in self._secrets:
            raise TemplateFailed(f'there is no secret "{name}"; add it to KINDLING_SECRETS_FILE')
        return secret_placeholders.written(name, self._id)

    def __iter__(self) -> Iterator[str]:
        return iter(self._secrets)

    def __len__(self) -> int:
        return len(self._secrets)


def fill_call(situation: Situation, step: Any, known: Mapping[str, Any]) -> dict[str, Any]:
    """What is sent, as it is stored: `id`, `method`, `url`, `headers`, `body`. Raises StepFailed, TemplateFailed."""
    spec: WebhookStep = step
    wanted = spec.webhook
    webhook_id = f"msg_{uuid7()}"
    context = opened(known, secret=_Placeholders(webhook_id, situation.outbound.secrets))
    headers = {
        name: render(value, context) for name, value in wanted.headers.items() if name.lower() != CHAIN
    }
    headers[CHAIN] = str(_chain(situation))
    for name, value in headers.items():
        if not value.isprintable():
            raise StepFailed(f"the header {name} would hold a line break or another control character")
    body = ""
    if wanted.body is not None or wanted.method in _WITH_BODY:
        content = (
            render_tree(wanted.body, context) if wanted.body is not None else _standard(situation, context)
        )
        try:
            body = dumped(content).decode()
        except (TypeError, ValueError, RecursionError):
            raise StepFailed("its body is nothing that JSON can hold") from None
    if len(body.encode()) > LARGEST_BODY:
        raise StepFailed(f"its body is larger than {LARGEST_BODY // 1024} KiB")
    url = render(wanted.url, context).strip()
    return {"id": webhook_id, "method": wanted.method, "url": url, "headers": headers, "body": body}


def store_call(situation: Situation, path: str, step: Any) -> dict[str, Any]:
    """Note what is sent; the result is the step's outcome."""
    del step
    call, outbound = situation.text(path), situation.outbound
    status = MessageStatus.PENDING if outbound.caller is not None else MessageStatus.RECORDED
    values = {
        **call,
        **situation.made_at(path),
        "status": status,
        "reason": None if outbound.caller is not None else outbound.no_calls,
        "tries": 0,
    }
    situation.working_set.add_message(WEBHOOKS, values)
    return {"webhook": call["id"], "status": status}


def _standard(situation: Situation, context: Mapping[str, Any]) -> dict[str, Any]:
    """What is sent where the step has no body: the record, its score, and what enrolled it."""
    shown = ("contact", "deal", "event", "score", "band", "automation", "profile")
    return {
        "type": "follow_up.step",
        "timestamp": to_iso(situation.now),
        "chain": _chain(situation),
        "data": {
            "enrollment": situation.enrollment["id"],
            **{name: context[name] or None for name in shown},
        },
    }


def _chain(situation: Situation) -> int:
    """How many follow-ups an event that this call leads to will have before it."""
    depth: int = situation.enrollment["depth"]
    return depth + 1


def call_of(row: RowMapping, filled: Callable[[str], str], now: Micros) -> Call:
    """The call of a webhook that is stored, as it is sent at this moment; `filled` replaces what stands for secrets."""
    headers = {name: filled(value) for name, value in row["headers"].items()}
    body = dumped(_in_tree(orjson.loads(row["body"]), filled)) if row["body"] else b""
    return Call(row["id"], row["method"], filled(row["url"]), headers, body, now // SECOND)


def _in_tree(value: Any, filled: Callable[[str], str]) -> Any:
    """The value with every text of it filled in."""
    if isinstance(value, str):
        return filled(value)
    if isinstance(value, dict):
        return {key: _in_tree(inner, filled) for key, inner in value.items()}
    return [_in_tree(inner, filled) for inner in value] if isinstance(value, list) else value


def dumped(value: Any) -> bytes:
    """A webhook's body as it is sent."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
