"""One batch of a shard: load what is pending, fold it, evaluate triggers, commit everything in one transaction."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from activities.enrolling import Enrolling
from activities.published import Published
from conditions.times import Micros
from scoring.compiled import CompiledProfile
from scoring.ledger import Entry, Event, Record
from scoring.progress import History, Incoming, Progress, ScoreChange, Stored, advance
from scoring.windows import window_of
from store import scoring as rows
from store.connection import Connection
from store.facts import load_contacts


@dataclass(slots=True)
class BatchOutcome:
    """`size` 0: nothing was pending. `enrolled`: new enrollments; `closing`: workflows to be told of their end."""

    size: int = 0
    events: int = 0
    changes: int = 0
    enrolled: int = 0
    closing: int = 0
    quarantined: dict[str, str] = field(default_factory=dict)


def score_batch(
    connection: Connection, shard: int, published: Published, clock: Callable[[], Micros], limit: int
) -> BatchOutcome:
    """Work off up to `limit` pending things of each kind. The caller holds the shard's lock and commits."""
    now = clock()
    due = rows.due_work(connection, shard, now, limit)
    if not due.size:
        return BatchOutcome()
    now = max(now, max((pending.received_at for pending in due.events), default=now))
    batch = _Batch(connection, shard, published, now, due)
    batch.fold()
    batch.save()
    return batch.outcome


def rescore_batch(
    connection: Connection, shard: int, published: Published, profile_id: int, ids: Sequence[int], now: Micros
) -> int:
    """Re-fold those of the contacts whose score is not yet of the published version; how many changes it made."""
    due = rows.Due([], [], {}, {})
    batch = _Batch(connection, shard, published, now, due, only_profile=profile_id, sweep=ids)
    batch.fold()
    batch.save()
    return batch.outcome.changes


