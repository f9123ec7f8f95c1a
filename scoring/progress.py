"""One record under one profile in one batch: what changes, in which order, and why."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from conditions.times import Micros
from scoring.compiled import CompiledProfile
from scoring.fold import fold
from scoring.ledger import Adjustment, Entry, Event, Ledger, Record, Standing


class Stored(NamedTuple):
    """A score as the last scoring left it."""

    version: int
    score: int | None
    standing: Standing
    scored_at: Micros
    due_at: Micros | None
    seq: int


class Incoming(NamedTuple):
    """An event, or an adjustment (`points` None: what it takes to reach `set_to`), waiting to be applied."""

    at: Micros
    id: str
    event: Event | None = None
    points: int | None = None
    set_to: int | None = None
    ends_at: Micros | None = None
    silent: bool = False
    depth: int = 0


class ScoreChange(NamedTuple):
    """The score moved from `previous` to `current`; `event` when one caused it."""

    seq: int
    previous: int | None
    current: int | None
    cause: str
    cause_id: str
    event: Event | None
    silent: bool
    depth: int


def _when(item: Incoming) -> tuple[Micros, str]:
    return item.at, item.id


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


def advance(
    profile: CompiledProfile,
    record: Record,
    record_id: int,
    now: Micros,
    stored: Stored | None,
    limited: Iterable[Entry],
    mortal: Iterable[Entry],
    history: History | None,
    incoming: Sequence[Incoming],
    *,
    touched: int = 0,
    rebuild: tuple[str, bool] = ("publish", True),
) -> Progress:
    """Apply everything due to one score, in the order of the contract: time, fields, then `incoming` by (time, id).

    `limited` are the stored entries of the limit windows that `incoming` touches; `mortal`, needed when the stored
    score is overdue, those that end after its last scoring. `history` is needed when nothing valid is stored (none
    yet, or of another version), and, when `touched`, if event rules read the record's fields; `rebuild` is the cause
    of the change that re-folding makes then, and whether it is silent. `touched` is 0 or one more than the depth of
    the fields' change.
    """
    changes: list[ScoreChange] = []
    current = stored.score if stored else None
    seq = stored.seq if stored else 0
    replaced = False

    def move(
        cause: str,
        cause_id: str | None,
        event: Event | None = None,
        *,
        silent: bool = False,
        depth: int = 0,
    ) -> None:
        nonlocal current, seq
        score = ledger.score()
        if score != current:
            seq += 1
            cause_id = cause_id or f"{cause}:{record_id}:{seq}"
            changes.append(ScoreChange(seq, current, score, cause, cause_id, event, silent, depth))
            current = score

    if stored is not None and stored.version == profile.version:
        ledger = Ledger(profile, record, now, stored.standing, limited)
        overdue = stored.due_at is not None and stored.due_at <= now
        if overdue:
            ledger.catch_up(stored.scored_at, mortal)
            move(ledger.overdue_cause(stored.scored_at), None)
        if touched and history is not None:
            ledger = fold(profile, record, history.events, history.adjustments, now)
            replaced = True
        elif touched or overdue:
            ledger.read_fields()
        if touched or overdue:
            move("attribute", None, depth=max(touched - 1, 0))
    else:
        known = history or History((), ())
        ledger = fold(profile, record, known.events, known.adjustments, now)
        replaced = True
        cause, silent = rebuild
        move(cause, None, silent=silent, depth=max(touched - 1, 0))

    fixed: dict[str, int] = {}
    for item in incoming if len(incoming) < 2 else sorted(incoming, key=_when):
        if item.event is not None:
            ledger.add_event(item.event)
            move("event", item.id, item.event, silent=item.silent, depth=item.depth)
        else:
            points = item.points if item.set_to is None else ledger.points_to_reach(item.set_to)
            fixed[item.id] = points or 0
            ledger.add_adjustment(Adjustment(item.id, points or 0, item.at, item.ends_at))
            move("adjustment", item.id, silent=item.silent, depth=item.depth)
    return Progress(ledger, current, changes, seq, replaced, fixed)
