"""Files of events: CSV and NDJSON, read in a stream, stored in batches, every bad row told with its line."""

import csv
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import TextIOWrapper
from pathlib import Path
from typing import Any, BinaryIO, Literal

import orjson

from conditions.problems import Problem
from runtime.errors import ReadableError
from services.intake.events import Events
from services.intake.import_columns import Columns, RowMapping

__all__ = ["BATCH", "BadRow", "Columns", "Format", "Imported", "import_file", "size_of"]

BATCH = 1_000
SHOWN = 20
LONGEST_LINE = 1_048_576
LONGEST_IMPORT_NAME = 180
DELIMITERS = ",;\t|"

Format = Literal["csv", "ndjson"]
FORMATS: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "ndjson",
}

#: Called with how many bytes of the file have been read so far.
Progress = Callable[[int], None]


@dataclass(frozen=True)
class BadRow:
    """A row that was not imported. `line` counts from 1 and is the row's first."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}"


@dataclass
class Imported:
    """What became of a file. `first_bad` are the first 20 of the rows that were not stored: `bad`, and `conflicts`.

    Those have the id of another event. `timed` False: no column says when.
    """

    file: str
    accepted: int = 0
    duplicates: int = 0
    conflicts: int = 0
    bad: int = 0
    first_bad: list[BadRow] = field(default_factory=list)
    timed: bool = True

    @property
    def rows(self) -> int:
        return self.accepted + self.duplicates + self.conflicts + self.bad


#: (line, event or None, what is wrong with it)
_Row = tuple[int, dict[str, Any] | None, list[str]]


def import_file(
    events: Events,
    path: Path,
    columns: Columns = Columns(),  # noqa: B008 - frozen
    *,
    format: Format | None = None,  # noqa: A002 - the option's name
    name: str | None = None,
    silent: bool = False,
    progress: Progress = lambda _: None,
) -> Imported:
    """Import a file; `name` (default: the file's) is in the ids of CSV rows, so that a second time adds nothing.

    Good rows are stored whatever the others are like. Raises ReadableError, before anything is stored, when the file
    cannot be read or its columns are not clear.
    """
    kind = format or _format_of(path)
    if kind == "ndjson" and columns.given:
        raise ReadableError("Columns belong to CSV; lines of NDJSON are events as the API takes them")
    import_name = name or path.name
    if "/" in import_name or len(import_name) > LONGEST_IMPORT_NAME:
        raise ReadableError(
            f'"{import_name[:80]}" cannot be in ids of events; choose a name without "/" of at most'
            f" {LONGEST_IMPORT_NAME} characters with --name"
        )
    done = Imported(path.name)
    with _opened(path) as file:
        reader = _Csv(file, path, columns, import_name) if kind == "csv" else _Ndjson(file)
        done.timed = reader.timed
        batch: list[tuple[int, dict[str, Any]]] = []
        for line, event, problems in reader.rows():
            if event is None or problems:
                _note(done, line, "; ".join(problems))
            else:
                batch.append((line, event))
            if len(batch) >= BATCH:
                _store(events, batch, done, reader, silent=silent, source=import_name)
                progress(reader.position())
                batch.clear()
        if batch:
            _store(events, batch, done, reader, silent=silent, source=import_name)
        progress(reader.position())
    done.first_bad.sort(key=lambda row: row.line)
    return done


def size_of(path: Path) -> int:
    """The file's size in bytes; raises ReadableError when it cannot be imported at all."""
    with _opened(path) as file:
        return os.fstat(file.fileno()).st_size


def _format_of(path: Path) -> Format:
    found = FORMATS.get(path.suffix.lower())
    if found is None:
        raise ReadableError(f"{path}: is it CSV or NDJSON? Say --format csv or --format ndjson")
    return found


def _opened(path: Path) -> BinaryIO:
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


def _note(done: Imported, line: int, reason: str) -> None:
    done.bad += 1
    _list(done, line, reason)


def _list(done: Imported, line: int, reason: str) -> None:
    done.first_bad.append(BadRow(done.file, line, reason))
    done.first_bad.sort(key=lambda row: row.line)
    del done.first_bad[SHOWN:]


def _store(
    events: Events,
    batch: list[tuple[int, dict[str, Any]]],
    done: Imported,
    reader: "_Csv | _Ndjson",
    *,
    silent: bool,
    source: str,
) -> None:
    taken = events.take([event for _, event in batch], silent=silent, source=source)
    done.accepted += taken.accepted
    done.duplicates += taken.duplicates
    for index, _, reason in taken.conflicts:
        done.conflicts += 1
        _list(done, batch[index][0], reason)
    for index, problems in taken.rejected:
        _note(done, batch[index][0], "; ".join(reader.told(problem) for problem in problems))


class _Csv:
    """Rows of a CSV file whose first row names the columns."""

    def __init__(self, file: BinaryIO, path: Path, columns: Columns, name: str) -> None:
        self._file = file
        self._name = name
        if file.read(2) in (b"\xff\xfe", b"\xfe\xff"):
            raise ReadableError(f"{path} is UTF-16; save it as UTF-8")
        file.seek(0)
        # Bytes that are no UTF-8 become lone surrogates, which `rows` reports with their line.
        text = TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline="")
        first = text.readline(LONGEST_LINE)
        delimiter = max(DELIMITERS, key=first.count)
        text.seek(0)
        self._rows = csv.reader(text, delimiter=delimiter, strict=True)
        try:
            header = next(self._rows, [])
        except csv.Error as error:
            raise ReadableError(f"{path}:1: the header cannot be read: {error}") from None
        if not any(cell.strip() for cell in header):
            raise ReadableError(f"{path}: the first line must name the columns")
        try:
            self._mapping = RowMapping(header, columns)
        except ReadableError as error:
            raise ReadableError(f"{path}: {error}") from None

    @property
    def timed(self) -> bool:
        return self._mapping.occurred_at is not None

    def rows(self) -> Iterator[_Row]:
        while True:
            line = self._rows.line_num + 1
            try:
                cells = next(self._rows)
            except StopIteration:
                return
            except csv.Error as error:
                yield line, None, [f"it is not CSV: {error}"]
                continue
            if not cells:
                continue
            if any("\ud800" <= sign <= "\udfff" for cell in cells for sign in cell):
                yield line, None, ["it is not UTF-8; save the file as UTF-8"]
                continue
            event, problems = self._mapping.event(cells, f"{self._name}:{line}")
            yield line, event, problems

    def told(self, problem: Problem) -> str:
        return (
            f"{self._mapping.column_of(str(problem.loc[0]))}: {problem.message}"
            if problem.loc
            else problem.message
        )

    def position(self) -> int:
        return self._file.tell()


class _Ndjson:
    """One event in the API's format per line."""

    timed = True

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        if file.read(3) != b"\xef\xbb\xbf":
            file.seek(0)

    def rows(self) -> Iterator[_Row]:
        number = 0
        while line := self._file.readline(LONGEST_LINE + 1):
            number += 1
            if len(line) > LONGEST_LINE:
                while line and not line.endswith(b"\n"):
                    line = self._file.readline(LONGEST_LINE)
                yield number, None, ["the line is longer than 1 MB"]
                continue
            if not line.strip():
                continue
            try:
                event = orjson.loads(line)
            except orjson.JSONDecodeError as error:
                yield number, None, [f"it is not JSON: {error.msg}"]
                continue
            if isinstance(event, dict):
                yield number, event, []
            else:
                yield (
                    number,
                    None,
                    ['an event is an object such as {"type": "email.opened", "contact": "ada"}'],
                )

    def told(self, problem: Problem) -> str:
        return f"{'.'.join(map(str, problem.loc))}: {problem.message}" if problem.loc else problem.message

    def position(self) -> int:
        return self._file.tell()
