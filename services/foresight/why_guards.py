"""The guards of a trigger at a moment of the past: re-entry, running follow-ups, rearm, the depth of the chain."""

from collections.abc import Sequence
from typing import NamedTuple

from conditions.describing import describe
from conditions.times import Micros, duration_words, to_iso
from services.foresight.answers import GuardVerdict
from store.connection import Connection
from store.follow_ups import enrolling
from store.foresight import why
from triggers.compiled import CompiledTrigger
from triggers.evaluate import MAX_DEPTH, is_armed
from triggers.model import Trigger


class GuardedChange(NamedTuple):
    """A change or event as guards see it; `seq` None for an event. `record_id`: whose score changed.

    `skipped`: it was, so that what was made in the same batch came before.
    """

    at: Micros
    seq: int | None
    depth: int
    record_id: int
    skipped: bool = False


def verdicts(
    connection: Connection,
    spec: Trigger,
    trigger: CompiledTrigger,
    profile_id: int | None,
    earlier: Sequence[why.Life],
    moment: GuardedChange,
) -> list[GuardVerdict]:
    """Each guard in words and whether it let the record enter then. `earlier`: its enrollments, the oldest first."""
    before = [life for life in earlier if _precedes(life, moment)]
    last = before[-1] if before else None
    shown = [_reentry(spec, trigger, last, moment)]
    running = [life for life in before if life.finished_at is None or life.finished_at > moment.at]
    text = f"{len(running)} running then" if running else "none was running"
    shown.append(
        GuardVerdict(
            guard="while_running",
            text=f"while_running: {spec.while_running}; {text}",
            holds=not running or spec.while_running != "skip",
        )
    )
    if spec.rearm is not None:
        armed = True
        if last is not None and moment.seq is not None and profile_id is not None:
            scores = enrolling.scores_between(
                connection, profile_id, moment.record_id, last.change_seq, last.created_at, moment.seq
            )
            armed = is_armed(trigger, scores, moment.at)
        shown.append(
            GuardVerdict(
                guard="rearm",
                text=f"rearm: {describe(spec.rearm.conditions)}, since the last start",
                holds=armed,
            )
        )
    shown.append(
        GuardVerdict(
            guard="depth",
            text=f"{moment.depth} of at most {MAX_DEPTH} follow-ups led here",
            holds=moment.depth <= MAX_DEPTH,
        )
    )
    return shown


def _precedes(life: why.Life, moment: GuardedChange) -> bool:
    """Whether an enrollment was there before; within one batch the numbers of changes tell."""
    if life.created_at != moment.at:
        return life.created_at < moment.at
    if life.change_seq is None or moment.seq is None:
        return moment.skipped
    return life.change_seq < moment.seq


def _reentry(
    spec: Trigger, trigger: CompiledTrigger, last: why.Life | None, moment: GuardedChange
) -> GuardVerdict:
    rule = spec.reentry if isinstance(spec.reentry, str) else f"after {duration_words(spec.reentry.after)}"
    holds = (
        last is None
        or trigger.reentry is None
        or (trigger.reentry > 0 and moment.at >= last.started + trigger.reentry)
    )
    since = "there was none before"
    if last is not None:
        word = "was" if last.started <= moment.at else "is planned for"
        since = f"the last start {word} {to_iso(last.started)}"
    return GuardVerdict(guard="reentry", text=f"reentry: {rule.replace('_', ' ')}; {since}", holds=holds)
