"""What each step does to our own database. Every effect is written with its outcome, in one transaction."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from uuid_utils import uuid7

from activities.published import Published
from automations.model import Automation
from automations.step_models import (
    AddTagStep,
    AdjustScoreStep,
    BaseStep,
    CreateTaskStep,
    IfStep,
    NotifyStep,
    RemoveTagStep,
    StopStep,
    UpdateStep,
    WaitStep,
)
from automations.templates import TemplateFailed, render
from conditions.times import Micros, micros_of, to_iso
from conditions.tree import compile_conditions
from conditions.values import Value
from scoring.ledger import Event
from store import contacts, definitions, follow_ups
from store.connection import Connection, RowMapping
from store.facts import Properties

#: An outcome's result holds our own ids and numbers.
Result = dict[str, Any]


#: `Situation.mail` when e-mail leaves.
SENDS = "send"
_log = structlog.get_logger()


class StepFailed(Exception):
    """The step cannot succeed however often it is tried; the message is safe to show anywhere."""


@dataclass(slots=True)
class Situation:
    """An enrollment as a step finds it.

    `mail`: `send` when there is a mail server, else why none leaves. `changed`: a step made work for the shard.
    """

    connection: Connection
    enrollment: RowMapping
    automation: Automation
    now: Micros
    mail: str
    published: Published
    changed: bool = False
    _contact: RowMapping | None = None
    _scores: dict[str, tuple[int, int | None]] | None = None
    _event: Event | None = None

    @property
    def contact(self) -> RowMapping:
        if self._contact is None:
            found = contacts.contact_by_id(self.connection, self.enrollment["contact_id"])
            if found is None:
                raise StepFailed("the contact does not exist any more")
            self._contact = found
        return self._contact

    @property
    def scores(self) -> dict[str, tuple[int, int | None]]:
        if self._scores is None:
            self._scores = follow_ups.present_scores(self.connection, self.enrollment["contact_id"])
        return self._scores

    @property
    def event(self) -> Event | None:
        event_id = self.enrollment["event_id"]
        if self._event is None and event_id is not None:
            row = follow_ups.load_event(self.connection, event_id)
            if row is not None:
                self._event = Event(row["id"], row["type"], row["occurred_at"], Properties(row["properties"]))
        return self._event

    def band(self, profile: str | None, score: int | None) -> str | None:
        """The label of a score under the published version of a profile."""
        found = self.published.by_key.get(profile) if profile is not None else None
        return found.band(score) if found is not None else None

    def change_contact(self, values: Mapping[str, Any]) -> bool:
        """Change fields as a consequence of this enrollment."""
        done = contacts.change_contact(
            self.connection, self.contact, values, self.now, depth=self.enrollment["depth"] + 1
        )
        self.changed = self.changed or done
        self._contact = None
        return done

    def lookup(self, name: str) -> Value:
        """The fields that conditions of steps read: present values, and those of the enrolling change."""
        row = self.enrollment
        profile = row["profile"]
        if name.startswith("contact."):
            return self._contact_field(name[8:])
        if name == "score":
            return self.score_of(profile)
        if name == "band":
            return self.band(profile, self.score_of(profile))
        if name.startswith("scores."):
            return self.score_of(name[7:])
        if name.startswith("bands."):
            return self.band(name[6:], self.score_of(name[6:]))
        if name == "previous_score":
            previous: Value = row["previous"]
            return previous
        if name == "previous_band":
            return self.band(profile, row["previous"])
        if name == "change":
            return (row["current"] or 0) - (row["previous"] or 0)
        if name == "cause":
            cause: Value = row["cause"]
            return cause
        if name.startswith("event.") and self.event is not None:
            return self.event.type if name == "event.type" else self.event.properties.get(name[6:])
        return None

    def _profile_name(self, key: str | None) -> str | None:
        row = definitions.find(self.connection, definitions.PROFILES, key) if key else None
        return (row["draft"].get("name") or key) if row is not None else key

    def score_of(self, profile: str | None) -> int | None:
        return self.scores.get(profile, (0, None))[1] if profile else None

    def _contact_field(self, name: str) -> Value:
        row = self.contact
        if name == "created_at":
            return to_iso(row["created_at"])
        if name in (*contacts.WRITABLE, "key") and name != "fields":
            value: Value = row[name]
            return value
        return row["fields"].get(name)  # type: ignore[no-any-return]

    def context(self) -> dict[str, Any]:
        """What templates know."""
        row, contact = self.enrollment, self.contact
        profile = row["profile"]
        now = self.score_of(profile)
        known = {
            name: contact[name] for name in ("key", "name", "email", "phone", "stage", "owner", "tags", "dnd")
        }
        event = self.event
        return {
            "contact": {
                **contact["fields"],
                **known,
                "id": contact["id"],
                "created_at": to_iso(contact["created_at"]),
                "label": label(contact),
            },
            "deal": {},
            "event": {**event.properties, "type": event.type} if event is not None else {},
            "score": {
                "previous": row["previous"],
                "current": row["current"],
                "now": now,
                "change": (row["current"] or 0) - (row["previous"] or 0),
            },
            "band": {
                "previous": self.band(profile, row["previous"]),
                "current": self.band(profile, row["current"]),
                "now": self.band(profile, now),
            },
            "automation": {
                "key": row["automation"],
                "name": self.automation.title,
                "version": row["version"],
            },
            "profile": {"key": profile, "name": self._profile_name(profile)},
        }


def label(contact: RowMapping) -> str:
    """How people call a contact: name, else e-mail, else key."""
    found: str = contact["name"] or contact["email"] or contact["key"]
    return found


def perform(situation: Situation, path: str, step: BaseStep) -> Result:
    """Do one step; its result becomes the outcome. Raises StepFailed."""
    try:
        return _PERFORM[type(step)](situation, path, step)
    except TemplateFailed as error:
        raise StepFailed(f"its template failed: {error}") from None


def _notify(situation: Situation, path: str, step: Any) -> Result:
    spec: NotifyStep = step
    recipient, targets, withheld = _recipient(situation, spec.notify.to)
    context = situation.context()
    subject = render(spec.notify.subject, context)
    message = render(spec.notify.message, context)
    sendable = [target for target in targets if target.startswith("mailto:")]
    status, reason = "recorded", None
    if withheld:
        status, reason, sendable = "withheld" if targets else "recorded", withheld, []
    elif sendable and situation.mail == SENDS:
        status = "pending"
    elif targets:
        reason = situation.mail if sendable else "none of its channels is e-mail"
        sendable = []
    else:
        reason = f'no recipient "{recipient}" with a channel is defined'
    notification_id = str(uuid7())
    if reason is not None:
        _log.info("notification not sent", notification=notification_id, reason=reason)
    row = situation.enrollment
    follow_ups.add_notification(
        situation.connection,
        id=notification_id,
        enrollment_id=row["id"],
        path=path,
        automation_id=row["automation_id"],
        contact_id=row["contact_id"],
        deal_id=row["deal_id"],
        recipient=recipient,
        targets=sendable,
        subject=subject,
        message=message,
        status=status,
        reason=reason,
        created_at=situation.now,
    )
    return {"notification": notification_id, "status": status}


def _recipient(situation: Situation, to: str | list[str]) -> tuple[str, list[str], str | None]:
    """(who, channel addresses, why nothing may be sent): of a list, the first that is not empty."""
    wanted = to if isinstance(to, list) else [to]
    contact = situation.contact
    for name in wanted:
        if name == "contact":
            if contact["email"]:
                opted_out = contact["dnd"] == "all" or "email" in contact["dnd"]
                reason = "the contact does not want e-mail (dnd)" if opted_out else None
                return "contact", [f"mailto:{contact['email']}"], reason
        elif name == "owner":
            if contact["owner"]:
                return contact["owner"], _channels(situation, contact["owner"]), None
        else:
            return name, _channels(situation, name), None
    return wanted[-1], [], f"{' and '.join(wanted)}: empty for this contact"


def _channels(situation: Situation, name: str) -> list[str]:
    found = definitions.find_recipient(situation.connection, name)
    if found is not None:
        channels: list[str] = found["channels"]
        return channels
    if "@" in name and ":" not in name:
        return [f"mailto:{name}"]
    return [name] if name.startswith("mailto:") else []


def _create_task(situation: Situation, path: str, step: Any) -> Result:
    spec: CreateTaskStep = step
    task, row = spec.create_task, situation.enrollment
    context = situation.context()
    task_id = str(uuid7())
    assignee = situation.contact["owner"] if task.assign_to == "owner" else task.assign_to
    follow_ups.add_task(
        situation.connection,
        id=task_id,
        enrollment_id=row["id"],
        path=path,
        automation_id=row["automation_id"],
        contact_id=row["contact_id"],
        deal_id=row["deal_id"],
        title=render(task.title, context).strip() or situation.automation.title,
        description=render(task.description, context),
        assign_to=assignee,
        due_at=situation.now + micros_of(task.due_in) if task.due_in else None,
        status="open",
        created_at=situation.now,
        updated_at=situation.now,
    )
    return {"task": task_id}


def _add_tag(situation: Situation, path: str, step: Any) -> Result:
    spec: AddTagStep = step
    tags = situation.contact["tags"]
    tag = spec.add_tag
    return {"changed": tag not in tags and situation.change_contact({"tags": [*tags, tag]})}


def _remove_tag(situation: Situation, path: str, step: Any) -> Result:
    spec: RemoveTagStep = step
    tag = spec.remove_tag
    return {
        "changed": situation.change_contact(
            {"tags": [kept for kept in situation.contact["tags"] if kept != tag]}
        )
    }


def _update(situation: Situation, path: str, step: Any) -> Result:
    spec: UpdateStep = step
    wanted, contact, context = spec.update, situation.contact, situation.context()
    values: dict[str, Any] = {}
    given = wanted.model_fields_set
    if "stage" in given:
        values["stage"] = wanted.stage
    if "owner" in given:
        values["owner"] = _next_owner(situation, path, wanted.owner)
    if "dnd" in given:
        dnd = wanted.dnd if wanted.dnd is not None else []
        values["dnd"] = "all" if isinstance(dnd, list) and len(set(dnd)) == 4 else dnd
    if wanted.fields:
        filled = {
            name: render(value, context) if isinstance(value, str) else value
            for name, value in wanted.fields.items()
        }
        merged = {**contact["fields"], **filled}
        values["fields"] = {name: value for name, value in merged.items() if value is not None}
    return {"changed": situation.change_contact(values)}


def _next_owner(situation: Situation, path: str, owner: str | list[str] | None) -> str | None:
    """Of several owners, each enrollment at this step gets the next in turn."""
    if not isinstance(owner, list):
        return owner
    turn = follow_ups.take_turn(situation.connection, f"owner:{situation.enrollment['automation_id']}:{path}")
    return owner[turn % len(owner)]


def _adjust_score(situation: Situation, path: str, step: Any) -> Result:
    spec: AdjustScoreStep = step
    row, wanted = situation.enrollment, spec.adjust_score
    profile = definitions.find(situation.connection, definitions.PROFILES, wanted.profile)
    if profile is None or profile["version"] is None:
        raise StepFailed(f'the profile "{wanted.profile}" is not published')
    follow_ups.add_adjustment(
        situation.connection,
        id=f"{row['id']}/{path}",
        profile_id=profile["id"],
        record_id=row["contact_id"],
        shard=row["shard"],
        points=wanted.points,
        set_to=wanted.set_to,
        reason=render(wanted.reason, situation.context()),
        author=f"automation {row['automation']}",
        at=situation.now,
        ends_at=None,
        status=0,
        silent=False,
        depth=row["depth"] + 1,
    )
    situation.changed = True
    return {}


def _if(situation: Situation, path: str, step: Any) -> Result:
    spec: IfStep = step
    if compile_conditions(spec.condition)(situation.lookup, situation.now):
        return {"branch": "then"}
    for index, way in enumerate(spec.elif_):
        if compile_conditions(way.condition)(situation.lookup, situation.now):
            return {"branch": f"elif.{index}"}
    return {"branch": "else"}


def _wait(situation: Situation, path: str, step: Any) -> Result:
    spec: WaitStep = step
    if not isinstance(spec.wait, str):
        raise StepFailed("waiting for a time of day or a date is not available")
    return {"until": situation.now + micros_of(spec.wait)}


def _stop(situation: Situation, path: str, step: Any) -> Result:
    spec: StopStep = step
    return {"stop": spec.stop}


_PERFORM: dict[type[BaseStep], Callable[[Situation, str, Any], Result]] = {
    NotifyStep: _notify,
    CreateTaskStep: _create_task,
    AddTagStep: _add_tag,
    RemoveTagStep: _remove_tag,
    UpdateStep: _update,
    AdjustScoreStep: _adjust_score,
    IfStep: _if,
    WaitStep: _wait,
    StopStep: _stop,
}


__all__ = ["Result", "Situation", "StepFailed", "label", "perform"]
