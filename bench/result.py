"""What a measurement came to, and the arithmetic that all of them share."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import ceil
from statistics import fmean, median
from typing import Any


@dataclass(frozen=True)
class Result:
    """One row of the table.

    `floor` is what was measured beside it on the same machine, in the same unit, and `ratio` is `value / floor`;
    both are None where there is nothing to compare with. `target` says what has to hold, `met` whether it does.
    """

    name: str
    value: float
    unit: str
    floor: float | None
    ratio: float | None
    target: str
    met: bool

    def as_json(self) -> dict[str, Any]:
        """The row of `--json`."""
        return asdict(self)


def rate(name: str, unit: str, ours: Sequence[float], floors: Sequence[float], least: float) -> Result:
    """Rates of interleaved rounds, the higher the better; the median has to be `least` times the floor's."""
    value, floor = median(ours), median(floors)
    ratio = value / floor
    return Result(name, value, unit, floor, ratio, f"at least {least:g} x the floor", ratio >= least)


def slowdown(
    name: str, ours: Sequence[float], floors: Sequence[float], most: float, floor_words: str = "the floor"
) -> Result:
    """Seconds of interleaved rounds, the lower the better; may be `most` times the floor's.

    Each side's faster half counts, on average: other work on the machine makes rounds longer, never shorter.
    """
    value, floor = (fmean(sorted(taken)[: ceil(len(taken) / 2)]) for taken in (ours, floors))
    ratio = value / floor
    return Result(name, value, "s", floor, ratio, f"at most {most:g} x {floor_words}", ratio <= most)


def percentile(samples: Sequence[float], percent: float) -> float:
    """The smallest sample that is not below `percent` of them."""
    ordered = sorted(samples)
    return ordered[ceil(len(ordered) * percent / 100) - 1]


def scaled(count: int, scale: float, least: int = 1) -> int:
    """So many of something at this scale."""
    return max(least, round(count * scale))
