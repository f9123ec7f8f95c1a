"""The triggers' part of a batch: which changes and events enroll a record, which skip it and why."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from uuid_utils import uuid7

from conditions.times import Micros
from engine.published import Published
from engine.subjects import CONTACT, DEAL, Subjects
from runtime.statuses import OPEN
from scoring.compiled import CompiledProfile
from scoring.ledger import Event
from scoring.progress import Progress, ScoreChange, Turn, turn_of
from store.connection import Connection
from store.follow_ups import enrolling as rows
from store.follow_ups import watching
from store.scoring.facts import DealWithContact
from store.scoring.ledgers import load_score_values
from store.scoring.pending import PendingEvent
from triggers.evaluate import (
    Facts,
    Guard,
    Match,
    Window,
    is_armed,
    match_change,
    match_event,
    skip_reason,
    take_start,
)


class Found(NamedTuple):
    """A match with whom it enrolls. `about_deal`: the deal is enrolled, else the contact, and a deal may be named."""

    match: Match
    profile: CompiledProfile | None
    contact_id: int
    deal_id: int | None
    about_deal: bool

    @property
    def guard_key(self) -> tuple[int, int, int | None]:
        """Whose earlier enrollments matter."""
        deal_id = self.deal_id if self.about_deal else None
        return self.match.trigger.automation_id, self.contact_id, deal_id


class Decided(NamedTuple):
    """What becomes of the matches of a batch. `replaced`: ids of enrollments that end."""

    enrollments: list[rows.NewEnrollment]
    skips: list[rows.NewSkip]
    replaced: list[str]


class Enrolling:
    """Collects the matches of one batch and writes what becomes of them."""

    def __init__(
        self, connection: Connection, shard: int, published: Published, now: Micros, subjects: Subjects
    ) -> None:
        self.connection = connection
        self.shard = shard
        self.published = published
        self.now = now
        self.subjects = subjects
        self.found: list[Found] = []
        self._facts: dict[tuple[int, int | None], Facts] = {}
        self._scores: dict[str, dict[int, int | None]] = {}
        self._moves: dict[str, dict[int, Sequence[ScoreChange]]] = {}

    def match(
        self,
        progress: Mapping[int, Mapping[int, Progress]],
        events: Iterable[PendingEvent],
        quarantined: Collection[str],
    ) -> None:
        """Hold every change, by profile and record id, and every event against the triggers."""
        triggers = self.published.triggers
        self.load_scores(progress)
        for profile in self.published.profiles:
            if profile.key in triggers.profiles:
                for record_id, found in progress.get(profile.id, {}).items():
                    for change in found.changes:
                        self._match_change(record_id, profile, change)
        if triggers.by_event:
            for pending in events:
                if not pending.silent and pending.event.type in triggers.by_event:
                    self._match_event(pending, quarantined)

    def load_scores(self, progress: Mapping[int, Mapping[int, Progress]]) -> None:
        """Read the scores that filters on other profiles read; those of `progress` are newer than what is stored."""
        for profile in self.published.profiles:
            if profile.key in self.published.triggers.scores_read:
                ids = self.subjects.contacts if profile.applies_to == CONTACT else self.subjects.deals
                emptied = self.published.rows[profile.id].emptied
                values = load_score_values(self.connection, profile.id, ids, emptied)
                moved = progress.get(profile.id, {})
                values |= {i: found.score for i, found in moved.items()}
                self._scores[profile.key] = values
                self._moves[profile.key] = {i: found.changes for i, found in moved.items() if found.changes}

    def _match_change(self, record_id: int, profile: CompiledProfile, change: ScoreChange) -> None:
        about_deal = profile.applies_to == DEAL
        deal_id = record_id if about_deal else change.event.deal if change.event else None
        contact_id = self.subjects.deals[record_id].contact_id if about_deal else record_id
        triggers, facts = self.published.triggers, self.facts_of(contact_id, deal_id, change.turn)
        try:
            found = list(match_change(triggers, profile, change, facts, self.now))
        except ValueError:
            change = change._replace(event=_bare(change.event) if change.event else None)
            found = list(match_change(triggers, profile, change, facts, self.now))
        self.found.extend(Found(match, profile, contact_id, deal_id, about_deal) for match in found)

    def _match_event(self, pending: PendingEvent, quarantined: Collection[str]) -> None:
        contact_id, deal_id = pending.contact_id, pending.event.deal
        if self.subjects.strayed(pending) or pending.event.id in quarantined:
            return
        event, depth = pending.event, pending.depth
        triggers = self.published.triggers
        facts = self.facts_of(contact_id, deal_id, turn_of(event.at, event.id))
        try:
            found = list(match_event(triggers, event, depth, facts, self.now))
        except ValueError:
            found = list(match_event(triggers, _bare(event), depth, facts, self.now))
        self.found.extend(Found(match, None, contact_id, deal_id, deal_id is not None) for match in found)

    def facts_of(self, contact_id: int, deal_id: int | None, turn: Turn | None = None) -> Facts:
        """What filters may read of a record; scores of other profiles as they were at a turn of the batch."""
        known = self._facts_after(contact_id, deal_id)
        moved = {
            key: self._moves[key][record_id]
            for key in self._moves
            if (record_id := self._record_of(key, contact_id, deal_id)) in self._moves[key]
        }
        if turn is None or not moved:
            return known
        scores = {**known.scores, **{key: _score_at(changes, turn) for key, changes in moved.items()}}
        bands = {key: self.published.by_key[key].band(score) for key, score in scores.items()}
        return Facts(known.fields, scores, bands)

    def _record_of(self, profile: str, contact_id: int, deal_id: int | None) -> int | None:
        return contact_id if self.published.by_key[profile].applies_to == CONTACT else deal_id

    def _facts_after(self, contact_id: int, deal_id: int | None) -> Facts:
        known = self._facts.get((contact_id, deal_id))
        if known is None:
            by_key = self.published.by_key
            scores = {}
            for key, values in self._scores.items():
                record_id = self._record_of(key, contact_id, deal_id)
                scores[key] = values.get(record_id) if record_id is not None else None
            bands = {key: by_key[key].band(score) for key, score in scores.items()}
            contact = self.subjects.contacts[contact_id]
            deal = self.subjects.deals.get(deal_id) if deal_id is not None else None
            fields = contact if deal is None else DealWithContact(deal, contact)
            known = self._facts[contact_id, deal_id] = Facts(fields, scores, bands)
        return known

    def _guards(self, connection: Connection) -> dict[tuple[int, int, int | None], Guard]:
        """What has become of earlier matches, by automation, contact, and deal where that was enrolled."""
        guarded = [found for found in self.found if found.match.trigger.guarded]
        guards: dict[tuple[int, int, int | None], Guard] = {}
        if guarded:
            automations = {
                found.match.trigger.automation_id: found.profile.id if found.profile else None
                for found in guarded
            }
            contacts = {found.contact_id for found in guarded}
            for earlier in rows.load_earlier(connection, automations, contacts):
                deal_id = earlier.deal_id if earlier.about_deal(self.published.kinds) else None
                guard = guards.setdefault((earlier.automation_id, earlier.contact_id, deal_id), Guard())
                guard.last_start = max(earlier.created_at, earlier.start_at)
                guard.entered_at = earlier.created_at
                same = earlier.profile_id == automations[earlier.automation_id]
                guard.last_seq = earlier.change_seq if same else None
                if earlier.status in OPEN:
                    guard.running.append(earlier.id)
        return guards

    def decide(self, connection: Connection) -> Decided:
        """Who enrolls, and who is skipped for which reason; earlier enrollments are read now."""
        decided = Decided([], [], [])
        if not self.found:
            return decided
        guards = self._guards(connection)
        for found in self.found:
            match, trigger = found.match, found.match.trigger
            guard = guards.setdefault(found.guard_key, Guard())
            if not self._armed(connection, found, guard):
                continue
            reason = skip_reason(match, guard, self.now)
            if reason is not None:
                decided.skips.append(
                    rows.NewSkip(
                        trigger.automation_id,
                        match.origin,
                        trigger.version,
                        found.contact_id,
                        found.deal_id,
                        reason,
                        self.now,
                    )
                )
                continue
            if trigger.while_running == "replace":
                decided.replaced.extend(guard.running)
                guard.running.clear()
            enrollment = self._enrollment(found)
            guard.last_start = guard.entered_at = self.now
            guard.last_seq = enrollment.change_seq
            guard.running.append(enrollment.id)
            decided.enrollments.append(enrollment)
        return decided

    def save(self, connection: Connection) -> Decided:
        """Decide, and write enrollments and skips."""
        decided = self.decide(connection)
        most = {found.match.trigger.automation_id: found.match.trigger.most_starts for found in self.found}
        rows.save_enrollments(connection, paced(connection, decided.enrollments, most, self.now))
        rows.save_skips(connection, decided.skips)
        if decided.replaced:
            rows.replace_running(connection, decided.replaced, self.now)
        return decided

    def _armed(self, connection: Connection, found: Found, guard: Guard) -> bool:
        """Whether the score has been where `rearm` wants it since the last enrollment. Changes are stored by now.

        Who is enrolled by hand need not wait for that.
        """
        trigger, change, profile = found.match.trigger, found.match.change, found.profile
        if (
            trigger.rearm is None
            or guard.entered_at is None
            or not change
            or not change.seq
            or profile is None
        ):
            return True
        record_id = found.deal_id if found.about_deal and found.deal_id is not None else found.contact_id
        scores = rows.scores_between(
            connection, profile.id, record_id, guard.last_seq, guard.entered_at, change.seq
        )
        return is_armed(trigger, scores, self.now)

    def _enrollment(self, found: Found) -> rows.NewEnrollment:
        match, trigger = found.match, found.match.trigger
        change = match.change
        return rows.NewEnrollment(
            str(uuid7()),
            trigger.automation_id,
            trigger.version,
            found.contact_id,
            found.deal_id,
            self.shard,
            match.origin,
            found.profile.id if found.profile else None,
            change.seq or None if change else None,
            match.event.id if match.event else None,
            change.cause if change else "event",
            change.previous if change else None,
            change.current if change else None,
            match.depth,
            self.now,
            watching.EXIT if trigger.exits_early else 0,
            self.now,
        )


def _score_at(changes: Sequence[ScoreChange], turn: Turn) -> int | None:
    """The score after the last of the changes that had its turn by then."""
    score = changes[0].previous
    for change in changes:
        if change.turn <= turn:
            score = change.current
    return score


def paced(
    connection: Connection,
    enrollments: Sequence[rows.NewEnrollment],
    most: Mapping[int, tuple[int, Micros]],
    now: Micros,
) -> list[rows.NewEnrollment]:
    """The same, each with the moment at which its automation's storm limit (`most`) lets it start."""
    automations = {enrollment.automation_id for enrollment in enrollments}
    if not automations:
        return []
    windows = {key: Window(*found) for key, found in rows.lock_paces(connection, automations).items()}
    found = []
    for enrollment in enrollments:
        key = enrollment.automation_id
        windows[key], start_at = take_start(windows.get(key), most[key], now)
        found.append(enrollment._replace(start_at=start_at))
    rows.save_paces(connection, [(key, windows[key].began_at, windows[key].used) for key in automations])
    return found


def _bare(event: Event) -> Event:
    """An event that counts although its stored properties cannot be read: for filters it has none."""
    return event._replace(properties={})
