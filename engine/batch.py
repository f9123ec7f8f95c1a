"""One batch of a shard: load what is pending, fold it, evaluate triggers, commit everything in one transaction."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from conditions.times import Micros
from engine.coming import StoredEntries
from engine.enrolling import Enrolling
from engine.past import StoredPast
from engine.published import Published
from engine.saving import save_progress
from engine.subjects import CONTACT, DEAL, Subjects
from engine.watching import look
from scoring.compiled import CompiledProfile
from scoring.ledger import Entry, Event, Record
from scoring.progress import Case, History, Incoming, Progress, Rebuild, Stored, Touch, advance
from scoring.windows import window_of
from store.connection import Connection
from store.scoring import ledgers
from store.scoring import pending as waiting
from store.scoring.pending import Due

#: A history of more events, or a ledger of more entries, is long: it is not read as a whole.
LONG = 2_000
#: The id of the change that revoking an event makes: this and the event's id, which holds no "/".
REVOKE = "revoke/"


@dataclass(slots=True)
class BatchOutcome:
    """`size` 0: nothing was pending. `enrolled`: new enrollments; `closing`: workflows to be told of
    something.
    """

    size: int = 0
    events: int = 0
    changes: int = 0
    enrolled: int = 0
    closing: int = 0
    quarantined: dict[str, str] = field(default_factory=dict)


def read_batch(
    connection: Connection, shard: int, published: Published, clock: Callable[[], Micros], limit: int
) -> "Batch | None":
    """Read and fold up to `limit` pending things of each kind; None when there is nothing to do."""
    now = clock()
    due = waiting.due_work(connection, shard, now, limit)
    if not due.size:
        return None
    now = max(now, max((pending.received_at for pending in due.events), default=now))
    return Batch(connection, shard, published, now, due)


def score_batch(
    connection: Connection, shard: int, published: Published, clock: Callable[[], Micros], limit: int
) -> BatchOutcome:
    """Work off up to `limit` pending things of each kind. The caller holds the shard's lock and commits."""
    batch = read_batch(connection, shard, published, clock, limit)
    return batch.save(connection) if batch is not None else BatchOutcome()


