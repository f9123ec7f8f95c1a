"""Files of events, read in a stream, stored in batches, every bad row told with its line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runtime.errors import ReadableError
from services.intake.events import Events, Intake
from services.intake.files.dates import DateForms
from services.intake.files.dry_runs import DryRun, Look
from services.intake.files.earlier_rows import Resemblance, RowsByLine
from services.intake.files.event_files import CsvEvents, NdjsonLines, ReadLine
from services.intake.files.event_names import EventNames
from services.intake.files.file_text import decoding_of
from services.intake.files.import_columns import Columns
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
from services.intake.files.import_notes import FutureDates, Watching
from services.intake.files.imported_contacts import Addresses
from services.intake.files.published_reads import published_reads
from services.intake.files.row_ids import RowIds, content_of
from store.patience import patiently

__all__ = ["BATCH", "Columns", "Imported", "import_file"]

#: More would make other writers wait, and are stored no faster.
BATCH = 1_000
#: Rows of a dry run that are shown as events.
FIRST = 5
LONGEST_IMPORT_NAME = 180


@dataclass
class Imported:
    """What became of a file. `first_bad` are the first 20 of the rows that were not stored: `bad`, and `conflicts`.

    Those have the id of another event. `suppressed` were of those who were erased for good. `notes`: what else its
    owner should know, in sentences. `first`: of a dry run, the first rows as events.
    """

    file: str
    accepted: int = 0
    duplicates: int = 0
    conflicts: int = 0
    suppressed: int = 0
    bad: int = 0
    first_bad: list[BadRow] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    first: list[dict[str, Any]] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return self.accepted + self.duplicates + self.conflicts + self.suppressed + self.bad


def import_file(
    events: Events,
    path: Path,
    columns: Columns = Columns(),  # noqa: B008 - frozen
    *,
    format: Format | None = None,  # noqa: A002 - the option's name
    name: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    names: Mapping[str, str] | None = None,
    silent: bool = False,
    dry_run: bool = False,
    look: Look = lambda _events, _emails: None,
    progress: Progress = lambda _: None,
    told: Waiting = lambda _: None,
) -> Imported:
    """Import a file; rows without an id are known by `name` (default: the file's), what they say, and how often.

    So those that were there in an earlier file of that name add nothing, wherever they stand. Good rows are stored
    whatever the others are like. Raises ReadableError, before anything is stored, when the file cannot be read or its
    columns are not clear. While the database cannot be used, it waits, and `told` says why. `names`: the types that
    the file's names stand for. With `dry_run` nothing is stored; `look` is shown what would be.
    """
    event_names = EventNames(names or {})
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
        watching = Watching(reads.properties)
        reader = (
            CsvEvents(file, path.name, decoding, columns, delimiter=delimiter, watch=watching.watch)
            if kind == "csv"
            else NdjsonLines(file, decoding)
        )
        keeping = (
            DryRun(events.resources, look)
            if dry_run
            else _Storing(events, import_name, told, silent=silent, reads_email=reads.email)
        )
        declared = columns.dates != DateForms()
        running = _Import(events, Imported(path.name), reader, import_name, keeping, dates_declared=declared)
        for count, read in enumerate(reader.read(), 1):
            if read.event is not None and not read.problems:
                event_names.apply(read.event)
                watching.event_type(str(read.event.get("type")))
            running.add(read)
            if count % TOLD_AFTER == 0:
                progress(file.tell())
        running.store()
        progress(file.tell())
    done = running.done
    if not reader.timed:
        done.notes.append("No column says when: events count as of now. --occurred-at COLUMN names one.")
    done.notes += [*reader.notes(), *event_names.notes(), *running.notes(), *watching.notes()]
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
        keeping: "_Storing | DryRun",
        *,
        dates_declared: bool,
    ) -> None:
        resources = events.resources
        self.done = done
        self._reader = reader
        self._keeping = keeping
        self._batch: list[tuple[int, dict[str, Any]]] = []
        self._emails: dict[str, str] = {}
        self._database = resources.database
        self._ids = RowIds(name)
        self._by_line = RowsByLine(resources.database, name)
        self._resemblance = Resemblance(resources.database, name, resources.clock())
        self._future = FutureDates(resources.clock(), declared=dates_declared)

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
        for line, event in batch:
            self._future.look(line, event)
        done.first += events[: FIRST - len(done.first)]
        taken = self._keeping.keep(events, self._emails)
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
        resemblance = self._resemblance.notes(stored=isinstance(self._keeping, _Storing))
        return [*self._keeping.notes(), *resemblance, *self._future.notes()]

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


class _Storing:
    """Stores batches, and fills in addresses of contacts."""

    def __init__(self, events: Events, name: str, told: Waiting, *, silent: bool, reads_email: bool) -> None:
        self._events = events
        self._name = name
        self._told = told
        self._silent = silent
        self._addresses = Addresses(events.resources, silent=silent, read=reads_email)

    def keep(self, events: Sequence[dict[str, Any]], emails: Mapping[str, str]) -> Intake:
        patiently(lambda: self._addresses.fill(emails), self._told)
        return patiently(
            lambda: self._events.take(events, silent=self._silent, source=self._name, emails=emails),
            self._told,
        )

    def notes(self) -> list[str]:
        return self._addresses.notes()
