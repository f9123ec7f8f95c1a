"""Files of events as events: the rows of CSV and the lines of NDJSON, each with its line and what is wrong with it."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO, NamedTuple

import orjson

from conditions.problems import Problem
from conditions.times import parse_moment
from runtime.errors import ReadableError
from services.intake.csv_cells import NotCsv, line_ends
from services.intake.csv_rows import DELIMITERS, LONGEST_ROW, CsvRows
from services.intake.file_text import Decoding, has_lost_bytes
from services.intake.import_columns import ColumnMapping, Columns, Watch

LONGEST_LINE = 1_048_576
_LETTERS, _DIGITS = re.compile(r"[^\W\d_]+"), re.compile(r"\d+")
_NOT_UTF_8 = "it is not UTF-8; save the file as UTF-8"


class ReadLine(NamedTuple):
    """A row or line as an event, or None with what is wrong; `email`: what it says of its contact's address."""

    line: int
    event: dict[str, Any] | None
    problems: Sequence[str] = ()
    email: str | None = None


class CsvEvents:
    """Rows of a CSV file whose first row names the columns."""

    def __init__(
        self,
        file: BinaryIO,
        name: str,
        decoding: Decoding,
        columns: Columns,
        *,
        delimiter: str | None = None,
        watch: Callable[[str, str], Watch | None] = lambda _name, _column: None,
    ) -> None:
        candidates = "\t,;|" if name.lower().endswith(".tsv") else DELIMITERS
        try:
            self._rows = CsvRows(
                decoding.lines_of(file, line_ends, LONGEST_ROW),
                delimiter=delimiter,
                wanted=columns.likely,
                candidates=candidates,
            )
        except NotCsv as error:
            raise ReadableError(f"{name}:1: the header cannot be read: {error}") from None
        if not self._rows.header:
            raise ReadableError(f"{name}: the first line must name the columns")
        if decoding.lenient and any(map(has_lost_bytes, self._rows.header)):
            raise ReadableError(f"{name}:{self._rows.header_line}: {_NOT_UTF_8}")
        self._lenient = decoding.lenient
        try:
            self.mapping = ColumnMapping(self._rows.header, columns, watch)
        except ReadableError as error:
            raise ReadableError(f"{name}: {error}") from None

    @property
    def timed(self) -> bool:
        return self.mapping.occurred_at is not None

    def read(self) -> Iterator[ReadLine]:
        mapping, lenient = self.mapping, self._lenient
        with_email = mapping.email is not None
        for line, cells, problem in self._rows.rows(self._rows_among):
            if cells is None:
                yield ReadLine(line, None, (problem,))
            elif lenient and any(map(has_lost_bytes, cells)):
                yield ReadLine(line, None, (_NOT_UTF_8,))
            else:
                event, problems = mapping.event(cells, line)
                yield ReadLine(line, event, problems, mapping.email_of(cells) if with_email else None)

    def notes(self) -> list[str]:
        """What is to be said of the file when all of it has been read."""
        notes = []
        count, line = self._rows.nameless
        if count:
            notes.append(
                f"{count:,} row{'s'[: count != 1]} with something under a column without a name, the first in line "
                f"{line}: it was left out. Name the column to have it."
            )
        count, line = self._rows.doubtful
        if count:
            notes.append(
                f"The row of line {line} has a cell of several lines that have as many cells as the header; "
                f"{count:,} such row{'s'[: count != 1]}. If its quote is a mistake, write it as two."
            )
        return notes

    def told(self, problem: Problem) -> str:
        if not problem.loc:
            return problem.message
        return f"{self.mapping.column_of(str(problem.loc[0]))}: {problem.message}"

    def _rows_among(self, lines: Sequence[Sequence[str]], first: Sequence[str] | None) -> int:
        """Those with a contact and a time. Without times, those whose contact and type are such as the first line's.

        Of two columns without a time, lines of many texts are such.
        """
        texts = [self.mapping.texts(cells) for cells in lines]
        if self.timed:
            return sum(
                bool(contact) and parse_moment(moment or "") is not None for contact, _, moment in texts
            )
        if len(self._rows.header) < 3 or first is None:
            return 0
        begun = self.mapping.texts(first)
        shape = _shape(begun[0] or "")
        return sum(_shape(contact or "") == shape and kind == begun[1] for contact, kind, _ in texts)


def _shape(text: str) -> str:
    """A text with one sign for all letters that follow each other, and one for all digits."""
    return _DIGITS.sub("0", _LETTERS.sub("a", text))


class NdjsonEvents:
    """One event in the API's format per line."""

    timed = True

    def __init__(self, file: BinaryIO, decoding: Decoding) -> None:
        if decoding.is_utf_8:
            if file.read(3) != b"\xef\xbb\xbf":
                file.seek(0)
            self._lines = _lines(file)
        else:
            texts = decoding.lines_of(file, lambda _: "\n", LONGEST_LINE)
            self._lines = (text.encode() for text in texts)

    def read(self) -> Iterator[ReadLine]:
        for number, line in enumerate(self._lines, 1):
            if len(line) > LONGEST_LINE:
                yield ReadLine(number, None, ("the line is longer than 1 MB",))
                continue
            if not line.strip():
                continue
            try:
                event = orjson.loads(line)
            except orjson.JSONDecodeError as error:
                yield ReadLine(number, None, (f"it is not JSON: {error.msg}",))
                continue
            if isinstance(event, dict):
                yield ReadLine(number, event)
            else:
                yield ReadLine(
                    number,
                    None,
                    ('an event is an object such as {"type": "email.opened", "contact": "ada"}',),
                )

    def notes(self) -> list[str]:
        return []

    def told(self, problem: Problem) -> str:
        return f"{'.'.join(map(str, problem.loc))}: {problem.message}" if problem.loc else problem.message


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """The lines of a file; of one that is too long only so much, and one byte more."""
    while line := file.readline(LONGEST_LINE + 1):
        yield line
        while len(line) > LONGEST_LINE and not line.endswith(b"\n"):
            line = file.readline(LONGEST_LINE)
            if not line:
                return
