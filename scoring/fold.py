"""The one law: a score is a pure function of profile version, history, fields and time."""

from collections.abc import Iterable

from conditions.times import Micros
from scoring.compiled import CompiledProfile
from scoring.entries import Adjustment, Event, Record
from scoring.ledger import Ledger


def fold(
    profile: CompiledProfile,
    record: Record,
    events: Iterable[Event],
    adjustments: Iterable[Adjustment],
    now: Micros,
) -> Ledger:
    """The record's ledger at `now` from its whole history; what lies after `now` is left out.

    Every other way of computing a score (batch by batch, re-scoring, breakdown, forecast) must agree with this.
    """
    ledger = Ledger(profile, record, now)
    for event in events:
        if event.at <= now:
            ledger.add_event(event)
    for adjustment in adjustments:
        if adjustment.at <= now:
            ledger.add_adjustment(adjustment)
    return ledger
