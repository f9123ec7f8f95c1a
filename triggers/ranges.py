"""Things that hold between two numbers, found by a number: in halves, so that those out of reach cost nothing."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from operator import itemgetter
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")


class _Node(NamedTuple, Generic[T]):
    """The ranges around a middle, by where they begin and where they end; those below and above it further on."""

    middle: float
    lows: list[float]
    by_low: list[T]
    highs: list[float]
    by_high: list[T]
    below: "_Node[T] | None"
    above: "_Node[T] | None"


class Ranges(Generic[T]):
    """Made of `(low, high, thing)`, both ends included; a range that ends before it begins is nowhere."""

    def __init__(self, ranges: Iterable[tuple[float, float, T]]) -> None:
        self._root = _halve([interval for interval in ranges if interval[0] <= interval[1]])

    def at(self, number: float) -> Iterator[T]:
        """The things whose range contains the number."""
        node = self._root
        while node is not None:
            if number < node.middle:
                yield from node.by_low[: bisect_right(node.lows, number)]
                node = node.below
            else:
                yield from node.by_high[: bisect_right(node.highs, -number)]
                node = node.above


def _halve(ranges: list[tuple[float, float, T]]) -> _Node[T] | None:
    """At most half of the ranges are on either side of the middle."""
    if not ranges:
        return None
    by_low = sorted(ranges, key=itemgetter(0))
    middle = by_low[len(by_low) // 2][0]
    around = [interval for interval in by_low if interval[0] <= middle <= interval[1]]
    ending = sorted(around, key=itemgetter(1), reverse=True)
    return _Node(
        middle=middle,
        lows=[interval[0] for interval in around],
        by_low=[interval[2] for interval in around],
        highs=[-interval[1] for interval in ending],
        by_high=[interval[2] for interval in ending],
        below=_halve([interval for interval in by_low if interval[1] < middle]),
        above=_halve([interval for interval in by_low if interval[0] > middle]),
    )
