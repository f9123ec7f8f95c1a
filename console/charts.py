"""Charts as geometry: templates draw them, beside a sentence and a table that say the same."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from math import ceil, floor, log10

from conditions.times import DAY, Micros, from_iso, to_iso
from console.language import Speech
from services.foresight.answers import Bar as DistributionBar
from services.foresight.answers import Curve, CurvePoint
from services.operations.answers import ComingHour

#: The box of a trend, and of a curve with the room around it for its words.
TREND_WIDTH, TREND_HEIGHT = 88, 20
WIDTH, HEIGHT = 720, 210
LEFT, RIGHT, TOP, BOTTOM = 40, 8, 14, 24


@dataclass
class Trend:
    """A small line, and what it says."""

    path: str
    says: str


@dataclass
class Tick:
    """A mark at an axis."""

    at: float
    text: str


@dataclass
class Line:
    """A band's lower edge."""

    y: float
    label: str


@dataclass
class Plot:
    """A curve as it is drawn: paths, marks at both axes, edges of bands, where it is looked at."""

    past: str
    ahead: str
    across: list[Tick]
    up: list[Tick]
    edges: list[Line]
    now: float
    looked: Tick | None
    says: str
    rows: list[CurvePoint]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


@dataclass
class Bar:
    """One bar of several beside each other."""

    x: float
    y: float
    width: float
    height: float
    says: str
    tone: str = "plain"
    label: str = ""


@dataclass
class Bars:
    """Bars as they are drawn."""

    bars: list[Bar]
    width: int
    height: int
    after: str = ""
    ticks: list[Tick] = field(default_factory=list)


