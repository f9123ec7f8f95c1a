"""Files of events, read in a stream, stored in batches, every bad row told with its line."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Literal

from runtime.errors import ReadableError
from services.intake.earlier_rows import Resemblance, RowsByLine
from services.intake.event_files import CsvEvents, NdjsonLines, ReadLine
from services.intake.events import Events
from services.intake.file_text import decoding_of
from services.intake.import_columns import Columns
from services.intake.import_notes import Watching
from services.intake.imported_contacts import Addresses
from services.intake.published_reads import published_reads
from services.intake.row_ids import RowIds, content_of
from store.patience import patiently

__all__ = ["BATCH", "BadRow", "Columns", "Format", "Imported", "delimiter_of", "import_file", "size_of"]

#: More would make other writers wait, and are stored no faster.
BATCH = 1_000
SHOWN = 20
#: Rows after which progress is told.
TOLD_AFTER = 500
LONGEST_IMPORT_NAME = 180

Format = Literal["csv", "ndjson"]
FORMATS: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "ndjson",
}
_BY_NAME = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "}

#: Called with how many bytes of the file have been read so far.
Progress = Callable[[int], None]
#: Called with why the import has to wait.
Told = Callable[[str], None]


@dataclass(frozen=True)
class BadRow:
    """A row that was not imported. `line` counts from 1 and is the row's first."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}"


def keep_first(rows: list[BadRow], row: BadRow) -> None:
    """Add a row to those that are shown: the first of the file, by line."""
    if len(rows) < SHOWN or row.line < rows[-1].line:
        rows.append(row)
        rows.sort(key=lambda each: each.line)
        del rows[SHOWN:]


@dataclass
class Imported:
    """What became of a file. `first_bad` are the first 20 of the rows that were not stored: `bad`, and `conflicts`.

    Those have the id of another event. `suppressed` were of those who were erased for good. `notes`: what else its
    owner should know, in sentences.
    """

    file: str
    accepted: int = 0
    duplicates: int = 0
    conflicts: int = 0
    suppressed: int = 0
    bad: int = 0
    first_bad: list[BadRow] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return self.accepted + self.duplicates + self.conflicts + self.suppressed + self.bad


def delimiter_of(text: str) -> str:
    """The delimiter that a person names: the character, or `tab`. Raises ValueError."""
    delimiter = _BY_NAME.get(text.lower(), text)
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise ValueError(f'"{text}" is no delimiter; it is one character, such as ; or tab')
    return delimiter


def import_file(
    events: Events,
    path: Path,
    columns: Columns = Columns(),  # noqa: B008 - frozen
    *,
    format: Format | None = None,  # noqa: A002 - the option's name
    name: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    silent: bool = False,
    progress: Progress = lambda _: None,
    told: Told = lambda _: None,
) -> Imported:
    """Import a file; rows without an id are known by `name` (default: the file's), what they say, and how often.

    So those that were there in an earlier file of that name add nothing, wherever they stand. Good rows are stored
    whatever the others are like. Raises ReadableError, before anything is stored, when the file cannot be read or its
    columns are not clear. While the database cannot be used, it waits, and `told` says why.
    """
    kind = format or format_of(path)
    if kind == "ndjson" and (columns.given or delimiter is not None):
        raise ReadableError("Columns belong to CSV; lines of NDJSON are events as the API takes them")
    import_name = name or path.name
    if "/" in import_name or len(import_name) > LONGEST_IMPORT_NAME:
        raise ReadableError(
            f'"{import_name[:80]}" cannot be in ids of events; choose a name without "/" of at most'
            f" {LONGEST_IMPORT_NAME} characters with --name"
        )
    with events.resources.database.read() as connection:
        reads = published_reads(connection)
    with opened(path) as file:
        decoding = decoding_of(file, path.name, encoding)
        watching = Watching(reads)
        reader = (
            CsvEvents(file, path.name, decoding, columns, delimiter=delimiter, watch=watching.watch)
            if kind == "csv"
            else NdjsonLines(file, decoding)
        )
        running = _Import(
            events, Imported(path.name), reader, import_name, told, silent=silent, reads_email=reads.email
        )
        for count, read in enumerate(reader.read(), 1):
            if read.event is not None and not read.problems:
                watching.event_type(str(read.event.get("type")))
            running.add(read)
            if count % TOLD_AFTER == 0:
                progress(file.tell())
        running.store()
        progress(file.tell())
    done = running.done
    if not reader.timed:
        done.notes.append("No column says when: events count as of now. --occurred-at COLUMN names one.")
    done.notes += [*reader.notes(), *running.notes(), *watching.notes()]
    if done.duplicates and not done.accepted and columns.id is None:
        done.notes.append(
            f'What was there in an earlier file under the name "{import_name}" counts once. If these are other events '
            "that look the same, import them under another name (--name)."
        )
    return done