class Batch:
    """What one transaction works off: made, it has read and folded everything; `save` writes what came of it.

    It may be made in a transaction that only reads, if that which saves it makes sure that nobody else has held the
    shard's lock in between.
    """

    def __init__(
        self,
        connection: Connection,
        shard: int,
        published: Published,
        now: Micros,
        due: Due,
        *,
        only_profile: int | None = None,
        sweep: Sequence[int] = (),
    ) -> None:
        self.connection = connection
        self.shard = shard
        self.published = published
        self.now = now
        self.due = due
        self.only_profile = only_profile
        self.sweep = sweep
        self.outcome = BatchOutcome(size=due.size)
        kind = published.kinds.get(only_profile, CONTACT) if only_profile is not None else CONTACT
        self.subjects = Subjects(connection, due, published, {kind: sweep})
        self.progress: dict[int, dict[int, Progress]] = {}
        self.known: dict[int, dict[int, Stored]] = {}
        self.fixed_points: dict[str, int] = {}
        self.enrolling = Enrolling(connection, shard, published, now, self.subjects)
        self._fold()

    def _fold(self) -> None:
        for profile in self.published.profiles:
            if self.only_profile in (None, profile.id):
                self._fold_profile(profile)
        self.enrolling.match(self.progress, self.due.events, self.outcome.quarantined)

    def _fold_profile(self, profile: CompiledProfile) -> None:
        touched = self.subjects.touched(profile)
        incoming = self._incoming(profile, touched)
        if not incoming:
            return
        stored = self._stored(profile, list(incoming))
        ids = list(incoming)
        if self.only_profile is not None:
            ids = [i for i in ids if i not in stored or stored[i].version != profile.version]
        self.progress[profile.id] = {}
        self.known[profile.id] = stored
        valid = [i for i in ids if i in stored and _valid(stored[i], profile)]
        limited = self._limited(profile, valid, incoming)
        mortal = self._mortal(profile, valid, stored)
        revoked = self._revoked(profile, valid, incoming)
        known = set(valid)
        reread = {i for i, touch in touched.items() if touch.reread}
        folded = [i for i in ids if i not in known or i in reread]
        histories = self._histories(profile, folded)
        origin = self.published.rows[profile.id]
        for record_id in ids:
            record = self.subjects.record(profile.applies_to, record_id)
            older = record.created_at <= origin.published_at
            case = Case(
                record=record,
                record_id=record_id,
                incoming=incoming[record_id],
                stored=stored.get(record_id),
                limited=limited.get(record_id, ()),
                mortal=mortal.get(record_id, ()),
                revoked=revoked.get(record_id, ()),
                past=None
                if record_id in histories
                else StoredPast(self.connection, self.subjects, profile, record_id),
                history=histories.get(record_id),
                touch=touched.get(record_id),
                rebuild=Rebuild("publish", origin.silent) if older else Rebuild("attribute", silent=False),
            )
            self._advance(profile, case)

    def _advance(self, profile: CompiledProfile, case: Case) -> None:
        """Advance one score; what makes scoring fail is quarantined and the rest counts."""
        now = max(self.now, case.stored.scored_at if case.stored else 0)
        quarantined = self.outcome.quarantined
        if quarantined:
            case = replace(case, incoming=[item for item in case.incoming if item.id not in quarantined])
        try:
            found = advance(profile, case, now)
        except Exception:
            found = advance(profile, self._without_the_bad(profile, case), now)
        self.progress[profile.id][case.record_id] = found
        self.fixed_points |= found.fixed_points

    def _without_the_bad(self, profile: CompiledProfile, case: Case) -> Case:
        """The case without the events that cannot be scored, and as it was before it was tried."""
        record, history, stored = case.record, case.history, case.stored
        good = [item for item in case.incoming if self._passes(profile, record, item.event, item.id)]
        if history is not None:
            kept = [event for event in history.events if self._passes(profile, record, event, event.id)]
            history = History(kept, history.adjustments)
        if stored is not None:  # the failed attempt has changed its standing
            stored = self._stored(profile, [case.record_id])[case.record_id]
        past = StoredPast(
            self.connection,
            self.subjects,
            profile,
            case.record_id,
            lambda event: self._passes(profile, record, event, event.id),
        )
        return replace(case, incoming=good, history=history, past=past if case.past else None, stored=stored)

    def _stored(self, profile: CompiledProfile, ids: list[int]) -> dict[int, Stored]:
        """What is stored of the scores; those from before the profile was last unpublished are empty."""
        stored = ledgers.load_scores(self.connection, profile.id, ids)
        emptied = self.published.rows[profile.id].emptied
        if emptied:
            for record_id, found in stored.items():
                if found.version <= emptied:
                    stored[record_id] = found._replace(score=None)
        return stored

    def _passes(self, profile: CompiledProfile, record: Record, event: Event | None, cause_id: str) -> bool:
        """Whether the event can be scored by itself; if not, it is quarantined with the reason."""
        if event is None:
            return True
        try:
            advance(profile, Case(record, 0, [Incoming(event.at, cause_id, event)]), self.now)
        except Exception as error:
            reason = f"profile {profile.key}: {type(error).__name__}: {error}"
            self.outcome.quarantined[cause_id] = reason[:500]
            return False
        return True

    def _incoming(self, profile: CompiledProfile, touched: Mapping[int, Touch]) -> dict[int, list[Incoming]]:
        """By record, what this profile has to look at; records that it has nothing to do with are left out."""
        kind = profile.applies_to
        found: dict[int, list[Incoming]] = {}
        if self.only_profile is not None:
            return {i: [] for i in self.sweep if self.subjects.exists(kind, i)}
        types, always, strayed = profile.relevant_types, profile.always, self.subjects.strayed
        for pending in self.due.events:
            event = pending.event
            record_id = pending.contact_id if kind == CONTACT else event.deal
            if record_id is not None and (always or event.type in types) and not strayed(pending):
                item = Incoming(event.at, event.id, event, silent=pending.silent, depth=pending.depth)
                found.setdefault(record_id, []).append(item)
        for adjustment in self.due.adjustments:
            if adjustment.profile_id == profile.id:
                found.setdefault(adjustment.record_id, []).append(
                    Incoming(
                        at=adjustment.at,
                        id=adjustment.id,
                        points=adjustment.points,
                        set_to=adjustment.set_to,
                        ends_at=adjustment.ends_at,
                        silent=bool(adjustment.silent),
                        depth=adjustment.depth,
                    )
                )
        for revocation in self.due.revocations:
            event = revocation.event
            record_id = revocation.contact_id if kind == CONTACT else event.deal
            if record_id is not None and event.type in types:
                found.setdefault(record_id, []).append(
                    Incoming(revocation.at, f"{REVOKE}{event.id}", silent=revocation.silent, revokes=event)
                )
        for record_id in (*self.due.overdue.get(profile.id, ()), *touched):
            found.setdefault(record_id, [])
        exists = self.subjects.exists
        return {record_id: items for record_id, items in found.items() if exists(kind, record_id)}

    def _limited(
        self, profile: CompiledProfile, ids: list[int], incoming: dict[int, list[Incoming]]
    ) -> dict[int, list[Entry]]:
        """The stored entries of the limit windows that the events touch."""
        if not profile.limited:
            return {}
        windows = {
            (record_id, rule.key, window_of(rule.per, profile.timezone, event.at))
            for record_id in ids
            for item in incoming[record_id]
            if (event := item.event or item.revokes) is not None
            for rule in profile.event_rules.get(event.type, ())
            if rule.times is not None
        }
        return ledgers.load_windows(self.connection, profile.id, windows) if windows else {}

    def _revoked(
        self, profile: CompiledProfile, ids: list[int], incoming: dict[int, list[Incoming]]
    ) -> dict[int, list[Entry]]:
        """The stored entries of the events that are revoked."""
        causes = [
            (record_id, item.revokes.at, item.revokes.id)
            for record_id in ids
            for item in incoming[record_id]
            if item.revokes is not None
        ]
        return ledgers.load_causes(self.connection, profile.id, causes) if causes else {}

    def _mortal(
        self, profile: CompiledProfile, ids: list[int], stored: dict[int, Stored]
    ) -> dict[int, list[Entry]]:
        """The stored entries that end after the last scoring, of scores that are overdue."""
        overdue = [i for i in ids if (due := stored[i].due_at) is not None and due <= self.now]
        found: dict[int, list[Entry]] = {}
        for record_id in [i for i in overdue if stored[i].standing.entries > LONG]:
            lines = stored[record_id].standing.lines
            if lines is not None:
                overdue.remove(record_id)
                entries = StoredEntries(self.connection, profile, record_id, lines)
                now = max(self.now, stored[record_id].scored_at)
                found[record_id] = entries.overtaken(stored[record_id].scored_at, now)
        if not overdue:
            return found
        since = min(stored[i].scored_at for i in overdue)
        return found | ledgers.load_mortal(self.connection, profile.id, overdue, since)

    def _histories(self, profile: CompiledProfile, ids: list[int]) -> dict[int, History]:
        if not ids:
            return {}
        kind = profile.applies_to
        events = ledgers.load_applied_events(self.connection, kind, ids, profile.relevant_types)
        adjustments = ledgers.load_applied_adjustments(self.connection, profile.id, ids)
        if kind == CONTACT and DEAL in profile.where_reads:
            named = {event.deal for found in events.values() for event in found}
            self.subjects.know_deals([deal for deal in named if deal is not None])
        return {i: History(events.get(i, ()), adjustments.get(i, ())) for i in ids}

    def save(self, connection: Connection) -> BatchOutcome:
        """Write everything; the caller holds the shard's lock and commits. May be called again after a rollback."""
        due, quarantined, outcome = self.due, self.outcome.quarantined, self.outcome
        outcome.changes = 0
        for profile in self.published.profiles:
            progress = self.progress.get(profile.id)
            if progress:
                outcome.changes += save_progress(
                    connection, self.shard, profile, self.now, progress, self.known[profile.id]
                )
        decided = self.enrolling.save(connection)
        outcome.enrolled, outcome.closing = len(decided.enrollments), len(decided.replaced)
        if due.events:
            strays = {found.event.id for found in due.events if self.subjects.strayed(found)}
            passed = strays | quarantined.keys()
            applied = [found.event.id for found in due.events if found.event.id not in passed]
            waiting.mark_applied(connection, applied)
            outcome.events = len(applied)
            if strays:
                waiting.settle_strays(connection, strays)
        if due.adjustments:
            # An adjustment for a profile that is not published waits as applied history with its own points.
            fixed = {
                adjustment.id: self.fixed_points.get(
                    adjustment.id,
                    (adjustment.points if adjustment.points is not None else adjustment.set_to) or 0,
                )
                for adjustment in due.adjustments
            }
            waiting.mark_adjustments_applied(connection, fixed)
        if due.revocations:
            waiting.mark_revoked(connection, [revocation.event.id for revocation in due.revocations])
        if due.touched_contacts:
            waiting.clear_touched(connection, "contacts", due.touched_contacts)
        if due.touched_deals:
            waiting.clear_touched(connection, "deals", due.touched_deals)
        scored = {profile.id for profile in self.published.profiles}
        for profile_id, ids in due.overdue.items():
            gone = [i for i in ids if profile_id not in scored or i not in self.progress.get(profile_id, ())]
            if gone:
                waiting.forget_due(connection, profile_id, gone)
        if quarantined:
            waiting.quarantine(connection, quarantined)
        counting = [found for found in due.events if found.event.id not in quarantined]
        outcome.closing += look(connection, self.published, self.subjects, counting, self.now)
        return outcome


def _valid(stored: Stored, profile: CompiledProfile) -> bool:
    """Whether what is stored can be gone on from."""
    return stored.version == profile.version and stored.standing.refold is None