class _Batch:
    def __init__(
        self,
        connection: Connection,
        shard: int,
        published: Published,
        now: Micros,
        due: rows.Due,
        *,
        only_profile: int | None = None,
        sweep: Iterable[int] = (),
    ) -> None:
        self.connection = connection
        self.shard = shard
        self.published = published
        self.now = now
        self.due = due
        self.only_profile = only_profile
        self.outcome = BatchOutcome(size=due.size)
        ids = {pending.contact_id for pending in due.events}
        ids.update(pending.record_id for pending in due.adjustments)
        ids.update(due.touched)
        ids.update(record_id for found in due.overdue.values() for record_id in found)
        ids.update(sweep)
        self.contacts = load_contacts(connection, ids)
        self.progress: dict[tuple[int, int], Progress] = {}
        self.had: set[tuple[int, int]] = set()
        self.fixed_points: dict[str, int] = {}
        self.enrolling = Enrolling(connection, shard, published, now, self.contacts)

    def fold(self) -> None:
        for profile in self.published.profiles:
            if self.only_profile not in (None, profile.id) or profile.applies_to != "contact":
                continue
            self._fold_profile(profile)
        self.enrolling.match(self.progress, self.due.events, self.outcome.quarantined)

    def _fold_profile(self, profile: CompiledProfile) -> None:
        incoming = self._incoming(profile)
        if not incoming:
            return
        ids = list(incoming)
        stored = self._stored(profile, ids)
        self.had.update((profile.id, contact_id) for contact_id in stored)
        if self.only_profile is not None:
            ids = [i for i in ids if i not in stored or stored[i].version != profile.version]
        current = [i for i in ids if i in stored and stored[i].version == profile.version]
        limited = self._limited(profile, current, incoming)
        mortal = self._mortal(profile, current, stored)
        rereads = bool(profile.contact_fields_in_where)
        rebuilt = [
            i
            for i in ids
            if i not in stored
            or stored[i].version != profile.version
            or (rereads and self.due.touched.get(i, 0))
        ]
        histories = self._histories(profile, rebuilt)
        origin = self.published.rows[profile.id]
        for contact_id in ids:
            facts = self.contacts[contact_id]
            record = Record("contact", facts.created_at, facts)
            older = facts.created_at <= origin.published_at
            rebuild = ("publish", origin.silent) if older else ("attribute", False)
            self._advance(
                profile,
                record,
                contact_id,
                stored.get(contact_id),
                limited.get(contact_id, ()),
                mortal.get(contact_id, ()),
                histories.get(contact_id),
                incoming[contact_id],
                rebuild,
            )

    def _advance(
        self,
        profile: CompiledProfile,
        record: Record,
        contact_id: int,
        stored: Stored | None,
        limited: Sequence[Entry],
        mortal: Sequence[Entry],
        history: History | None,
        incoming: list[Incoming],
        rebuild: tuple[str, bool],
    ) -> None:
        """Advance one score; what makes scoring fail is quarantined and the rest counts."""
        touched = self.due.touched.get(contact_id, 0)
        now = max(self.now, stored.scored_at if stored else 0)

        quarantined = self.outcome.quarantined
        if quarantined:
            incoming = [item for item in incoming if item.id not in quarantined]

        def attempt(stored: Stored | None, history: History | None, incoming: Sequence[Incoming]) -> Progress:
            return advance(
                profile,
                record,
                contact_id,
                now,
                stored,
                limited,
                mortal,
                history,
                incoming,
                touched=touched,
                rebuild=rebuild,
            )

        try:
            found = attempt(stored, history, incoming)
        except Exception:
            good = [item for item in incoming if self._passes(profile, record, item.event, item.id)]
            if history is not None:
                kept = [event for event in history.events if self._passes(profile, record, event, event.id)]
                history = History(kept, history.adjustments)
            if stored is not None:  # the failed attempt has changed its standing
                stored = self._stored(profile, [contact_id])[contact_id]
            found = attempt(stored, history, good)
        self.progress[profile.id, contact_id] = found
        self.fixed_points |= found.fixed_points

    def _stored(self, profile: CompiledProfile, ids: list[int]) -> dict[int, Stored]:
        """What is stored of the scores; those from before the profile was last unpublished are empty."""
        stored = rows.load_scores(self.connection, profile.id, ids)
        emptied = self.published.rows[profile.id].emptied
        if emptied:
            for contact_id, found in stored.items():
                if found.version <= emptied:
                    stored[contact_id] = found._replace(score=None)
        return stored

    def _passes(self, profile: CompiledProfile, record: Record, event: Event | None, cause_id: str) -> bool:
        """Whether the event can be scored by itself; if not, it is quarantined with the reason."""
        if event is None:
            return True
        try:
            advance(profile, record, 0, self.now, None, (), (), None, [Incoming(event.at, cause_id, event)])
        except Exception as error:
            reason = f"profile {profile.key}: {type(error).__name__}: {error}"
            self.outcome.quarantined[cause_id] = reason[:500]
            return False
        return True

    def _incoming(self, profile: CompiledProfile) -> dict[int, list[Incoming]]:
        """By contact, what this profile has to look at; contacts that it has nothing to do with are left out."""
        found: dict[int, list[Incoming]] = {}
        contacts = self.contacts
        if self.only_profile is not None:
            return {contact_id: [] for contact_id in contacts}
        types = profile.relevant_types
        always = bool(profile.attribute_rules or profile.inactivity_rules)
        for pending in self.due.events:
            event = pending.event
            if pending.contact_id in contacts and (always or event.type in types):
                item = Incoming(event.at, event.id, event, silent=pending.silent, depth=pending.depth)
                found.setdefault(pending.contact_id, []).append(item)
        for adjustment in self.due.adjustments:
            if adjustment.profile_id == profile.id and adjustment.record_id in contacts:
                found.setdefault(adjustment.record_id, []).append(
                    Incoming(
                        adjustment.at,
                        adjustment.id,
                        None,
                        adjustment.points,
                        adjustment.set_to,
                        adjustment.ends_at,
                        bool(adjustment.silent),
                        adjustment.depth,
                    )
                )
        for contact_id in self.due.overdue.get(profile.id, ()):
            if contact_id in contacts:
                found.setdefault(contact_id, [])
        if profile.contact_fields:
            for contact_id in self.due.touched:
                if contact_id in contacts:
                    found.setdefault(contact_id, [])
        return found

    def _limited(
        self, profile: CompiledProfile, ids: list[int], incoming: dict[int, list[Incoming]]
    ) -> dict[int, list[Entry]]:
        """The stored entries of the limit windows that the events touch."""
        if not profile.limited:
            return {}
        windows = {
            (contact_id, rule.key, window_of(rule.per, profile.timezone, item.at))
            for contact_id in ids
            for item in incoming[contact_id]
            if item.event is not None
            for rule in profile.event_rules.get(item.event.type, ())
            if rule.times is not None
        }
        return rows.load_windows(self.connection, profile.id, windows) if windows else {}

    def _mortal(
        self, profile: CompiledProfile, ids: list[int], stored: dict[int, Stored]
    ) -> dict[int, list[Entry]]:
        """The stored entries that end after the last scoring, of scores that are overdue."""
        overdue = [i for i in ids if (due := stored[i].due_at) is not None and due <= self.now]
        if not overdue:
            return {}
        since = min(stored[i].scored_at for i in overdue)
        return rows.load_mortal(self.connection, profile.id, overdue, since)

    def _histories(self, profile: CompiledProfile, ids: list[int]) -> dict[int, History]:
        if not ids:
            return {}
        events = rows.load_applied_events(self.connection, ids)
        adjustments = rows.load_applied_adjustments(self.connection, profile.id, ids)
        return {i: History(events.get(i, ()), adjustments.get(i, ())) for i in ids}

    def save(self) -> None:
        connection = self.connection
        for profile in self.published.profiles:
            self._save_profile(profile)
        self.outcome.enrolled, self.outcome.closing = self.enrolling.save()
        if self.due.events:
            applied = [
                pending.event.id
                for pending in self.due.events
                if pending.event.id not in self.outcome.quarantined
            ]
            rows.mark_applied(connection, applied)
            self.outcome.events = len(applied)
        if self.due.adjustments:
            # An adjustment for a profile that is not published waits as applied history with its own points.
            fixed = {
                adjustment.id: self.fixed_points.get(
                    adjustment.id,
                    (adjustment.points if adjustment.points is not None else adjustment.set_to) or 0,
                )
                for adjustment in self.due.adjustments
            }
            rows.mark_adjustments_applied(connection, fixed)
        if self.due.touched:
            rows.clear_touched(connection, self.due.touched)
        scored = {profile.id for profile in self.published.profiles}
        for profile_id, ids in self.due.overdue.items():
            if profile_id not in scored:
                rows.forget_due(connection, profile_id, ids)
        if self.outcome.quarantined:
            rows.quarantine(connection, self.outcome.quarantined)

    def _save_profile(self, profile: CompiledProfile) -> None:
        connection, now = self.connection, self.now
        scores: list[rows.ScoreRow] = []
        added: list[tuple[Any, ...]] = []
        removed: list[tuple[int, int, Micros, str, str]] = []
        cleared: list[tuple[int, int]] = []
        changes: list[tuple[int, ScoreChange]] = []
        for (profile_id, contact_id), progress in self.progress.items():
            if profile_id != profile.id:
                continue
            ledger = progress.ledger
            if progress.replaced and (profile.id, contact_id) in self.had:
                cleared.append((profile.id, contact_id))
            elif not progress.replaced:
                removed.extend(
                    (profile.id, contact_id, entry.starts_at, entry.cause_id, entry.rule)
                    for entry in ledger.removed
                )
            added.extend(
                (
                    profile.id,
                    contact_id,
                    entry.starts_at,
                    entry.cause_id,
                    entry.rule,
                    entry.points,
                    entry.ends_at,
                    entry.window,
                )
                for entry in ledger.added.values()
            )
            changes.extend((contact_id, change) for change in progress.changes)
            scores.append(
                rows.ScoreRow(
                    profile.id,
                    contact_id,
                    self.shard,
                    profile.version,
                    progress.score,
                    rows.standing_text(ledger.standing),
                    ledger.now,
                    now if progress.changes else None,
                    ledger.next_change(),
                    progress.seq,
                )
            )
        scores.sort(key=lambda row: row.record_id)
        rows.clear_entries(connection, cleared)
        rows.delete_entries(connection, removed)
        rows.save_entries(connection, sorted(added, key=lambda row: row[1:5]))
        rows.save_scores(connection, scores)
        rows.save_changes(connection, profile.id, profile.version, now, changes)
        self.outcome.changes += len(changes)
