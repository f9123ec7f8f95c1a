"""Rows out of the lines of a CSV file: which delimiter, which header, which lines are one row. Pure."""

import csv
import re
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from services.intake.files.csv_cells import NotCsv, body, fitted, loose, scan, without_padding

DELIMITERS = ",;\t|"
#: Characters of a row, with the line breaks in its cells.
LONGEST_ROW = 1_048_576
#: Lines after the header that are looked at to find the delimiter.
_SAMPLE = 20
#: Cells of a row of many lines beyond those of the header, after which it is given up.
_MOST_PADDING = 100
_DECLARED = re.compile(r'"?sep=([^"\r\n])"?[,;\t|]*', re.IGNORECASE)
_NOT_CLOSED = 'a quote is opened and not closed; in a cell with quotes around it, a quote is written ""'

#: How many of some lines, taken each by itself, are rows of this file by what they hold. The other argument is the line
#: with which the cell begins; None where that is no row by itself.
RowsAmong = Callable[[Sequence[Sequence[str]], Sequence[str] | None], int]


class Row(NamedTuple):
    """A row, by its first line. `cells` None: it cannot be read, for the reason that `problem` names."""

    line: int
    cells: Sequence[str] | None
    problem: str = ""


class CsvRows:
    """Reads the header at once, and then the rows one after another.

    `lines` keep their ends. `wanted` are names, without case, of columns that are likely to be there: they help to find
    the delimiter, which `delimiter` says where it is known. What spreadsheets add is no matter: a first line `sep=;`,
    empty cells behind header and rows, rows of empty cells, also above the header.
    """

    def __init__(
        self,
        lines: Iterable[str],
        *,
        delimiter: str | None = None,
        wanted: Collection[str] = (),
        candidates: str = DELIMITERS,
    ) -> None:
        self._lines = iter(lines)
        self._ahead: deque[str] = deque()
        self._line = 0
        declared = _DECLARED.fullmatch(body(self._first_line()))
        if declared:
            self._take()
        while (above := self._first_line()) and not above.strip(f'" \r\n{delimiter or candidates}'):
            self._take()
        self.header_line = self._line + 1
        self.delimiter = delimiter or (declared[1] if declared else self._guess(wanted, candidates))
        self.padded_header = self._header(self.delimiter)
        self._width = len(self.padded_header)
        self.header = without_padding(self.padded_header)
        self._skip(len(self._header_lines))
        self._blank_before_quote = re.compile(rf'(?:^|{re.escape(self.delimiter)}) +"').search
        self._unnamed = [place for place, name in enumerate(self.padded_header) if not name]
        #: Lines of rows with something under a column without a name: how many, and the first.
        self.nameless: tuple[int, int] = (0, 0)
        #: Lines of cells whose line breaks may be rows: how many, and the first.
        self.doubtful: tuple[int, int] = (0, 0)

    def rows(self, rows_among: RowsAmong | None = None) -> Iterator[Row]:
        """Every row behind the header, also each that cannot be read.

        A quote that is opened and not closed costs its own line. Where it meets a second such one, both seem to belong
        to a cell of many lines: `rows_among` tells rows from that. Without it, the cell is believed.
        """
        width, named, delimiter = self._width, len(self.header), self.delimiter
        while (line := self._take()) is not None:
            number = self._line
            if len(line) > LONGEST_ROW:
                yield Row(number, None, "the row is longer than 1 MB")
                continue
            if '"' not in line:
                cells: Sequence[str] = body(line).split(delimiter)
            else:
                row = self._quoted(line, number, rows_among)
                if row.cells is None:
                    yield row
                    continue
                cells = row.cells
            if len(cells) != named or named == 1:
                if not any(map(str.strip, cells)):
                    continue
                cells = fitted(cells, named)
                if not named <= len(cells) <= width:
                    yield Row(number, None, f"it has {len(cells)} cells, and the header has {named}")
                    continue
            elif not any(map(str.strip, cells)):
                continue
            if self._unnamed and any(cells[place].strip() for place in self._unnamed if place < len(cells)):
                self.nameless = (self.nameless[0] + 1, self.nameless[1] or number)
            yield Row(number, cells)

    def _quoted(self, line: str, number: int, rows_among: RowsAmong | None) -> Row:
        """The row that begins with a line with quotes."""
        text = body(line)
        cells: list[str] = []
        if ' "' not in text or not self._blank_before_quote(text):
            try:
                return Row(number, next(csv.reader((text,), delimiter=self.delimiter, strict=True)))
            except csv.Error:
                cells = []
        try:
            parts = scan(text, self.delimiter, cells)
        except NotCsv as error:
            return Row(number, None, f"it is not CSV: {error}")
        if parts is None:
            return Row(number, cells)
        return self._of_many_lines(line, number, cells, parts, rows_among)

    def _of_many_lines(
        self,
        line: str,
        number: int,
        cells: list[str],
        parts: list[str],
        rows_among: RowsAmong | None,
    ) -> Row:
        """A row with an open cell; the lines that end it are taken if together they are one."""
        unclosed = Row(number, None, f"it is not CSV: {_NOT_CLOSED}")
        lines, size, open_parts = [line], len(line), parts
        for following in self._following():
            open_parts.append(lines[-1][len(body(lines[-1])) :])
            lines.append(following)
            size += len(following)
            try:
                after = scan(body(following), self.delimiter, cells, open_parts)
            except NotCsv:
                return unclosed
            if size > LONGEST_ROW or len(cells) > self._width + _MOST_PADDING:
                return unclosed
            if after is None:
                break
            open_parts = after
        else:
            return unclosed
        whole = cells
        if not self._fits(whole):
            return unclosed
        rows = [cells for each in lines if self._fits(cells := loose(body(each), self.delimiter))]
        first = rows[0] if rows and rows[0] == loose(body(line), self.delimiter) else None
        if len(rows) * 2 > len(lines) and len(self.header) > 1:
            if rows_among is not None and rows_among(rows, first) * 2 > len(lines):
                return unclosed
            if len(lines) > 2:
                self.doubtful = (self.doubtful[0] + 1, self.doubtful[1] or number)
        self._skip(len(lines) - 1)
        return Row(number, whole)

    def _fits(self, cells: Sequence[str]) -> bool:
        return len(self.header) <= len(fitted(cells, len(self.header))) <= self._width

    def _header(self, delimiter: str) -> list[str]:
        """The names of the columns, without blanks around them; raises NotCsv."""
        cells: list[str] = []
        parts: list[str] | None = None
        used: list[str] = []
        for line in self._following():
            if used and parts is not None:
                parts.append(used[-1][len(body(used[-1])) :])
            used.append(line)
            parts = scan(body(line), delimiter, cells, parts)
            if parts is None or sum(map(len, used)) > LONGEST_ROW:
                break
        if parts is not None:
            raise NotCsv(_NOT_CLOSED)
        self._header_lines = used
        return [cell.strip() for cell in cells]

    def _guess(self, wanted: Collection[str], candidates: str) -> str:
        """The delimiter with which the header has the likely names, and the lines behind it as many cells."""
        best, delimiter = None, candidates[0]
        for candidate in candidates:
            try:
                padded = self._header(candidate)
            except NotCsv:
                continue
            header = without_padding(padded)
            likely = sum(name.casefold() in wanted for name in header)
            used = len(self._header_lines)
            sample = [
                loose(body(line), candidate)
                for line in islice(self._following(), used, used + _SAMPLE)
                if line.strip()
            ]
            rows = [fitted(cells, len(header)) for cells in sample if any(map(str.strip, cells))]
            fit = sum(len(header) <= len(cells) <= len(padded) for cells in rows) / len(rows) if rows else 1.0
            rank = (likely, len(header) > 1 and fit >= 0.5, fit, len(header))
            if best is None or rank > best:
                best, delimiter = rank, candidate
        return delimiter

    def _first_line(self) -> str:
        return next(self._following(), "")

    def _take(self) -> str | None:
        line = self._ahead.popleft() if self._ahead else next(self._lines, None)
        if line is not None:
            self._line += 1
        return line

    def _skip(self, count: int) -> None:
        for _ in range(count):
            self._take()

    def _following(self) -> Iterator[str]:
        """The lines to come, without taking them."""
        yield from list(self._ahead)
        for line in self._lines:
            self._ahead.append(line)
            yield line
