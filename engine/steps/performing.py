"""What each step does to our own database. Every effect is written with its outcome, in one transaction."""

from collections.abc import Callable, Mapping
from typing import Any
from zlib import crc32

from automations.steps.actions import (
    AddTagStep,
    AdjustScoreStep,
    ContactUpdate,
    CreateTaskStep,
    NotifyStep,
    RemoveTagStep,
    UpdateStep,
    WebhookStep,
)
from automations.steps.base import BaseStep
from automations.steps.waits import WaitForStep, WaitStep
from automations.steps.ways import IfStep, SplitStep, StartStep, StopStep
from conditions.fields import CONTACT
from conditions.times import micros_of
from conditions.tree import compile_conditions
from engine.steps.chaining import enroll_in
from engine.steps.notifying import notify
from engine.steps.situation import Situation, StepFailed
from engine.steps.waiting import wait, wait_for
from engine.steps.webhooks import store_call
from runtime.principals import Principal
from runtime.statuses import EventStatus
from store.access import audit
from store.follow_ups import effects

#: An outcome's result holds our own ids and numbers.
Result = dict[str, Any]


def perform(situation: Situation, path: str, step: BaseStep) -> Result:
    """Do one step; its result becomes the outcome.

    Raises StepFailed, StillWaiting, or TextsMissing before anything is done. What it writes is in the database at
    once, or kept back in the working set that the situation shares with others.
    """
    try:
        return PERFORMERS[type(step)](situation, path, step)
    finally:
        if situation.shared is None:
            situation.working_set.flush()


def _create_task(situation: Situation, path: str, step: Any) -> Result:
    spec: CreateTaskStep = step
    task = spec.create_task
    title, description = situation.text(path)
    assignee = situation.owner if task.assign_to == "owner" else task.assign_to
    row, made = situation.enrollment, situation.made_at(path)
    values = {
        **made,
        "step": spec.key,
        "shard": row["shard"],
        "title": title.strip() or situation.automation.title,
        "description": description,
        "assign_to": assignee,
        "due_at": situation.now + micros_of(task.due_in) if task.due_in else None,
    }
    task_id = situation.working_set.add_task(made.pop("created_at"), row["depth"] + 1, values)
    situation.changed = True
    return {"task": task_id}


def _add_tag(situation: Situation, path: str, step: Any) -> Result:
    spec: AddTagStep = step
    tag = spec.add_tag
    return {"changed": situation.change_tags(spec.to, lambda tags: tags if tag in tags else [*tags, tag])}


def _remove_tag(situation: Situation, path: str, step: Any) -> Result:
    spec: RemoveTagStep = step
    gone = spec.remove_tag
    return {"changed": situation.change_tags(spec.to, lambda tags: [tag for tag in tags if tag != gone])}


def _update(situation: Situation, path: str, step: Any) -> Result:
    spec: UpdateStep = step
    of_record, of_contact = situation.text(path)
    wanted, deal = spec.update, situation.own_deal
    changed = False
    if wanted.model_fields_set - {"contact"}:
        if deal is None:
            changed = _update_contact(situation, path, wanted, of_record)
        elif "dnd" in wanted.model_fields_set:
            raise StepFailed("a deal has no dnd")
        else:
            values = _new_values(situation, path, wanted, {**deal["fields"], **of_record})
            changed = situation.change_deal(deal, values)
    if wanted.contact is not None:
        turn = f"{path}.contact"
        changed = _update_contact(situation, turn, wanted.contact, of_contact) or changed
    return {"changed": changed}


def _update_contact(
    situation: Situation, turn: str, wanted: ContactUpdate, filled: Mapping[str, Any]
) -> bool:
    values = _new_values(situation, turn, wanted, {**situation.contact["fields"], **filled})
    if "dnd" in wanted.model_fields_set:
        dnd = wanted.dnd if wanted.dnd is not None else []
        values["dnd"] = "all" if isinstance(dnd, list) and len(set(dnd)) == 4 else dnd
    return situation.change_contact(values)


