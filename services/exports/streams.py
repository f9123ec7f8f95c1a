"""One export under way: a list as text, a page at a time."""

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel

from services.answers import Page
from services.exports.columns import Column

Format = Literal["csv", "ndjson"]
FORMATS: tuple[Format, ...] = ("csv", "ndjson")


@dataclass(frozen=True)
class Listing:
    """What is exported: its pages by their cursor, each read in a transaction of its own, and how it stands in CSV.

    `columns` None: only lines of JSON can hold it. `count`: how much it is, where that is known without reading it.
    """

    name: str
    page: Callable[[str | None], Page[Any]]
    columns: Callable[[], Sequence[Column]] | None
    count: Callable[[], int | None] = lambda: None


class Part(NamedTuple):
    """A part of the text, and how many rows it has."""

    text: bytes
    rows: int


class Stream:
    """The text of a list. Made, it has read the first page: what is wrong with the question is said by now."""

    def __init__(self, listing: Listing, file_format: Format) -> None:
        self.name = listing.name
        self.format = file_format
        self._listing = listing
        self._first = listing.page(None)
        self._write = (
            _Csv(listing.columns()) if file_format == "csv" and listing.columns is not None else _Lines()
        )

    def total(self) -> int | None:
        """How many rows there are, where that is known without reading them."""
        return self._listing.count()

    def parts(self) -> Iterator[Part]:
        """All of it, once. No transaction is open between two parts, and no more than a page is kept."""
        yield Part(self._write.head(), 0)
        page: Page[Any] | None = self._first
        while page is not None:
            yield Part(self._write.rows(page.items), len(page.items))
            page = self._listing.page(page.next) if page.next else None


class _Lines:
    """An object per line, as the API gives it."""

    def head(self) -> bytes:
        return b""

    def rows(self, items: Sequence[BaseModel]) -> bytes:
        return "".join(f"{item.model_dump_json(exclude_unset=True)}\n" for item in items).encode()


class _Csv:
    """A row each, below a row of names."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = columns

    def head(self) -> bytes:
        return self._text([[column.name for column in self._columns]])

    def rows(self, items: Sequence[Any]) -> bytes:
        cells = [column.cell for column in self._columns]
        return self._text([[cell(item) for cell in cells] for item in items])

    def _text(self, rows: Sequence[Sequence[str]]) -> bytes:
        text = StringIO(newline="")
        csv.writer(text).writerows(rows)
        return text.getvalue().encode()
