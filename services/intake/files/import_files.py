"""Files to be imported: opened, their format found, their bad rows named."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from runtime.errors import ReadableError

SHOWN = 20
#: Rows after which progress is told.
TOLD_AFTER = 500

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
Waiting = Callable[[str], None]


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


def delimiter_of(text: str) -> str:
    """The delimiter that a person names: the character, or `tab`. Raises ValueError."""
    delimiter = _BY_NAME.get(text.lower(), text)
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise ValueError(f'"{text}" is no delimiter; it is one character, such as ; or tab')
    return delimiter


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
