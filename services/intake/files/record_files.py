"""Files of contacts or deals: read in a stream, written in batches, every bad row told with its line."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from conditions.problems import Problem
from runtime.beginnings import of_import
from runtime.errors import ReadableError
from services.intake.files.csv_files import CsvFile
from services.intake.files.event_files import NdjsonLines, ReadLine, shape
from services.intake.files.file_text import Decoding, decoding_of
from services.intake.files.import_files import (
    TOLD_AFTER,
    BadRow,
    Format,
    Progress,
    Waiting,
    format_of,
    keep_first,
    opened,
)
from services.intake.files.import_notes import Watching, decimal_option
from services.intake.files.published_reads import Reads, published_reads
from services.intake.files.record_columns import RecordColumns
from services.intake.files.record_mapping import RecordMapping
from services.records.bulk.bulk_items import EXAMPLES, Options
from services.records.bulk.in_bulk import RecordsInBulk, Written
from services.records.kinds import Kind
from store.patience import patiently

#: Records that are handed on at once.
BATCH = 1_000


@dataclass
class ImportedRecords(Written):
    """What became of a file of contacts or deals, or in a dry run would. `first_bad`: the first 20 of the `bad` rows.

    `notes`: what else its owner should know, in sentences.
    """

    file: str = ""
    bad: int = 0
    first_bad: list[BadRow] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def written(self) -> int:
        return self.created + self.changed + self.unchanged


def import_records(
    bulk: RecordsInBulk[Any],
    path: Path,
    columns: RecordColumns | None = None,
    options: Options = Options(),  # noqa: B008 - immutable
    *,
    tags: Sequence[str] = (),
    file_format: Format | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    progress: Progress = lambda _: None,
    told: Waiting = lambda _: None,
) -> ImportedRecords:
    """Write the records of a file, each as the options say, with these `tags` added. A blank cell changes nothing.

    Good rows are written whatever the others are like. Raises ReadableError, before anything is written, when the file
    cannot be read or its columns are not clear. While the database cannot be used it waits, and `told` says why.
    """
    kind = file_format or format_of(path)
    columns = columns or RecordColumns()
    if kind == "ndjson" and (columns.said or delimiter is not None):
        raise ReadableError(f"Columns belong to CSV; lines of NDJSON are {bulk.kind}s as the API takes them")
    done = ImportedRecords(file=path.name)
    options = options._replace(brought_by=of_import(path.name))
    with bulk.resources.database.read() as connection:
        reads = published_reads(connection)
    with opened(path) as file:
        decoding = decoding_of(file, path.name, encoding)
        reader = (
            _CsvRecords(bulk.kind, file, path.name, decoding, columns, delimiter, reads)
            if kind == "csv"
            else NdjsonLines(file, decoding, EXAMPLES[bulk.kind])
        )
        if isinstance(reader, _CsvRecords):
            done.notes.append(reader.mapping.told())
        batch: list[tuple[int, dict[str, Any]]] = []

        def store() -> None:
            items = [item for _, item in batch]
            written = patiently(lambda: bulk.write(items, options), told)
            done.add(written)
            for place, problems in written.rejected:
                _note(done, batch[place][0], "; ".join(reader.told(problem) for problem in problems))
            batch.clear()

        for count, read in enumerate(reader.read(), 1):
            if read.event is None or read.problems:
                _note(done, read.line, "; ".join(read.problems))
            else:
                batch.append((read.line, _tagged(read.event, tags)))
            if len(batch) >= BATCH:
                store()
            if count % TOLD_AFTER == 0:
                progress(file.tell())
        store()
        progress(file.tell())
        done.notes += reader.notes()
    return done


class _CsvRecords:
    """Rows of a CSV file as contacts or deals."""

    def __init__(
        self,
        kind: Kind,
        file: BinaryIO,
        name: str,
        decoding: Decoding,
        columns: RecordColumns,
        delimiter: str | None,
        reads: Reads,
    ) -> None:
        self._watching = Watching(reads.fields[kind], decimal_option)
        self._file = CsvFile(file, name, decoding, wanted=columns.likely(kind), delimiter=delimiter)
        try:
            self.mapping = RecordMapping(kind, self._file.header, columns, self._watching.watch)
        except ReadableError as error:
            raise ReadableError(f"{name}: {error}") from None

    def notes(self) -> list[str]:
        """What is to be said of the file when all of it has been read."""
        return [*self._file.notes(), *self._watching.notes()]

    def read(self) -> Iterator[ReadLine]:
        for line, cells, problem in self._file.rows(self._rows_among):
            if cells is None:
                yield ReadLine(line, None, (problem,))
            else:
                record, problems = self.mapping.record(cells, line)
                yield ReadLine(line, record, problems)

    def told(self, problem: Problem) -> str:
        return f"{self.mapping.column_of(problem.loc)}: {problem.message}" if problem.loc else problem.message

    def _rows_among(self, lines: Sequence[Sequence[str]], first: Sequence[str] | None) -> int:
        """Those that say who they are as the first line does."""
        if first is None:
            return 0
        wanted = shape(self.mapping.who(first))
        return sum(bool(wanted) and shape(self.mapping.who(cells)) == wanted for cells in lines)


def _tagged(contact: dict[str, Any], tags: Sequence[str]) -> dict[str, Any]:
    """The contact with these tags added to those that it says itself."""
    if not tags:
        return contact
    own = contact.get("tags")
    if own is None:
        return {**contact, "tags": list(tags)}
    if isinstance(own, dict) and isinstance(own.get("add", []), list):
        return {**contact, "tags": {**own, "add": [*own.get("add", []), *tags]}}
    return {**contact, "tags": [*own, *tags]} if isinstance(own, list) else contact


def _note(done: ImportedRecords, line: int, reason: str) -> None:
    done.bad += 1
    keep_first(done.first_bad, BadRow(done.file, line, reason))