class Drawing:
    """Draws for one reader."""

    def __init__(self, speech: Speech) -> None:
        self._speech = speech

    def trend(self, scores: Sequence[int | None]) -> Trend:
        """Scores at even distances, the last one of now."""
        known = [score or 0 for score in scores]
        low, high = (min(known), max(known)) if known else (0, 0)
        reach = max(high - low, 1)
        step = TREND_WIDTH / max(len(known) - 1, 1)
        points = [
            (number * step, TREND_HEIGHT - 2 - (score - low) / reach * (TREND_HEIGHT - 4))
            for number, score in enumerate(known)
        ]
        if high == low:
            points = [(x, TREND_HEIGHT / 2) for x, _ in points]
        path = "M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in points) if points else ""
        first, last = (known[0], known[-1]) if known else (0, 0)
        says = self._speech.gettext("from %(first)s to %(last)s in 90 days") % {
            "first": self._speech.number(first),
            "last": self._speech.number(last),
        }
        return Trend(path, says)

    def curve(self, curve: Curve, at: str | None) -> Plot:
        """How a score went and goes on, looked at as of `at`."""
        since, now, until = from_iso(curve.since), from_iso(curve.now), from_iso(curve.until)
        if curve.points:
            since = max(since, from_iso(curve.points[0].at))
        rows = [*curve.points, *curve.ahead]
        scores = [row.score or 0 for row in rows] or [0]
        low, high = min(0, *scores), max(10, *scores)
        ticks = list(_round_marks(low, high))
        low, high = min(low, ticks[0]), max(high, ticks[-1])

        def x(moment: Micros) -> float:
            share = (moment - since) / max(until - since, 1)
            return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

        def y(score: float) -> float:
            share = (score - low) / max(high - low, 1)
            return round(HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - TOP), 1)

        last = curve.points[-1] if curve.points else None
        begin = [CurvePoint(at=curve.now, score=last.score, band=last.band)] if last else []
        edges = [
            Line(y(band.from_), band.band)
            for band in curve.bands
            if band.from_ is not None and low < band.from_ <= high
        ]
        looked = None
        if at is not None and since <= from_iso(at) <= until:
            looked = Tick(x(from_iso(at)), self._speech.short_day(at))
        return Plot(
            past=_stairs(curve.points, x, y, now),
            ahead=_stairs([*begin, *curve.ahead], x, y, until),
            across=[Tick(x(from_iso(mark)), text) for mark, text in self._months(since, until)],
            up=[Tick(y(mark), self._speech.number(mark)) for mark in ticks],
            edges=edges,
            now=x(now),
            looked=looked,
            says=self._told(curve),
            rows=rows,
        )

    def bars(
        self,
        values: Sequence[int],
        says: Sequence[str],
        *,
        tones: Sequence[str] = (),
        height: int = 96,
        most: int = 1,
    ) -> Bars:
        """Bars of equal width."""
        most, count, width = max([*values, most]), max(len(values), 1), 640
        each = width / count
        bars = [
            Bar(
                x=round(number * each + 1, 1),
                y=round(height - max(value / most * (height - 4), 2 if value else 0), 1),
                width=round(each - 2, 1),
                height=round(max(value / most * (height - 4), 2 if value else 0), 1),
                says=says[number],
                tone=tones[number] if tones else "plain",
            )
            for number, value in enumerate(values)
        ]
        return Bars(bars, width, height)

    def distribution(self, found: Sequence[DistributionBar]) -> Bars:
        """How many have which score, as logarithms; `after` is the outline of what publishing makes of it."""

        def tall(count: int) -> int:
            return round(100 * log10(count + 1))

        says = [
            f"{self._speech.number(bar.from_)} … {self._speech.number(bar.to)}: {self._speech.number(bar.before)}"
            for bar in found
        ]
        most = max([*(tall(bar.before) for bar in found), *(tall(bar.after) for bar in found), 1])
        drawn = self.bars([tall(bar.before) for bar in found], says, height=90, most=most)
        each = drawn.width / max(len(found), 1)
        steps = [round(drawn.height - tall(bar.after) / most * (drawn.height - 4), 1) for bar in found]
        drawn.after = "".join(
            f"{'M0 ' if number == 0 else 'V'}{up}H{round((number + 1) * each, 1)}"
            for number, up in enumerate(steps)
        )
        every = max(len(found) // 8, 1)
        drawn.ticks = [
            Tick(round((number + 0.5) * each, 1), self._speech.number(bar.from_))
            for number, bar in enumerate(found)
            if number % every == 0
        ]
        return drawn

    def hours(self, hours: Sequence[ComingHour], values: Sequence[int], tone: str) -> Bars:
        """A value for each hour of a day."""
        says = [
            f"{self._speech.clock(hour.at)}: {self._speech.number(value)}"
            for hour, value in zip(hours, values, strict=True)
        ]
        drawn = self.bars(values, says, tones=[tone] * len(values), height=40)
        each = drawn.width / max(len(values), 1)
        drawn.ticks = [
            Tick(round((number + 0.5) * each, 1), self._speech.clock(hour.at))
            for number, hour in enumerate(hours)
            if number % 6 == 0
        ]
        return drawn

    def _told(self, curve: Curve) -> str:
        """What the curve says, as a sentence."""
        if not curve.points:
            return self._speech.gettext("There is no score yet.")
        first, last = curve.points[0], curve.points[-1]
        if first.score is None:
            first = next((point for point in curve.points if point.score is not None), first)
        told = self._speech.gettext("From %(first)s on %(since)s to %(last)s today.") % {
            "first": self._speech.number(first.score),
            "since": self._speech.day(first.at),
            "last": self._speech.number(last.score),
        }
        if curve.ahead:
            end = curve.ahead[-1]
            told += " " + self._speech.gettext("If nothing happens, %(score)s on %(day)s.") % {
                "score": self._speech.number(end.score),
                "day": self._speech.day(end.at),
            }
        return told

    def _months(self, since: Micros, until: Micros) -> Iterator[tuple[str, str]]:
        """Beginnings of months, or days where there are few, at most about eight."""
        days = max((until - since) // DAY, 1)
        if days < 60:
            every = max(days // 6, 1) * DAY
            for number in range(1, int((until - since) // every)):
                moment = to_iso(since + number * every)
                yield moment, self._speech.short_day(moment)
            return
        every_months = max(ceil(days / 30 / 8), 1)
        begin = to_iso(since)
        year, month = int(begin[:4]), int(begin[5:7])
        while True:
            year, month = (year + 1, 1) if month == 12 else (year, month + 1)
            moment = f"{year:04}-{month:02}-01T00:00:00.000000Z"
            if from_iso(moment) >= until:
                return
            if (month - 1) % every_months == 0:
                yield moment, self._speech.month(moment)


def _stairs(
    points: Sequence[CurvePoint], x: Callable[[Micros], float], y: Callable[[float], float], end: Micros
) -> str:
    """A path that goes on level to each change."""
    if not points:
        return ""
    parts = [f"M{x(from_iso(points[0].at))} {y(points[0].score or 0)}"]
    parts += [f"H{x(from_iso(after.at))}V{y(after.score or 0)}" for after in points[1:]]
    return "".join([*parts, f"H{x(end)}"])


def _round_marks(low: float, high: float) -> Iterator[int]:
    """Three to six round numbers from below `low` to above `high`."""
    rough = max((high - low) / 4, 1)
    size = 10 ** floor(log10(rough))
    step = next(int(size * factor) or 1 for factor in (1, 2, 2.5, 5, 10) if size * factor >= rough)
    number = floor(low / step)
    while True:
        yield number * step
        if number * step >= high:
            return
        number += 1
