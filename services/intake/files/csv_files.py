"""A CSV file whose first row names the columns: its header at once, then its rows."""

from collections.abc import Collection, Iterator
from typing import BinaryIO

from runtime.errors import ReadableError
from services.intake.files.csv_cells import NotCsv, line_ends
from services.intake.files.csv_rows import DELIMITERS, LONGEST_ROW, CsvRows, Row, RowsAmong
from services.intake.files.file_text import Decoding, has_lost_bytes

_NOT_UTF_8 = "it is not UTF-8; save the file as UTF-8"


class CsvFile:
    """Raises ReadableError where the header cannot be read. `wanted`: columns that are likely to be there."""

    def __init__(
        self,
        file: BinaryIO,
        name: str,
        decoding: Decoding,
        *,
        wanted: Collection[str] = (),
        delimiter: str | None = None,
    ) -> None:
        candidates = "\t,;|" if name.lower().endswith(".tsv") else DELIMITERS
        try:
            self._rows = CsvRows(
                decoding.lines_of(file, line_ends, LONGEST_ROW),
                delimiter=delimiter,
                wanted=wanted,
                candidates=candidates,
            )
        except NotCsv as error:
            raise ReadableError(f"{name}: the header cannot be read: {error}") from None
        self.header = self._rows.header
        if not self.header:
            raise ReadableError(f"{name}: the first line must name the columns")
        self._lenient = decoding.lenient
        if self._lenient and any(map(has_lost_bytes, self.header)):
            raise ReadableError(f"{name}:{self._rows.header_line}: {_NOT_UTF_8}")

    def rows(self, rows_among: RowsAmong | None = None) -> Iterator[Row]:
        """Every row behind the header; those that cannot be read say why."""
        lenient = self._lenient
        for row in self._rows.rows(rows_among):
            if lenient and row.cells is not None and any(map(has_lost_bytes, row.cells)):
                yield Row(row.line, None, _NOT_UTF_8)
            else:
                yield row

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
