"""Files of events as events: the rows of CSV and the lines of NDJSON, each with its line and what is wrong with it."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, NamedTuple

import orjson

from conditions.problems import Problem
from conditions.times import parse_moment
from runtime.errors import ReadableError
from services.intake.files.csv_files import CsvFile
from services.intake.files.file_text import Decoding
from services.intake.files.import_columns import ColumnMapping, Columns, Watcher, unwatched

LONGEST_LINE = 1_048_576
_AN_EVENT = 'an event is an object such as {"type": "email.opened", "contact": "ada"}'
_LETTERS, _DIGITS = re.compile(r"[^\W\d_]+"), re.compile(r"\d+")


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
        watch: Watcher = unwatched,
    ) -> None:
        self._file = CsvFile(file, name, decoding, wanted=columns.likely, delimiter=delimiter)
        try:
            self.mapping = ColumnMapping(self._file.header, columns, watch)
        except ReadableError as error:
            raise ReadableError(f"{name}: {error}") from None

    @property
    def timed(self) -> bool:
        return self.mapping.occurred_at is not None

    def read(self) -> Iterator[ReadLine]:
        mapping = self.mapping
        with_email = mapping.email is not None
        for line, cells, problem in self._file.rows(self._rows_among):
            if cells is None:
                yield ReadLine(line, None, (problem,))
            else:
                event, problems = mapping.event(cells, line)
                yield ReadLine(line, event, problems, mapping.email_of(cells) if with_email else None)

    def notes(self) -> list[str]:
        """What is to be said of the file when all of it has been read."""
        return self._file.notes()

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
        if len(self._file.header) < 3 or first is None:
            return 0
        begun = self.mapping.texts(first)
        wanted = shape(begun[0] or "")
        return sum(shape(contact or "") == wanted and kind == begun[1] for contact, kind, _ in texts)


def shape(text: str) -> str:
    """A text with one sign for all letters that follow each other, and one for all digits."""
    return _DIGITS.sub("0", _LETTERS.sub("a", text))


class NdjsonLines:
    """One object in the API's format per line. `example` is one."""

    timed = True

    def __init__(self, file: BinaryIO, decoding: Decoding, example: str = _AN_EVENT) -> None:
        self._example = example
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
                value = orjson.loads(line)
            except orjson.JSONDecodeError as error:
                yield ReadLine(number, None, (f"it is not JSON: {error.msg}",))
                continue
            if isinstance(value, dict):
                yield ReadLine(number, value)
            else:
                yield ReadLine(number, None, (self._example,))

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
