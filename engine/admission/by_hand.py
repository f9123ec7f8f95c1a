"""Enrolling records without a change of their score: named by somebody, of a list, or all that match now."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Literal, NamedTuple

from automations.steps.moments import NoDate, date_moment, zone_of
from automations.steps.waits import WaitUntil
from conditions.times import DAY, Micros
from conditions.tree import Lookup
from engine.admission.activity import Around
from engine.admission.admitting import ByHand, Entrant
from engine.admission.enrolling import Enrolling
from engine.published import Published
from engine.subjects import Subjects, earlier_subject
from runtime.beginnings import of_enrolling
from runtime.statuses import OPEN
from store.connection import Connection
from store.follow_ups.enrolling import NewEnrollment, known_origins, load_earlier
from store.scoring.ledgers import load_score_values
from store.scoring.pending import NOTHING
from triggers.compiled import CompiledTrigger, TriggerIndex
from triggers.evaluate import BY_HAND, Match, change_lookup, event_lookup, unmoved

#: Somebody who was enrolled so short a while ago is not meant by a list that is enrolled anew.
RECENT = 7 * DAY


class Wanted(NamedTuple):
    """Who is to be enrolled. `request` makes doing it twice harmless; `matching`: only where the filters hold now.

    `again`: also those who are in the automation, or were enrolled a short while ago. `by`: who wants it, and how they
    chose.
    """

    request: str
    matching: bool
    again: bool = False
    by: ByHand = ByHand()


class Listed(NamedTuple):
    """Whom to `decide` on or to `save`, and how many were left out.

    `already`: this request has dealt with them; `running`: they are in the automation; `recent`: they were enrolled
    within the last `RECENT`.
    """

    enrolling: Enrolling
    already: int
    running: int
    recent: int


def enlist(
    connection: Connection,
    published: Published,
    trigger: CompiledTrigger,
    wanted: Wanted,
    *,
    shard: int,
    kind: str,
    ids: Collection[int],
    now: Micros,
) -> Listed:
    """These contacts or deals (`kind`) of one shard.

    For the filters, `score` is the present score, `previous_score` the same, and there is no event. Re-entry, running
    follow-ups, exits and pauses count as they do for changes; `rearm` does not.
    """
    profile = published.by_key.get(trigger.profile or "")
    published = replace(published, triggers=TriggerIndex([trigger]))
    subjects = Subjects(connection, NOTHING, published, {kind: ids})
    enrolling = Enrolling(connection, shard, published, now, subjects)
    enrolling.facts.load_scores({})
    scores = {}
    if profile is not None:
        scores = load_score_values(connection, profile.id, ids, published.versions[profile.id].emptied)
    started_by = of_enrolling(wanted.request, wanted.by.smart_list)
    for record_id in ids:
        if not subjects.exists(kind, record_id):
            continue
        subject = subjects.subject(kind, record_id)
        facts = enrolling.facts.of(subject.contact_id, subject.deal_id)
        change = unmoved(scores.get(record_id), BY_HAND, wanted.request)
        lookup = change_lookup(profile, change, facts) if profile is not None else event_lookup(None, facts)
        if wanted.matching and not trigger.holds(lookup, now):
            continue
        exits = trigger.exits is not None and trigger.exits(lookup, now)
        match = Match(
            trigger,
            origin=f"enroll:{wanted.request}:{record_id}",
            event=None,
            change=change,
            depth=0,
            exits=exits,
        )
        enrolling.entrants.append(Entrant(match, profile, subject, by=wanted.by, started_by=started_by))
    origins = [entrant.match.origin for entrant in enrolling.entrants]
    done = known_origins(connection, trigger.automation_id, origins)
    enrolling.entrants = [entrant for entrant in enrolling.entrants if entrant.match.origin not in done]
    left_out: Counter[str] = Counter()
    if not wanted.again:
        before = _entered(connection, trigger, enrolling, now)
        left_out.update(
            before[entrant.subject.guarded]
            for entrant in enrolling.entrants
            if entrant.subject.guarded in before
        )
        enrolling.entrants = [
            entrant for entrant in enrolling.entrants if entrant.subject.guarded not in before
        ]
    return Listed(enrolling, len(done), left_out["running"], left_out["recent"])


def _entered(
    connection: Connection, trigger: CompiledTrigger, enrolling: Enrolling, now: Micros
) -> dict[tuple[int, int | None], Literal["running", "recent"]]:
    """Who of these records is in the automation, or was enrolled a short while ago.

    What the trigger says of that itself is left to it: it skips with a reason, or lets them in.
    """
    says_running, says_recent = trigger.while_running == "skip", trigger.reentry is not None
    contacts = {entrant.subject.contact_id for entrant in enrolling.entrants}
    before: dict[tuple[int, int | None], Literal["running", "recent"]] = {}
    for earlier in load_earlier(connection, [trigger.automation_id], contacts):
        guarded = earlier_subject(earlier, enrolling.published.kinds).guarded
        if earlier.status in OPEN:
            if not says_running:
                before[guarded] = "running"
        elif earlier.created_at > now - RECENT and not says_recent:
            before.setdefault(guarded, "recent")
    return before


def count_past(
    enrolling: Enrolling, enrollments: Iterable[NewEnrollment], dates: Mapping[int, WaitUntil | None]
) -> Counter[int]:
    """By automation, for how many of these enrollments the date that they wait for first is over.

    `dates`: what the follow-ups of each automation wait for first.
    """
    past: Counter[int] = Counter()
    for enrollment in enrollments:
        date = dates.get(enrollment.automation_id)
        if date is not None:
            facts = enrolling.facts.of(enrollment.contact_id, enrollment.deal_id)
            around = Around(enrollment.contact_id, enrollment.deal_id)
            fields = enrolling.facts.activity.fields(facts.fields, around)
            past[enrollment.automation_id] += _is_over(date, fields, enrolling.now)
    return past


def _is_over(date: WaitUntil, fields: Lookup, now: Micros) -> bool:
    if date.until.startswith("event."):
        return False
    try:
        return date_moment(date, fields(date.until), zone_of(date, fields)) <= now
    except NoDate:
        return False
