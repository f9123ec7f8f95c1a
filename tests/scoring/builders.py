"""Short ways to write profiles, records and events in tests. Times are in hours since the epoch."""

from collections.abc import Iterable, Mapping
from typing import Any

from scoring.compiled import CompiledProfile, compile_profile
from scoring.entries import Adjustment, Event, Record
from scoring.fold import fold
from scoring.ledger import Ledger
from scoring.profile import ScoreProfile

HOUR = 3_600_000_000
DAY = 24 * HOUR


def profile(*rules: Mapping[str, Any], **more: Any) -> CompiledProfile:
    """A compiled profile; rules get keys r0, r1, ... where they have none."""
    keyed = [{"key": f"r{index}", **rule} for index, rule in enumerate(rules)]
    return compile_profile(ScoreProfile.model_validate({"key": "p", "rules": keyed, **more}), 1, 1)


def event(at: float, event_type: str = "e", event_id: str | None = None, **properties: Any) -> Event:
    """An event `at` hours after the epoch."""
    return Event(event_id or f"{event_type}@{at}", event_type, int(at * HOUR), properties)


def record(created_at: float = 0, **fields: Any) -> Record:
    """A contact with these fields."""
    return Record("contact", int(created_at * HOUR), lambda name: fields.get(name.removeprefix("contact.")))


def ledger(
    compiled: CompiledProfile,
    events: Iterable[Event],
    at: float,
    adjustments: Iterable[Adjustment] = (),
    of: Record | None = None,
) -> Ledger:
    """The ledger `at` hours after the epoch."""
    return fold(compiled, of or record(), events, adjustments, int(at * HOUR))


def score(compiled: CompiledProfile, events: Iterable[Event], at: float, **more: Any) -> int | None:
    """The score `at` hours after the epoch."""
    return ledger(compiled, events, at, **more).score()
