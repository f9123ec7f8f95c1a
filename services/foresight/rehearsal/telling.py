"""What a step came to, as it is told."""

from collections.abc import Sequence
from typing import Any

from automations import secret_placeholders
from automations.addresses import mailto
from automations.steps.ways import StartStep
from channels.outbound import Outbound
from channels.webhooks import sent_headers
from conditions.times import to_iso
from engine.rehearsal.tried import Tried
from engine.steps.webhooks import call_of
from runtime.statuses import MessageStatus
from services.answers import iso
from services.follow_ups.answers import with_passed_over
from services.foresight.rehearsal.answers import (
    RehearsedChange,
    RehearsedMessage,
    RehearsedScore,
    RehearsedStart,
    RehearsedStep,
    RehearsedTask,
    RehearsedWay,
    RehearsedWebhook,
)
from store.connection import RowMapping

SIGNATURE = "webhook-signature"
_UNSIGNED = "(workers sign it)"


class Teller:
    """Tells steps. `keys` sign webhooks; without them, and with secrets unknown here, the signature is left out."""

    def __init__(self, outbound: Outbound, keys: Sequence[bytes], *, knows_secrets: bool) -> None:
        self.outbound = outbound
        self._keys = keys
        self._knows_secrets = knows_secrets
        self.unknown_secrets: set[str] = set()

    def step(self, tried: Tried) -> RehearsedStep:
        """The step with what concerns it."""
        step, result = tried.step, tried.result
        told: dict[str, Any] = {
            "path": tried.path,
            "kind": step.kind,
            "title": step.title,
            "at": to_iso(tried.at),
            **({"key": step.key} if step.key is not None else {}),
            **({"until": iso(tried.until)} if tried.until is not None else {}),
            **({"failed": tried.failed} if tried.failed is not None else {}),
            **({"assumed": tried.assumed} if tried.assumed is not None else {}),
            **({"stops": result["stop"]} if "stop" in result else {}),
        }
        if tried.branch is not None:
            told["way"] = _way(tried)
        if tried.made is not None and "notification" in result:
            told["message"] = self._message(tried.made, tried.reaches)
        if tried.made is not None and "task" in result:
            told["task"] = self._task(tried.made)
        if tried.made is not None and "webhook" in result:
            told["webhook"] = self._webhook(tried.made)
        if tried.changes:
            told["changes"] = [
                RehearsedChange(
                    record=change.record,
                    field=change.field,
                    before=change.before,
                    after=change.after,
                )
                for change in tried.changes
            ]
        if tried.scores:
            told["scores"] = [
                RehearsedScore(profile=move.profile, before=move.before, after=move.after)
                for move in tried.scores
            ]
        if isinstance(step, StartStep) and tried.failed is None:
            told["starts"] = RehearsedStart(
                automation=step.start, enrolls="enrollment" in result, reason=result.get("skipped")
            )
        return RehearsedStep(**told)

    def _message(self, row: RowMapping, reaches: Sequence[str]) -> RehearsedMessage:
        pending = row["status"] == MessageStatus.PENDING
        return RehearsedMessage(
            recipient=row["recipient"],
            to=[mailto(target) or target for target in reaches],
            outcome="sent" if pending else row["status"],
            reason=with_passed_over(row["reason"], row["passed_over"]),
            subject=row["subject"],
            message=row["message"],
        )

    def _task(self, row: RowMapping) -> RehearsedTask:
        return RehearsedTask(
            title=row["title"],
            description=row["description"],
            assign_to=row["assign_to"],
            due_at=iso(row["due_at"]),
        )

    def _webhook(self, row: RowMapping) -> RehearsedWebhook:
        """As it would be sent, with the names of secrets; the signature is that of the secrets themselves."""

        def plain(text: str) -> str:
            return secret_placeholders.shown(text, row["id"])

        named: set[str] = set()

        def secret(name: str) -> str:
            named.add(name)
            return self.outbound.secrets[name]

        moment = row["created_at"]
        shown = call_of(row, plain, moment)
        real = call_of(row, lambda text: secret_placeholders.filled(text, row["id"], secret), moment)
        headers = sent_headers(self._keys, shown)
        headers[SIGNATURE] = sent_headers(self._keys, real)[SIGNATURE]
        if not self._keys or (named and not self._knows_secrets):
            headers[SIGNATURE] = _UNSIGNED
        if not self._knows_secrets:
            self.unknown_secrets |= named
        pending = row["status"] == MessageStatus.PENDING
        return RehearsedWebhook(
            method=shown.method,
            url=shown.url,
            headers=headers,
            body=shown.body.decode(),
            outcome="sent" if pending else "recorded",
            reason=row["reason"],
        )


def _way(tried: Tried) -> RehearsedWay:
    ways = {way.name: way.taken or way.title for way in tried.step.branches()}
    told: dict[str, Any] = {"branch": tried.branch, "title": ways.get(tried.branch or "", tried.branch)}
    if tried.chosen:
        told |= {"by": "choice", "otherwise": tried.otherwise}
    else:
        told["by"] = "assumption" if tried.assumed is not None else "conditions"
    return RehearsedWay(**told)
