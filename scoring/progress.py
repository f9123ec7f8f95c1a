"""One record under one profile in one batch: what changes, in which order, and why."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from conditions.causes import Cause
from conditions.times import Micros
from scoring.compiled import CompiledProfile
from scoring.entries import Adjustment, Entry, Event, Record
from scoring.fold import fold
from scoring.ledger import Ledger
from scoring.standing import Standing
from scoring.withdrawal import KnownPast, Past, Withdrawal


class Stored(NamedTuple):
    """A score as the last scoring left it."""

    version: int
    score: int | None
    standing: Standing
    scored_at: Micros
    due_at: Micros | None
    seq: int


class Incoming(NamedTuple):
    """What waits to be applied: an event, the revocation of the event `revokes` (its properties are not needed), or
    else an adjustment.

    `points` None: what it takes to reach `set_to`.
    """

    at: Micros
    id: str
    event: Event | None = None
    points: int | None = None
    set_to: int | None = None
    ends_at: Micros | None = None
    silent: bool = False
    depth: int = 0
    revokes: Event | None = None


Turn = tuple[int, Micros, str]
TIME_FIRST: Turn = (0, 0, "")
FIELDS_NEXT: Turn = (1, 0, "")


def turn_of(at: Micros, item_id: str) -> Turn:
    """The turn of an event, adjustment or revocation."""
    return 2, at, item_id


class ScoreChange(NamedTuple):
    """The score moved from `previous` to `current`; `event` when one caused it. `seq` counts from 1.

    `turn` orders the changes of a batch over all profiles: what time and fields did, then events and the like by time
    and id.
    """

    seq: int
    previous: int | None
    current: int | None
    cause: str
    cause_id: str
    event: Event | None
    silent: bool
    depth: int
    turn: Turn = TIME_FIRST


def _when(incoming: Incoming) -> tuple[Micros, str]:
    return incoming.at, incoming.id


class History(NamedTuple):
    """Everything of a record that has been applied so far."""

    events: Sequence[Event]
    adjustments: Sequence[Adjustment]


@dataclass(slots=True)
class Progress:
    """What a batch made of one score. `replaced`: the ledger's entries take the place of all stored ones."""

    ledger: Ledger
    score: int | None
    changes: list[ScoreChange]
    seq: int
    replaced: bool
    fixed_points: dict[str, int]


class Touch(NamedTuple):
    """Fields of the record have changed, `depth` follow-ups deep; `reread`: event rules read some of them."""

    depth: int
    reread: bool


class Rebuild(NamedTuple):
    """Why a score would be folded anew: the cause of the change that this makes, and whether it is silent."""

    cause: str
    silent: bool


PUBLISHED = Rebuild(Cause.PUBLISH, silent=True)


class Folded(NamedTuple):
    """What folding all that has been applied came to as of `at`; its entries are stored."""

    standing: Standing
    at: Micros


@dataclass(frozen=True, slots=True)
class Case:
    """One score, and all that a batch has for it.

    `limited` are the stored entries of the limit windows that `incoming` touches; `mortal`, needed when the stored
    score is overdue, those that end after its last scoring; `revoked`, those of the events that `incoming` revokes.
    `history`, all that has been applied, is needed when nothing valid is stored (none yet, of another version, or to be
    folded anew), and when a touch has event rules reread; or `folded`, with `mortal` when that is overdue. Without it
    `past`, when `incoming` revokes events.
    """

    record: Record
    record_id: int
    incoming: Sequence[Incoming]
    stored: Stored | None = None
    limited: Iterable[Entry] = ()
    mortal: Iterable[Entry] = ()
    revoked: Iterable[Entry] = ()
    past: Past | None = None
    history: History | None = None
    folded: Folded | None = None
    touch: Touch | None = None
    rebuild: Rebuild = PUBLISHED


def advance(profile: CompiledProfile, case: Case, now: Micros) -> Progress:
    """Apply everything due to one score, in the order of the contract: time, fields, then `incoming` by (time, id)."""
    run = _Advancing(profile, case, now)
    run.begin()
    incoming = case.incoming
    for item in incoming if len(incoming) < 2 else sorted(incoming, key=_when):
        run.apply(item)
    return Progress(run.ledger, run.current, run.changes, run.seq, run.replaced, run.fixed)


