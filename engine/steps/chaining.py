"""The step `start`: a follow-up enrolls its record in another automation."""

from typing import Any

from conditions.fields import DEAL
from engine.admission.admitting import Admission, Entrant
from engine.steps.situation import Situation, StepFailed
from engine.subjects import Subject
from store.follow_ups import enrollments
from triggers.compiled import CompiledTrigger
from triggers.evaluate import BY_STEP, Match, unmoved


def enroll_in(situation: Situation, path: str, key: str) -> dict[str, Any]:
    """Enroll the record, as a trigger would; the outcome names the enrollment, or why there is none.

    Re-entry, running follow-ups, pauses, exits and the depth of chains count as they do for triggers; the filters do
    not. Raises StepFailed when the automation is not published, or is about a deal and there is none.
    """
    trigger = next((known for known in situation.published.triggers.triggers if known.key == key), None)
    if trigger is None:
        raise StepFailed(f'the automation "{key}" is not published')
    row = situation.enrollment
    deal_id = _deal_of(situation, trigger)
    origin = f"{enrollments.STARTED}{row['id']}/{path}"
    exits = trigger.exits is not None and trigger.exits(situation.lookup, situation.now)
    profile = situation.published.by_key.get(trigger.profile or "")
    change = unmoved(situation.score_of(trigger.profile), BY_STEP, origin, row["depth"] + 1)
    entrant = Entrant(
        match=Match(trigger, origin=origin, event=None, change=change, depth=row["depth"] + 1, exits=exits),
        profile=profile,
        subject=Subject.enrolled(row["contact_id"], deal_id, profile.applies_to if profile else None),
        event_id=row["event_id"],
        started_by=row["started_by"],
    )
    admission = Admission(situation.published, row["shard"], situation.now)
    decided = admission.save(situation.connection, [entrant])
    if decided.skips:
        return {"skipped": decided.skips[0].reason}
    situation.changed = True
    return {"enrollment": decided.enrollments[0].id}


def _deal_of(situation: Situation, trigger: CompiledTrigger) -> int | None:
    """The deal that the new enrollment is about, or names."""
    deal_id: int | None = situation.enrollment["deal_id"]
    profile = situation.published.by_key.get(trigger.profile or "")
    if profile is not None and profile.applies_to == DEAL and deal_id is None:
        raise StepFailed(f'the automation "{trigger.key}" is about deals, and this follow-up has none')
    if profile is None and not situation.subject.about_deal:
        return None
    return deal_id
