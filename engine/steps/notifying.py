"""The step `notify`: whom the message goes to, and whether it goes out, is fixed when the step is reached."""

from collections.abc import Iterator
from typing import Any

import structlog
from uuid_utils import uuid7

from automations.addresses import MAILTO, mailto
from automations.reaching import Candidate, Choice, choose
from automations.steps.actions import NotifyStep
from conditions.values import is_empty
from engine.steps.situation import OPTED_OUT, TO_CONTACT, Situation, wants_no_mail
from runtime.statuses import MessageStatus
from store.connection import Connection, Row
from store.design import definitions
from store.follow_ups import alerts
from store.follow_ups.messages import NOTIFICATIONS

_log = structlog.get_logger()


def notify(situation: Situation, path: str, step: Any) -> dict[str, Any]:
    """Store the message: as one to be sent, or with the reason why it is not."""
    spec: NotifyStep = step
    subject, message = situation.text(path)
    wanted, choice = _wanted(spec), chosen(situation, spec)
    recipient = choice.candidate.who if choice.candidate is not None else None
    notification_id = str(uuid7())
    status, reason = _decided(situation, choice, notification_id)
    if reason is not None:
        _log.info("notification not sent", notification=notification_id, reason=reason)
    values = {
        "id": notification_id,
        **situation.made_at(path),
        "recipient": recipient or wanted[-1],
        "targets": choice.targets if status == MessageStatus.PENDING else [],
        "subject": subject,
        "message": message,
        "status": status,
        "reason": reason,
        "passed_over": "; ".join(choice.passed) or None if choice.candidate is not None else None,
    }
    situation.working_set.add_message(NOTIFICATIONS, values)
    return {"notification": notification_id, "status": status}


def chosen(situation: Situation, step: NotifyStep) -> Choice:
    """Whom the message is for, by which addresses, of those whom the step names."""
    return choose(_candidates(situation, _wanted(step)))


def _wanted(step: NotifyStep) -> list[str]:
    to = step.notify.to
    return to if isinstance(to, list) else [to]


def _decided(situation: Situation, choice: Choice, notification_id: str) -> tuple[MessageStatus, str | None]:
    """Whether the message is to be sent, and if not, why. One that is counts among those of this hour."""
    if choice.candidate is None:
        whom = "contact" if situation.own_deal is None else "deal"
        empty = [f"{' and '.join(choice.empty)}: empty for this {whom}"] if choice.empty else []
        return MessageStatus.RECORDED, "; ".join([*choice.passed, *empty])
    recipient, to_contact = choice.candidate.who, choice.candidate.name == TO_CONTACT
    if to_contact and wants_no_mail(situation.contact):
        return MessageStatus.WITHHELD, OPTED_OUT
    if not choice.targets:
        if choice.candidate.channels:
            return MessageStatus.RECORDED, "none of its channels is e-mail"
        return MessageStatus.RECORDED, f'no recipient "{recipient}" with a channel is defined'
    if not situation.outbound.sends_mail:
        return MessageStatus.RECORDED, situation.outbound.no_mail
    most = situation.outbound.alerts_per_hour
    automation = situation.enrollment["automation"]
    if to_contact or alerts.admit(
        situation.connection, notification_id, recipient or "", automation, situation.now, most
    ):
        return MessageStatus.PENDING, None
    return MessageStatus.RECORDED, f"this recipient got {most} e-mails within an hour; more are only recorded"


def _candidates(situation: Situation, wanted: list[str]) -> Iterator[Candidate]:
    """Those whom a step names, as they are for this record."""
    for name in wanted:
        if name == TO_CONTACT:
            email = situation.contact["email"]
            if is_empty(email):
                yield Candidate(name)
            else:
                yield Candidate(name, TO_CONTACT, [MAILTO + email], "contact.email")
        elif name == "owner":
            whose = "contact.owner" if situation.own_deal is None else "deal.owner"
            owner = situation.owner
            yield (
                _reached(situation.working_set.recipient(owner), name, owner, whose)
                if owner
                else Candidate(name)
            )
        else:
            yield _reached(situation.working_set.recipient(name), name, name, f'"{name}"')


def _reached(recipient: Row | None, name: str, who: str, source: str) -> Candidate:
    """Somebody by the channels of their document, where there is one, or by the name if that is an address."""
    if recipient is not None:
        return Candidate(name, who, recipient["channels"], f'a channel of "{who}"')
    if mailto(who) is not None:
        return Candidate(name, who, [who], source)
    return Candidate(name, who, [MAILTO + who] if "@" in who and ":" not in who else [], source)


def addresses_of(connection: Connection, who: str) -> list[str]:
    """The channels by which a recipient gets e-mail now."""
    return choose([_reached(definitions.find_recipient(connection, who), who, who, "")]).targets
