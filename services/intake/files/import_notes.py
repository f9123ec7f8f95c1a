"""What is to be said of the properties that a file brought: read in two ways, or not as published rules read them."""

from collections.abc import Callable, Iterable, Mapping
from shlex import quote
from typing import Any

from conditions.times import Micros, from_iso, parse_moment
from services.intake.files.cell_values import LIKE_THOUSANDS, NumberForm, likely_form
from services.intake.files.published_reads import Read
from services.intake.moments import moment_of

#: Event types of a file that are kept in mind.
_MOST_TYPES = 1_000
_Example = tuple[int, str]
#: The option that says in which form the numbers of a column are written.
Declare = Callable[[str, NumberForm], str]


def number_option(column: str, form: NumberForm) -> str:
    """Of files of events."""
    return f"--number {quote(f'{column}={form.example}')}"


def decimal_option(_column: str, form: NumberForm) -> str:
    """Of files of records."""
    return f"--decimal {form.decimal}"


class Watched:
    """Counts what the cells of one property held. `number` of cells with numbers, `texts`, and the first of each.

    `declared`: its type is said, so that it is read as is meant.
    """

    def __init__(self, name: str, column: str, *, declared: bool, dates: bool) -> None:
        self.name = name
        self.column = column
        self.declared = declared
        self.numbers = 0
        self.texts = 0
        self.first_number: _Example | None = None
        self.first_text: _Example | None = None
        self.like_thousands: _Example | None = None
        self.other_decimals = False
        self.no_dates = 0
        self.first_no_date: _Example | None = None
        self._dates = dates

    def __call__(self, value: Any, text: str, line: int) -> None:
        if type(value) is str:
            if not self.texts:
                self.first_text = (line, text)
            self.texts += 1
        elif type(value) is not bool:
            if not self.numbers:
                self.first_number = (line, text)
            self.numbers += 1
            if type(value) is float and not self.other_decimals:
                if not LIKE_THOUSANDS.fullmatch(text):
                    self.other_decimals = True
                elif self.like_thousands is None:
                    self.like_thousands = (line, text)
        if self._dates and not (type(value) is str and parse_moment(value) is not None):
            if not self.no_dates:
                self.first_no_date = (line, text)
            self.no_dates += 1


class Watching:
    """The properties or fields of a file, and what of them is published rules' concern: what is read, by name."""

    def __init__(self, reads: Mapping[str, Iterable[Read]], option: Declare = number_option) -> None:
        self._reads = reads
        self._option = option
        self._watched: dict[str, Watched] = {}
        self._types: set[str] = set()

    def watch(self, name: str, column: str, *, declared: bool) -> Watched:
        """What is to see each value of a property."""
        dates = any(read.needs == "date" for read in self._reads.get(name, ()))
        watched = Watched(name, column, declared=declared, dates=dates)
        self._watched[name] = watched
        return watched

    def event_type(self, name: str) -> None:
        """There was an event of this type."""
        if len(self._types) < _MOST_TYPES:
            self._types.add(name)

    def notes(self) -> list[str]:
        """One for each property that was read in two ways, and one for each rule that cannot read it."""
        notes = []
        for watched in self._watched.values():
            if not watched.declared and (note := _in_two_ways(watched, self._option)):
                notes.append(note)
            reads = [
                read
                for read in self._reads.get(watched.name, ())
                if read.event_type is None or read.event_type in self._types
            ]
            notes += _unreadable(watched, reads)
        return notes


def _at(example: _Example) -> str:
    return f'"{example[1][:40]}" in line {example[0]}'


def _rows(count: int) -> str:
    return f"{count:,} row{'s'[: count != 1]}"


def _in_two_ways(watched: Watched, option: Declare) -> str | None:
    """A property that is a number here and a text there, a text that looks like a number, or a doubtful dot."""
    text = watched.first_text
    form = likely_form(text[1]) if text else None
    if form is None and watched.like_thousands and not watched.other_decimals:
        form = likely_form("1.234,5")
    remedy = ""
    if form:
        remedy = f"; if these are numbers, say how they are written: {option(watched.column, form)}"
    if text and watched.numbers and watched.first_number:
        return (
            f"{watched.name} is a number in {_rows(watched.numbers)}, such as {_at(watched.first_number)}, and a text "
            f"in {_rows(watched.texts)}, such as {_at(text)}{remedy}."
        )
    if text and form:
        return f"{watched.name} is a text in {_rows(watched.texts)}, such as {_at(text)}{remedy}."
    if watched.like_thousands and not watched.other_decimals:
        line, written = watched.like_thousands
        return (
            f'{watched.name}: "{written}" in line {line} is read with a decimal point; if it is between thousands, '
            f"say {option(watched.column, NumberForm(','))}."
        )
    return None


def _unreadable(watched: Watched, reads: Iterable[Read]) -> list[str]:
    """What a rule asks of a property that never holds for some of the values."""
    asks: Mapping[str, tuple[str, int, _Example | None]] = {
        "number": ("compares {name} with a number", watched.texts, watched.first_text),
        "text": ("compares {name} with a text", watched.numbers, watched.first_number),
        "date": ("asks how old {name} is", watched.no_dates, watched.first_no_date),
    }
    kinds = {"number": "a text", "text": "a number", "date": "no date"}
    notes = []
    for read in dict.fromkeys(reads):
        ask, count, example = asks[read.needs]
        if count and example is not None:
            who, remedy = (
                f"{read.who[0].upper()}{read.who[1:]}",
                _date(example[1]) if read.needs == "date" else "",
            )
            notes.append(
                f"{who} {ask.format(name=watched.name)}, and never holds for {_rows(count)} where it is "
                f"{kinds[read.needs]}, such as {_at(example)}{remedy}."
            )
    return notes


def _date(text: str) -> str:
    """How to write a date that is none."""
    try:
        from_iso(text)
    except ValueError as error:
        return "; " + str(error).partition("; ")[2]
    return ""


class FutureDates:
    """Counts the events that are said to happen after `now`. `declared`: how dates are written has been said."""

    def __init__(self, now: Micros, *, declared: bool) -> None:
        self._now = now
        self._declared = declared
        self._count = 0
        self._first: _Example | None = None

    def look(self, line: int, event: Mapping[str, Any]) -> None:
        """See an event that is about to be stored."""
        text = event.get("occurred_at")
        try:
            future = isinstance(text, str) and moment_of(text) > self._now
        except ValueError:
            return
        if future:
            self._count += 1
            self._first = self._first or (line, str(text))

    def notes(self) -> list[str]:
        """How many there were, and what becomes of them."""
        if self._first is None:
            return []
        verb = "is" if self._count == 1 else "are"
        told = (
            f"{_rows(self._count)} {verb} in the future, the first {_at(self._first)}: they count as of now."
        )
        remedy = " If days and months changed places, --date-format dd.mm.yyyy says how dates are written."
        return [told if self._declared else told + remedy]
