"""The triggers' part of a batch: which changes and events enroll a contact, which skip it and why."""

from collections.abc import Collection, Iterable, Mapping

from uuid_utils import uuid7

from activities.published import Published
from conditions.times import Micros
from scoring.compiled import CompiledProfile
from scoring.ledger import Event
from scoring.progress import Progress, ScoreChange
from store import scoring as rows
from store.connection import Connection
from store.facts import ContactFacts
from triggers.evaluate import Facts, Guard, Match, match_change, match_event, skip_reason


class Enrolling:
    """Collects the matches of one batch and writes what becomes of them."""

    def __init__(
        self,
        connection: Connection,
        shard: int,
        published: Published,
        now: Micros,
        contacts: Mapping[int, ContactFacts],
    ) -> None:
        self.connection = connection
        self.shard = shard
        self.published = published
        self.now = now
        self.contacts = contacts
        self.matches: list[tuple[int, Match, CompiledProfile | None]] = []
        self._facts: dict[int, Facts] = {}
        self._scores: dict[str, dict[int, int | None]] = {}

    def match(
        self,
        progress: Mapping[tuple[int, int], Progress],
        events: Iterable[rows.PendingEvent],
        quarantined: Collection[str],
    ) -> None:
        """Hold every change, by (profile id, contact id), and every event against the triggers."""
        triggers = self.published.triggers
        by_id = {profile.id: profile for profile in self.published.profiles}
        self._load_scores(progress)
        for (profile_id, contact_id), found in progress.items():
            profile = by_id[profile_id]
            if profile.key in triggers.profiles:
                for change in found.changes:
                    self._match_change(contact_id, profile, change)
        if triggers.by_event:
            for pending in events:
                if not pending.silent and pending.event.type in triggers.by_event:
                    self._match_event(pending, quarantined)

    def _load_scores(self, progress: Mapping[tuple[int, int], Progress]) -> None:
        """The scores that filters on other profiles read."""
        for profile in self.published.profiles:
            if profile.key in self.published.triggers.scores_read:
                values = rows.load_score_values(self.connection, profile.id, self.contacts)
                for contact_id in self.contacts:
                    found = progress.get((profile.id, contact_id))
                    if found is not None:
                        values[contact_id] = found.score
                self._scores[profile.key] = values

    def _match_change(self, contact_id: int, profile: CompiledProfile, change: ScoreChange) -> None:
        triggers, facts = self.published.triggers, self._facts_of(contact_id)
        try:
            found = list(match_change(triggers, profile, change, facts, self.now))
        except ValueError:
            change = change._replace(event=_bare(change.event) if change.event else None)
            found = list(match_change(triggers, profile, change, facts, self.now))
        self.matches.extend((contact_id, match, profile) for match in found)

    def _match_event(self, pending: rows.PendingEvent, quarantined: Collection[str]) -> None:
        if pending.contact_id not in self.contacts or pending.event.id in quarantined:
            return
        triggers, facts = self.published.triggers, self._facts_of(pending.contact_id)
        event, depth = pending.event, pending.depth
        try:
            found = list(match_event(triggers, event, depth, facts, self.now))
        except ValueError:
            found = list(match_event(triggers, _bare(event), depth, facts, self.now))
        self.matches.extend((pending.contact_id, match, None) for match in found)

    def _facts_of(self, contact_id: int) -> Facts:
        known = self._facts.get(contact_id)
        if known is None:
            scores = {key: values.get(contact_id) for key, values in self._scores.items()}
            by_key = self.published.by_key
            bands = {key: by_key[key].band(score) for key, score in scores.items()}
            known = self._facts[contact_id] = Facts(self.contacts[contact_id], scores, bands)
        return known

    def save(self) -> tuple[int, int]:
        """Write enrollments and skips; how many enrolled, and how many running ones were replaced."""
        if not self.matches:
            return 0, 0
        pairs = {
            (match.trigger.automation_id, contact_id)
            for contact_id, match, _ in self.matches
            if match.trigger.guarded
        }
        guards = {}
        if pairs:
            guards = {
                pair: Guard(last, running)
                for pair, (last, running) in rows.load_guards(self.connection, pairs).items()
            }
        enrollments: dict[str, rows.NewEnrollment] = {}
        skips, replaced = [], []
        for contact_id, match, profile in self.matches:
            trigger = match.trigger
            guard = guards.setdefault((trigger.automation_id, contact_id), Guard())
            reason = skip_reason(match, guard, self.now)
            if reason is not None:
                skips.append(
                    rows.NewSkip(
                        trigger.automation_id, match.origin, trigger.version, contact_id, reason, self.now
                    )
                )
                continue
            if trigger.while_running == "replace":
                replaced.extend(guard.running)
                guard.running.clear()
            enrollment_id = str(uuid7())
            guard.last_start = self.now
            guard.running.append(enrollment_id)
            change = match.change
            enrollments[enrollment_id] = rows.NewEnrollment(
                enrollment_id,
                trigger.automation_id,
                trigger.version,
                contact_id,
                None,
                self.shard,
                match.origin,
                profile.id if profile else None,
                change.seq if change else None,
                match.event.id if match.event else None,
                change.cause if change else "event",
                change.previous if change else None,
                change.current if change else None,
                match.depth,
                self.now,
            )
        rows.save_enrollments(self.connection, list(enrollments.values()))
        rows.save_skips(self.connection, skips)
        if replaced:
            rows.replace_running(self.connection, replaced, self.now)
        return len(enrollments), len(replaced)


def _bare(event: Event) -> Event:
    """An event that counts although its stored properties cannot be read: for filters it has none."""
    return event._replace(properties={})
