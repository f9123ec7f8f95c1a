"""One batch of a shard: load what is pending, fold it, evaluate triggers, commit everything in one transaction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from conditions.causes import Cause
from conditions.fields import CONTACT
from conditions.times import Micros
from engine.admission.enrolling import Enrolling
from engine.published import Published
from engine.scores.folding import Slice, long_histories, new_fold
from engine.scores.past import StoredPast
from engine.scores.plan import Plan, Reader, incoming_of
from engine.scores.saving import save_progress
from engine.steps.watching import look
from engine.subjects import Subjects
from scoring.compiled import CompiledProfile
from scoring.entries import Event, Record
from scoring.progress import Case, Folded, History, Incoming, Progress, Rebuild, Stored, advance
from scoring.standing import Standing
from store.connection import Connection, RowMapping
from store.follow_ups import tasks
from store.leftovers import work_off
from store.scoring import folds, ledgers
from store.scoring import pending as waiting
from store.scoring.folds import FoldRow
from store.scoring.pending import Due


@dataclass(slots=True)
class BatchOutcome:
    """`size` 0: nothing was pending. `enrolled`: ids of new enrollments; `closing`: workflows to be told of
    something. `ready`: those of few new ones that have a workflow each and can start at once.
    """

    size: int = 0
    events: int = 0
    changes: int = 0
    enrolled: list[str] = field(default_factory=list)
    closing: int = 0
    ready: list[RowMapping] = field(default_factory=list)
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


def read_sweep(
    connection: Connection, shard: int, published: Published, now: Micros, profile_id: int, ids: Sequence[int]
) -> "Batch":
    """Read and fold these records for a sweep of their profile; of a long history, a slice."""
    due = waiting.due_folds(connection, shard, profile_id, ids)
    return Batch(connection, shard, published, now, due, only_profile=profile_id, sweep=ids)


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
        in_slices: bool = True,
    ) -> None:
        self.connection = connection
        self.shard = shard
        self.published = published
        self.now = now
        self.due = due
        self.only_profile = only_profile
        self.sweep = sweep
        self.in_slices = in_slices
        self.begun: list[FoldRow] = []
        self.stale: list[tuple[int, int, Standing]] = []
        self.slice: Slice | None = None
        self.outcome = BatchOutcome(size=due.size)
        kind = published.kinds.get(only_profile, CONTACT) if only_profile is not None else CONTACT
        self.subjects = Subjects(connection, due, published, {kind: sweep})
        self.progress: dict[int, dict[int, Progress]] = {}
        self.known: dict[int, dict[int, Stored]] = {}
        self.fixed_points: dict[str, int] = {}
        self.enrolling = Enrolling(connection, shard, published, now, self.subjects)
        self._fold()

    def _fold(self) -> None:
        self._go_on_with(self.due.fold)
        plans = [
            self._plan(profile)
            for profile in self.published.profiles
            if self.only_profile in (None, profile.id)
        ]
        if self.begun:
            return
        for plan in plans:
            self._fold_profile(plan)
        self.enrolling.match(self.progress, self.due.events, self.outcome.quarantined)

    @property
    def unfinished(self) -> bool:
        """Whether a long history has to be gone on with before its records have their score."""
        return bool(self.begun) or self.slice is not None

    def _go_on_with(self, fold: FoldRow | None) -> None:
        """Fold the next slice; there is none where the profile is not that any more, or the record is gone."""
        profile = next((one for one in self.published.profiles if fold and one.id == fold.profile_id), None)
        if fold is None or profile is None or profile.version != fold.version:
            return
        if self.subjects.exists(profile.applies_to, fold.record_id):

            def passes(record: Record, event: Event) -> bool:
                return self._passes(profile, record, event, event.id)

            self.slice = Slice(self.connection, self.subjects, profile, fold, passes)

    def _plan(self, profile: CompiledProfile) -> Plan:
        """What there is to do under a profile. Notes the folds that have to be done before."""
        touched = self.subjects.touched(profile)
        if self.only_profile is not None:
            incoming = self._swept(profile)
        else:
            incoming = incoming_of(self.due, self.subjects, profile, touched)
        stored = self._stored(profile, list(incoming)) if incoming else {}
        ids = list(incoming)
        if self.only_profile is not None:
            ids = [i for i in ids if i not in stored or stored[i].version != profile.version]
        valid = [i for i in ids if i in stored and _valid(stored[i], profile)]
        known = set(valid)
        reread = {i for i, touch in touched.items() if touch.reread}
        plan = Plan(profile, touched, incoming, stored, ids, valid)
        plan.to_fold = [i for i in ids if i not in known or i in reread]
        long = long_histories(self.connection, profile.applies_to, plan.to_fold) if self.in_slices else ()
        for record_id in long:
            fold = self.due.folded.get((profile.id, record_id))
            if fold is not None and fold.version == profile.version and record_id not in known:
                plan.folded[record_id] = Folded(fold.standing, fold.at)
            else:
                self._begin(profile, record_id, stored.get(record_id), valid=record_id in known)
        return plan

    def _begin(self, profile: CompiledProfile, record_id: int, stored: Stored | None, *, valid: bool) -> None:
        """Have a long history folded, before anything else of its contact is done."""
        contact_id = self.subjects.subject(profile.applies_to, record_id).contact_id
        now = max(self.now, stored.scored_at if stored is not None else 0)
        self.begun.append(new_fold(profile, record_id, contact_id, self.shard, now))
        if stored is not None and valid:
            self.stale.append((profile.id, record_id, stored.standing))

    def _fold_profile(self, plan: Plan) -> None:
        profile, incoming, stored = plan.profile, plan.incoming, plan.stored
        if not incoming:
            return
        self.progress[profile.id] = {}
        self.known[profile.id] = stored
        reader = Reader(self.connection, self.subjects, plan, self.now)
        limited, mortal, revoked = reader.limited(), reader.mortal(), reader.revoked()
        histories = reader.histories()
        origin = self.published.versions[profile.id]
        for record_id in plan.ids:
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
                folded=plan.folded.get(record_id),
                touch=plan.touched.get(record_id),
                rebuild=Rebuild(Cause.PUBLISH, origin.silent)
                if older
                else Rebuild(Cause.ATTRIBUTE, silent=False),
            )
            self._advance(profile, case)

    def _advance(self, profile: CompiledProfile, case: Case) -> None:
        """Advance one score; what makes scoring fail is quarantined and the rest counts."""
        now = max(self.now, case.stored.scored_at if case.stored else 0, case.folded.at if case.folded else 0)
        quarantined = self.outcome.quarantined
        if quarantined:
            case = replace(
                case, incoming=[incoming for incoming in case.incoming if incoming.id not in quarantined]
            )
        try:
            progress = advance(profile, case, now)
        except Exception:
            progress = advance(profile, self._without_the_bad(profile, case), now)
        self.progress[profile.id][case.record_id] = progress
        self.fixed_points |= progress.fixed_points

    def _without_the_bad(self, profile: CompiledProfile, case: Case) -> Case:
        """The case without the events that cannot be scored, and as it was before it was tried."""
        record, history, stored = case.record, case.history, case.stored
        good = [
            incoming
            for incoming in case.incoming
            if self._passes(profile, record, incoming.event, incoming.id)
        ]
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
        emptied = self.published.versions[profile.id].emptied
        if emptied:
            for record_id, score in stored.items():
                if score.version <= emptied:
                    stored[record_id] = score._replace(score=None)
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

    def _swept(self, profile: CompiledProfile) -> dict[int, list[Incoming]]:
        gone_on = {self.due.fold.record_id} if self.due.fold is not None else set()
        exists, kind = self.subjects.exists, profile.applies_to
        return {i: [] for i in self.sweep if i not in gone_on and exists(kind, i)}

    def _save_unscored(self, connection: Connection) -> None:
        """Write what no score has to be known for."""
        if self.due.leftover is not None:
            work_off(connection, self.due.leftover)
        if self.due.overdue_tasks:
            tasks.tell_overdue(connection, self.due.overdue_tasks, self.now)

    def _save_folds(self, connection: Connection) -> None:
        """Write how far long histories have come, and what of them could not be scored."""
        if self.slice is not None:
            self.slice.save(connection)
        elif self.due.fold is not None:
            folds.forget_folds(connection, [self.due.fold])
        if self.begun:
            for profile_id, record_id, standing in self.stale:
                ledgers.mark_stale(connection, profile_id, record_id, standing, Cause.ATTRIBUTE, self.now)
            folds.save_folds(connection, self.begun)
            self.outcome.size = max(self.outcome.size, 1)
        else:
            folds.forget_folds(connection, self.due.folded.values())
        if self.outcome.quarantined:
            waiting.quarantine(connection, self.outcome.quarantined)

    def save(self, connection: Connection) -> BatchOutcome:
        """Write everything; the caller holds the shard's lock and commits. May be called again after a rollback."""
        due, quarantined, outcome = self.due, self.outcome.quarantined, self.outcome
        outcome.changes = 0
        self._save_unscored(connection)
        self._save_folds(connection)
        if self.begun:
            return outcome
        for profile in self.published.profiles:
            progress = self.progress.get(profile.id)
            if progress:
                outcome.changes += save_progress(
                    connection, self.shard, profile, self.now, progress, self.known[profile.id]
                )
        decided = self.enrolling.save(connection)
        outcome.enrolled = [enrollment.id for enrollment in decided.enrollments]
        outcome.closing = len(decided.replaced)
        self._settle(connection)
        counting = [pending for pending in due.events if pending.event.id not in quarantined]
        outcome.closing += look(connection, self.published, self.subjects, counting, self.now)
        return outcome

    def _settle(self, connection: Connection) -> None:
        """Note of everything that was due that it is done."""
        due = self.due
        if due.events:
            strays = {pending.event.id for pending in due.events if self.subjects.strayed(pending)}
            passed = strays | self.outcome.quarantined.keys()
            applied = [pending.event.id for pending in due.events if pending.event.id not in passed]
            waiting.mark_applied(connection, applied)
            self.outcome.events = len(applied)
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


def _valid(stored: Stored, profile: CompiledProfile) -> bool:
    """Whether what is stored can be gone on from."""
    return stored.version == profile.version and stored.standing.refold is None
