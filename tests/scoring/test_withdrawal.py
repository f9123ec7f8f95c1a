"""Taking events back in the middle of a batch that also brings some; the laws cover the rest."""

from collections.abc import Collection, Iterator, Sequence

from conditions.times import Micros
from scoring.compiled import CompiledProfile
from scoring.entries import Event, Place
from scoring.ledger import Ledger
from scoring.withdrawal import KnownPast, Withdrawal
from tests.scoring.builders import HOUR, event, ledger, profile, record


def one_after_another(compiled: CompiledProfile, past: Sequence[Event], steps: Sequence[Event]) -> Ledger:
    """Steps that are in the past are taken back, the others are added."""
    known = ledger(compiled, past, at=100)
    applied: list[Event] = []
    withdrawal = Withdrawal(known, KnownPast(past), applied, ())
    for step in steps:
        if step in past:
            withdrawal.take(step)
        else:
            applied.append(step)
            known.add_event(step)
    return known


def test_an_event_of_the_same_batch_takes_a_place_that_becomes_free() -> None:
    compiled = profile({"on": "e", "points": 1, "limit": {"times": 2, "per": "ever"}})
    first, second, third, new = (event(hours) for hours in (1, 5, 6, 7))
    advanced = one_after_another(compiled, [first, second, third], [first, new, second])
    assert sorted(entry.cause_id for entry in advanced.added.values()) == [third.id, new.id]


def test_an_event_of_the_same_batch_is_the_last_that_broke_a_silence() -> None:
    compiled = profile({"after_silence": "1d", "points": -5, "of": ["e"]})
    last, before = event(10), event(4)
    advanced = one_after_another(compiled, [before, last], [last, event(4, "e", "new"), before])
    assert advanced.quiet_since("r0") == 4 * HOUR


def test_of_several_events_of_one_moment_the_last_that_is_left_broke_the_silence() -> None:
    compiled = profile({"after_silence": "1d", "points": -5, "of": ["e"]})
    before, *together = event(4), *(event(10, "e", name) for name in "abcd")
    for kept in together:
        taken = [one for one in together if one is not kept]
        assert one_after_another(compiled, [before, *together], taken).quiet_since("r0") == 10 * HOUR
    assert one_after_another(compiled, [before, *together], together).quiet_since("r0") == 4 * HOUR


def test_a_silence_that_nothing_broke_any_more_began_with_the_record() -> None:
    compiled = profile({"after_silence": "1d", "points": -5, "of": ["e"]})
    advanced = one_after_another(compiled, [event(4)], [event(4)])
    assert advanced.quiet_since("r0") == record().created_at
    assert advanced.score() == -5


class Counted(KnownPast):
    """Counts how many events are read."""

    def __init__(self, events: Sequence[Event]) -> None:
        super().__init__(events)
        self.read = 0

    def after(self, place: Place) -> Iterator[Event]:
        for passed in super().after(place):
            self.read += 1
            yield passed

    def before(self, at: Micros, types: Collection[str]) -> Iterator[Event]:
        for passed in super().before(at, types):
            self.read += 1
            yield passed


def test_the_work_is_in_proportion_to_the_events_taken_back() -> None:
    """Whatever their order; a history of any length is not read for one of them."""
    compiled = profile(
        {"on": "e", "points": 1, "limit": {"times": 3, "per": "ever"}},
        {"on": "e", "points": 1, "limit": {"times": 3, "per": "day"}},
        {"after_silence": "1d", "points": -5, "of": ["e"]},
    )
    past = [event(hours) for hours in range(2_000)]
    for steps in (past[:100], past[::-1][:100], past[500:600]):
        counted = Counted(past)
        withdrawal = Withdrawal(ledger(compiled, past, at=3_000), counted, (), ())
        for step in steps:
            withdrawal.take(step)
        assert counted.read < 10 * len(steps)