class _Import:
    """One import under way: gathers events, and stores them a batch at a time."""

    def __init__(
        self,
        events: Events,
        done: Imported,
        reader: CsvEvents | NdjsonLines,
        name: str,
        told: Told,
        *,
        silent: bool,
        reads_email: bool,
    ) -> None:
        resources = events.resources
        self.done = done
        self._events = events
        self._reader = reader
        self._name = name
        self._told = told
        self._silent = silent
        self._batch: list[tuple[int, dict[str, Any]]] = []
        self._emails: dict[str, str] = {}
        self._database = resources.database
        self._ids = RowIds(name)
        self._by_line = RowsByLine(resources.database, name)
        self._resemblance = Resemblance(resources.database, name, resources.clock())
        self._addresses = Addresses(resources, silent=silent, read=reads_email)

    def add(self, read: ReadLine) -> None:
        """Take a row in."""
        if read.event is None or read.problems:
            self._note(read.line, "; ".join(read.problems))
            return
        self._batch.append((read.line, read.event))
        if read.email is not None:
            self._emails.setdefault(read.event["contact"], read.email)
        if len(self._batch) >= BATCH:
            self.store()

    def store(self) -> None:
        """Store what has been gathered."""
        if not self._batch:
            return
        done, batch = self.done, self._identified()
        events = [event for _, event in batch]
        self._resemblance.look(events)
        patiently(lambda: self._addresses.fill(self._emails), self._told)
        taken = patiently(
            lambda: self._events.take(events, silent=self._silent, source=self._name, emails=self._emails),
            self._told,
        )
        done.accepted += taken.accepted
        done.duplicates += taken.duplicates
        done.suppressed += taken.suppressed
        for index, _, reason in taken.conflicts:
            done.conflicts += 1
            self._list(batch[index][0], reason)
        for index, problems in taken.rejected:
            self._note(batch[index][0], "; ".join(self._reader.told(problem) for problem in problems))
        self._batch.clear()
        self._emails.clear()

    def notes(self) -> list[str]:
        return [*self._addresses.notes(), *self._resemblance.notes()]

    def _identified(self) -> list[tuple[int, dict[str, Any]]]:
        """The batch with an id for each event, without those that are known under an id of a former version."""
        nameless = [event for _, event in self._batch if event.get("id") is None]
        known: set[int] = set()
        if self._by_line and nameless:
            with self._database.read() as connection:
                flags = self._by_line.known(connection, nameless)
            known = {id(event) for event, flag in zip(nameless, flags, strict=True) if flag}
        for event in nameless:
            content, moment = content_of(event)
            if content is not None:
                event["id"] = self._ids.id_of(content, moment)
        self.done.duplicates += len(known)
        return [(line, event) for line, event in self._batch if id(event) not in known]

    def _note(self, line: int, reason: str) -> None:
        self.done.bad += 1
        self._list(line, reason)

    def _list(self, line: int, reason: str) -> None:
        keep_first(self.done.first_bad, BadRow(self.done.file, line, reason))


def size_of(path: Path) -> int:
    """The file's size in bytes; raises ReadableError when it cannot be imported at all."""
    with opened(path) as file:
        return os.fstat(file.fileno()).st_size


def format_of(path: Path) -> Format:
    """The format that a file has by its name; raises ReadableError."""
    file_format = FORMATS.get(path.suffix.lower())
    if file_format is None:
        raise ReadableError(f"{path}: is it CSV or NDJSON? Say --format csv or --format ndjson")
    return file_format


def opened(path: Path) -> BinaryIO:
    """The file; raises ReadableError when it cannot be imported at all."""
    try:
        file = path.open("rb")
        if os.fstat(file.fileno()).st_size == 0:
            file.close()
            raise ReadableError(f"{path} is empty; there is nothing to import")
    except IsADirectoryError:
        raise ReadableError(f"{path} is a folder; name a file") from None
    except FileNotFoundError:
        raise ReadableError(f"There is no file {path}") from None
    except OSError as error:
        raise ReadableError(f"{path} cannot be read: {error.strerror}") from None
    return file
