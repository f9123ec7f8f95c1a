"""Enrolling records without a change of their score: named by somebody, of a list, or all that match now."""

from collections.abc import Collection
from dataclasses import replace
from typing import NamedTuple

from automations.steps.moments import NoDate, date_moment, zone_of
from automations.steps.waits import WaitUntil
from conditions.times import Micros
from conditions.tree import Lookup
from engine.admitting import Decided, Found
from engine.enrolling import Enrolling
from engine.published import Published
from engine.subjects import Subjects
from scoring.progress import ScoreChange
from store.connection import Connection
from store.follow_ups.enrolling import known_origins
from store.scoring.ledgers import load_score_values
from store.scoring.pending import NOTHING
from triggers.compiled import CompiledTrigger, TriggerIndex
from triggers.evaluate import BY_HAND, Match, change_lookup, event_lookup


class Wanted(NamedTuple):
    """Who is to be enrolled. `request` makes doing it twice harmless; `matching`: only where the filters hold now."""

    request: str
    matching: bool


def enlist(
    connection: Connection,
    shard: int,
    published: Published,
    trigger: CompiledTrigger,
    kind: str,
    ids: Collection[int],
    wanted: Wanted,
    now: Micros,
) -> tuple[Enrolling, int]:
    """These contacts or deals (`kind`) of one shard, to `decide` on or to `save`, and how many were dealt with before.

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
        scores = load_score_values(connection, profile.id, ids, published.rows[profile.id].emptied)
    for record_id in ids:
        if not subjects.exists(kind, record_id):
            continue
        subject = subjects.subject(kind, record_id)
        facts = enrolling.facts.of(subject.contact_id, subject.deal_id)
        score = scores.get(record_id)
        change = ScoreChange(
            seq=0,
            previous=score,
            current=score,
            cause=BY_HAND,
            cause_id=wanted.request,
            event=None,
            silent=False,
            depth=0,
        )
        lookup = change_lookup(profile, change, facts) if profile is not None else event_lookup(None, facts)
        if wanted.matching and not trigger.holds(lookup, now):
            continue
        exits = trigger.exits is not None and trigger.exits(lookup, now)
        match = Match(trigger, f"enroll:{wanted.request}:{record_id}", None, change, 0, exits)
        enrolling.found.append(Found(match, profile, subject))
    origins = [found.match.origin for found in enrolling.found]
    done = known_origins(connection, trigger.automation_id, origins)
    enrolling.found = [found for found in enrolling.found if found.match.origin not in done]
    return enrolling, len(done)


def count_past(enrolling: Enrolling, decided: Decided, date: WaitUntil | None) -> int:
    """For how many of these enrollments the date that they wait for first is over."""
    if date is None:
        return 0
    fields = [enrolling.facts.of(one.contact_id, one.deal_id).fields for one in decided.enrollments]
    return sum(_is_over(date, of_record, enrolling.now) for of_record in fields)


def _is_over(date: WaitUntil, fields: Lookup, now: Micros) -> bool:
    if date.until.startswith("event."):
        return False
    try:
        return date_moment(date, fields(date.until), zone_of(date, fields)) <= now
    except NoDate:
        return False
