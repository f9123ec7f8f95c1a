"""The triggers' part of a batch: which changes and events match an automation."""

from collections.abc import Collection, Mapping, Sequence

from uuid_utils import uuid7

from conditions.times import Micros
from engine.admission.admitting import Admission, Decided, Entrant
from engine.admission.facts_reader import FactsReader
from engine.admission.looking import Looking
from engine.published import Published
from engine.subjects import Subject, Subjects
from scoring.compiled import CompiledProfile
from scoring.entries import without_properties
from scoring.progress import Progress, ScoreChange, turn_of
from store.connection import Connection
from store.scoring.pending import PendingEvent
from triggers.evaluate import match_change, match_event


class Enrolling:
    """Collects the matches of one batch, and has what becomes of them written."""

    def __init__(
        self, connection: Connection, shard: int, published: Published, now: Micros, subjects: Subjects
    ) -> None:
        self.published = published
        self.now = now
        self.subjects = subjects
        self.facts = FactsReader(connection, published, subjects)
        self.entrants: list[Entrant] = []
        self._admission = Admission(published, shard, now)

    def match(
        self,
        progress: Mapping[int, Mapping[int, Progress]],
        events: Sequence[PendingEvent],
        quarantined: Collection[str],
    ) -> None:
        """Hold every change, by profile and record id, and every event against the triggers."""
        triggers = self.published.triggers
        self.facts.load_scores(progress)
        if self.facts.reads_activity:
            self.facts.activity.note(pending for pending in events if self._counts(pending, quarantined))
        for profile in self.published.profiles:
            if profile.key in triggers.profiles:
                for record_id, moved in progress.get(profile.id, {}).items():
                    for change in moved.changes:
                        self._match_change(record_id, profile, change)
        if triggers.looking:
            looking = Looking(self.published, self.subjects, self.facts, progress, str(uuid7()))
            self.entrants.extend(Entrant(*match) for match in looking.matches(self.now))
        if triggers.by_event:
            for pending in events:
                if not pending.silent and pending.event.type in triggers.by_event:
                    self._match_event(pending, quarantined)

    def _match_change(self, record_id: int, profile: CompiledProfile, change: ScoreChange) -> None:
        named = change.event.deal if change.event else None
        subject = self.subjects.subject(profile.applies_to, record_id, named)
        triggers = self.published.triggers
        facts = self.facts.of(subject.contact_id, subject.deal_id, change.turn)
        try:
            matches = list(match_change(triggers, profile, change, facts, self.now))
        except ValueError:
            change = change._replace(event=without_properties(change.event))
            matches = list(match_change(triggers, profile, change, facts, self.now))
        self.entrants.extend(Entrant(match, profile, subject) for match in matches)

    def _match_event(self, pending: PendingEvent, quarantined: Collection[str]) -> None:
        deal_id = pending.event.deal
        subject = Subject.enrolled(pending.contact_id, deal_id, None)
        if not self._counts(pending, quarantined):
            return
        event, depth = pending.event, pending.depth
        triggers = self.published.triggers
        facts = self.facts.of(subject.contact_id, deal_id, turn_of(event.at, event.id))
        try:
            matches = list(match_event(triggers, event, depth, facts, self.now))
        except ValueError:
            matches = list(match_event(triggers, event._replace(properties={}), depth, facts, self.now))
        self.entrants.extend(Entrant(match, None, subject) for match in matches)

    def _counts(self, pending: PendingEvent, quarantined: Collection[str]) -> bool:
        return not self.subjects.strayed(pending) and pending.event.id not in quarantined

    def decide(self, connection: Connection) -> Decided:
        """Who enrolls, and who is skipped for which reason; earlier enrollments are read now."""
        return self._admission.decide(connection, self.entrants)

    def save(self, connection: Connection) -> Decided:
        """Decide, and write enrollments and skips."""
        return self._admission.save(connection, self.entrants)