class _Advancing:
    """One score on its way through a batch."""

    __slots__ = (
        *("case", "changes", "current", "events", "fixed", "history", "ledger", "now"),
        *("profile", "replaced", "seq", "withdrawal"),
    )

    def __init__(self, profile: CompiledProfile, case: Case, now: Micros) -> None:
        self.profile = profile
        self.case = case
        self.now = now
        self.history = case.history or History((), ())
        stored = case.stored
        self.current = stored.score if stored else None
        self.seq = stored.seq if stored else 0
        self.changes: list[ScoreChange] = []
        self.replaced = False
        self.fixed: dict[str, int] = {}
        self.events: list[Event] = []
        self.withdrawal: Withdrawal | None = None

    def begin(self) -> None:
        """What time and changed fields have done, or all of the history where nothing valid is stored."""
        stored, profile, touch = self.case.stored, self.profile, self.case.touch
        stale = stored.standing.refold if stored is not None else None
        depth = touch.depth if touch is not None else 0
        if stored is None or stored.version != profile.version or stale is not None:
            self._fold()
            ours = stale is not None and stored is not None and stored.version == profile.version
            rebuild = Rebuild(stale, silent=False) if ours and stale is not None else self.case.rebuild
            by_fields = touch is not None and touch.reread and stale == Cause.ATTRIBUTE
            turn = FIELDS_NEXT if by_fields else TIME_FIRST
            self._move(rebuild.cause, None, silent=rebuild.silent, depth=depth, turn=turn)
            return
        self.ledger = Ledger(profile, self.case.record, self.now, stored.standing, self.case.limited)
        overdue = stored.due_at is not None and stored.due_at <= self.now
        if overdue:
            self.ledger.catch_up(stored.scored_at, self.case.mortal)
            self._move(self.ledger.overdue_cause(stored.scored_at), None)
        if touch is not None and touch.reread:
            self._fold()
        elif touch is not None or overdue:
            self.ledger.read_fields()
        if touch is not None or overdue:
            self._move(Cause.ATTRIBUTE, None, depth=depth, turn=FIELDS_NEXT)

    def apply(self, incoming: Incoming) -> None:
        """One event, revocation or adjustment."""
        cause = Cause.ADJUSTMENT
        if incoming.revokes is not None:
            cause = Cause.REVOKE
            self._revoke(incoming.revokes)
        elif incoming.event is not None:
            cause = Cause.EVENT
            self.events.append(incoming.event)
            self.ledger.add_event(incoming.event)
        else:
            points = (
                incoming.points if incoming.set_to is None else self.ledger.points_to_reach(incoming.set_to)
            )
            self.fixed[incoming.id] = points or 0
            self.ledger.add_adjustment(Adjustment(incoming.id, points or 0, incoming.at, incoming.ends_at))
        turn = turn_of(incoming.at, incoming.id)
        self._move(
            cause, incoming.id, incoming.event, silent=incoming.silent, depth=incoming.depth, turn=turn
        )

    def _revoke(self, event: Event) -> None:
        if self.withdrawal is None:
            past = self.case.past if self.case.past is not None else KnownPast(self.history.events)
            self.withdrawal = Withdrawal(self.ledger, past, self.events, self.case.revoked)
        self.withdrawal.take(event)

    def _fold(self) -> None:
        """The ledger from the whole history."""
        history, folded = self.history, self.case.folded
        if folded is not None:
            self.ledger = Ledger(
                self.profile, self.case.record, self.now, folded.standing.copied(), self.case.limited
            )
            if folded.standing.due is not None and folded.standing.due <= self.now:
                self.ledger.catch_up(folded.at, self.case.mortal)
            self.ledger.read_fields()
            return
        self.ledger = fold(self.profile, self.case.record, history.events, history.adjustments, self.now)
        self.replaced = True

    def _move(
        self,
        cause: str,
        cause_id: str | None,
        event: Event | None = None,
        *,
        silent: bool = False,
        depth: int = 0,
        turn: Turn = TIME_FIRST,
    ) -> None:
        self._record(self.ledger.score(), cause, cause_id, event, silent=silent, depth=depth, turn=turn)

    def _record(
        self,
        score: int | None,
        cause: str,
        cause_id: str | None,
        event: Event | None,
        *,
        silent: bool,
        depth: int,
        turn: Turn,
    ) -> None:
        """The score is this now; a change if it was another."""
        if score != self.current:
            self.seq += 1
            cause_id = cause_id or f"{cause}:{self.case.record_id}:{self.seq}"
            self.changes.append(
                ScoreChange(
                    seq=self.seq,
                    previous=self.current,
                    current=score,
                    cause=cause,
                    cause_id=cause_id,
                    event=event,
                    silent=silent,
                    depth=depth,
                    turn=turn,
                )
            )
            self.current = score