def _new_values(
    situation: Situation, turn: str, wanted: ContactUpdate, fields: Mapping[str, Any]
) -> dict[str, Any]:
    """The columns that contacts and deals have alike; `turn` names the place where owners take turns."""
    values: dict[str, Any] = {}
    if "stage" in wanted.model_fields_set:
        values["stage"] = wanted.stage
    if "owner" in wanted.model_fields_set:
        values["owner"] = _next_owner(situation, turn, wanted.owner)
    if wanted.fields:
        values["fields"] = {name: value for name, value in fields.items() if value is not None}
    return values


def _next_owner(situation: Situation, path: str, owner: str | list[str] | None) -> str | None:
    """Of several owners, each enrollment at this step gets the next in turn."""
    if not isinstance(owner, list):
        return owner
    turn = effects.take_turn(situation.connection, f"owner:{situation.enrollment['automation_id']}:{path}")
    return owner[turn % len(owner)]


def _adjust_score(situation: Situation, path: str, step: Any) -> Result:
    spec: AdjustScoreStep = step
    reason = situation.text(path)
    row, wanted = situation.enrollment, spec.adjust_score
    profile = situation.working_set.profile(wanted.profile)
    if profile is None or profile["version"] is None:
        raise StepFailed(f'the profile "{wanted.profile}" is not published')
    record_id = row["contact_id"] if profile["applies_to"] == CONTACT else row["deal_id"]
    if record_id is None:
        raise StepFailed(f'the profile "{wanted.profile}" scores deals, and this follow-up has none')
    effects.add_adjustment(
        situation.connection,
        id=f"{row['id']}/{path}",
        profile_id=profile["id"],
        record_id=record_id,
        shard=row["shard"],
        points=wanted.points,
        set_to=wanted.set_to,
        reason=reason,
        author=f"automation {row['automation']}",
        at=situation.now,
        ends_at=None,
        status=EventStatus.PENDING,
        silent=False,
        depth=row["depth"] + 1,
    )
    record = situation.contact if profile["applies_to"] == CONTACT else situation.deal
    audit.note(
        situation.connection,
        Principal("automation", f"{row['automation']} v{row['version']}", frozenset(), id=row["automation"]),
        situation.now,
        "adjust",
        profile["applies_to"],
        None if record is None else record["key"],
        contact_id=row["contact_id"],
        after={
            "profile": wanted.profile,
            "points": wanted.points,
            "set_to": wanted.set_to,
            "reason": reason,
            "enrollment": row["id"],
        },
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


def _split(situation: Situation, path: str, step: Any) -> Result:
    """The same way for a record, at this step of this automation, every time."""
    spec: SplitStep = step
    row = situation.enrollment
    subject = situation.subject
    record = f"{subject.kind} {subject.record_id}"
    place = crc32(f"{row['automation_id']}:{path}:{record}".encode()) % 100
    for index, share in enumerate(spec.split):
        place -= share.percent
        if place < 0:
            return {"branch": f"split.{index}"}
    return {"branch": "none"}


def _start(situation: Situation, path: str, step: Any) -> Result:
    spec: StartStep = step
    return enroll_in(situation, path, spec.start)


def _stop(situation: Situation, path: str, step: Any) -> Result:
    spec: StopStep = step
    return {"stop": spec.stop}


PERFORMERS: dict[type[BaseStep], Callable[[Situation, str, Any], Result]] = {
    NotifyStep: notify,
    CreateTaskStep: _create_task,
    AddTagStep: _add_tag,
    RemoveTagStep: _remove_tag,
    UpdateStep: _update,
    AdjustScoreStep: _adjust_score,
    WebhookStep: store_call,
    IfStep: _if,
    WaitStep: wait,
    WaitForStep: wait_for,
    SplitStep: _split,
    StartStep: _start,
    StopStep: _stop,
}
