"""Installations that run side by side, score the same events, and take turns at it."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from bench.installation import Installation
from store.intake.arriving import NewEvent

Side = TypeVar("Side")


async def score(kindling: Installation, events: Iterable[NewEvent]) -> float:
    """Have events scored; the seconds from the commit that makes them visible until none is pending."""
    kindling.take(events)
    began = time.perf_counter()
    kindling.wake()
    await kindling.until_scored()
    return time.perf_counter() - began


async def score_in_turns(
    sides: Mapping[Side, Installation], rounds: int, make: Callable[[int], Iterable[NewEvent]]
) -> dict[Side, list[float]]:
    """The seconds that each side took for the events of each round. Every side is first in a round as often."""
    seconds: dict[Side, list[float]] = {side: [] for side in sides}
    for number in range(rounds):
        events = list(make(number))
        for side in _from(list(sides), number % len(sides)):
            seconds[side].append(await score(sides[side], events))
    return seconds


def _from(sides: Sequence[Side], first: int) -> list[Side]:
    return [*sides[first:], *sides[:first]]
