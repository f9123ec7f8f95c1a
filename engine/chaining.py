"""The step `start`: a follow-up enrolls its record in another automation."""

from typing import Any

from uuid_utils import uuid7

from engine.enrolling import paced
from engine.situation import Situation, StepFailed
from runtime.statuses import OPEN
from store.follow_ups import enrolling as rows
from store.follow_ups import enrollments as follow_ups
from store.follow_ups import watching
from triggers.compiled import CompiledTrigger
from triggers.evaluate import Guard, Match, skip_reason


def enroll_in(situation: Situation, path: str, key: str) -> dict[str, Any]:
    """Enroll the record, as a trigger would; the outcome names the enrollment, or why there is none.

    Re-entry, running follow-ups, pauses, exits and the depth of chains count as they do for triggers; the filters do
    not. Raises StepFailed when the automation is not published, or is about a deal and there is none.
    """
    trigger = next((found for found in situation.published.triggers.triggers if found.key == key), None)
    if trigger is None:
        raise StepFailed(f'the automation "{key}" is not published')
    row = situation.enrollment
    deal_id = _deal_of(situation, trigger)
    origin = f"start:{row['id']}/{path}"
    exits = trigger.exits is not None and trigger.exits(situation.lookup, situation.now)
    match = Match(trigger, origin, None, None, row["depth"] + 1, exits)
    guard = _guard(situation, trigger, deal_id)
    reason = skip_reason(match, guard, situation.now)
    if reason is not None:
        skip = rows.NewSkip(
            trigger.automation_id,
            origin,
            trigger.version,
            row["contact_id"],
            deal_id,
            reason,
            situation.now,
        )
        rows.save_skips(situation.connection, [skip])
        return {"skipped": reason}
    if trigger.while_running == "replace" and guard.running:
        rows.replace_running(situation.connection, guard.running, situation.now)
    score = situation.score_of(trigger.profile)
    profile = situation.published.by_key.get(trigger.profile or "")
    enrollment = rows.NewEnrollment(
        str(uuid7()),
        trigger.automation_id,
        trigger.version,
        row["contact_id"],
        deal_id,
        row["shard"],
        origin,
        profile.id if profile else None,
        None,
        row["event_id"],
        "start",
        score,
        score,
        row["depth"] + 1,
        situation.now,
        watching.EXIT if trigger.exits_early else 0,
        situation.now,
    )
    most = {trigger.automation_id: trigger.most_starts}
    rows.save_enrollments(
        situation.connection, paced(situation.connection, [enrollment], most, situation.now)
    )
    situation.changed = True
    return {"enrollment": enrollment.id}


def _deal_of(situation: Situation, trigger: CompiledTrigger) -> int | None:
    """The deal that the new enrollment is about, or names."""
    deal_id: int | None = situation.enrollment["deal_id"]
    profile = situation.published.by_key.get(trigger.profile or "")
    if profile is not None and profile.applies_to == "deal" and deal_id is None:
        raise StepFailed(f'the automation "{trigger.key}" is about deals, and this follow-up has none')
    if profile is None and not follow_ups.about_deal(situation.enrollment):
        return None
    return deal_id


def _guard(situation: Situation, trigger: CompiledTrigger, deal_id: int | None) -> Guard:
    profile = situation.published.by_key.get(trigger.profile or "")
    about_deal = deal_id is not None and (profile is None or profile.applies_to == "deal")
    guard = Guard()
    found = rows.load_earlier(
        situation.connection, [trigger.automation_id], [situation.enrollment["contact_id"]]
    )
    for earlier in found:
        same = earlier.about_deal(situation.published.kinds)
        if same == about_deal and (not about_deal or earlier.deal_id == deal_id):
            guard.last_start = max(earlier.created_at, earlier.start_at)
            if earlier.status in OPEN:
                guard.running.append(earlier.id)
    return guard
