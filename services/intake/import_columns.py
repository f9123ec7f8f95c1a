"""Which column of a CSV file is what, and a row as an event."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conditions.problems import suggestion
from conditions.values import LARGEST_INTEGER
from runtime.errors import ReadableError

CONTACT_NAMES = ("contact", "customer", "email")
TYPE_NAMES = ("type",)
TIME_NAMES = ("occurred_at", "date")

#: A leading zero makes a text: `007` is a code, not seven.
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}

#: A cell's text as a value; ValueError when it is none.
Convert = Callable[[str], Any]


class BadMapping(ReadableError):
    """The options do not fit the file's header: what is missing, and which columns there are."""


@dataclass(frozen=True)
class Property:
    """A property of the events: its name, the column it comes from, and its type (default: as recognised)."""

    name: str
    column: str
    kind: str = "any"

    @classmethod
    def parse(cls, text: str) -> "Property":
        """`NAME[=COLUMN][:number|text|boolean]`; raises ValueError."""
        rest, _, kind = text.rpartition(":")
        if not rest or kind not in CONVERTERS:
            if rest and "=" not in kind and re.fullmatch(r"\w+", kind):
                raise ValueError(f'"{text}": a property is a number, text or boolean, not "{kind}"')
            rest, kind = text, "any"
        name, equals, column = rest.partition("=")
        if not name or (equals and not column):
            raise ValueError(f'"{text}" is not a property; write amount, or amount=Total:number')
        return cls(name, column or name, kind)


@dataclass(frozen=True)
class Columns:
    """What the caller says about the columns; None: found by their usual names. `type` is the same for all rows."""

    contact: str | None = None
    type: str | None = None
    type_column: str | None = None
    occurred_at: str | None = None
    id: str | None = None
    properties: Sequence[Property] | None = None

    @property
    def given(self) -> bool:
        """Whether the caller says anything."""
        return self != Columns()


class RowMapping:
    """Turns rows of a file with this header into events."""

    def __init__(self, header: Sequence[str], columns: Columns) -> None:
        self._index = _positions(header)
        self.contact = self._find(columns.contact, CONTACT_NAMES, "the contact", "--contact COLUMN")
        self.type = columns.type
        self.type_column: str | None = None
        if self.type is None:
            self.type_column = self._find(
                columns.type_column, TYPE_NAMES, "the event type", "--type NAME or --type-column COLUMN"
            )
        self.occurred_at = self._find(columns.occurred_at, TIME_NAMES, None, "--occurred-at COLUMN")
        self.id = self._find(columns.id, (), None, "--id COLUMN")
        self._properties = self._property_columns(columns.properties)

    def event(self, cells: Sequence[str], line_id: str) -> tuple[dict[str, Any], list[str]]:
        """The event of a row as the API takes it, and what is wrong with it."""
        if len(cells) != len(self._index):
            return {}, [f"it has {len(cells)} cells, and the header has {len(self._index)}"]
        problems: list[str] = []
        event: dict[str, Any] = {
            "id": self._cell(cells, self.id, problems) if self.id else line_id,
            "type": self.type or self._cell(cells, self.type_column, problems),
            "contact": self._cell(cells, self.contact, problems),
        }
        if self.occurred_at:
            event["occurred_at"] = self._cell(cells, self.occurred_at, problems)
        properties = {}
        for name, column, position, convert in self._properties:
            text = cells[position].strip()
            if text:
                try:
                    properties[name] = convert(text)
                except ValueError as error:
                    problems.append(f'{column}: "{text[:40]}" {error}')
        event["properties"] = properties
        return event, problems

    def column_of(self, field: str) -> str:
        """The column that a field of the event comes from, for messages."""
        columns = {
            "contact": self.contact,
            "type": self.type_column,
            "occurred_at": self.occurred_at,
            "id": self.id,
        }
        return columns.get(field) or field

    def _cell(self, cells: Sequence[str], column: str | None, problems: list[str]) -> str:
        text = cells[self._index[column or ""]].strip()
        if not text:
            problems.append(f"{column} is empty")
        return text

    def _find(self, given: str | None, usual: Iterable[str], what: str | None, option: str) -> str | None:
        if given is not None:
            return self._known(given)
        lowered = {name.strip().lower(): name for name in self._index}
        found = next((lowered[name] for name in usual if name in lowered), None)
        if found is None and what is not None:
            raise BadMapping(f"It is not clear which column is {what}: say {option}. {self._listed()}")
        return found

    def _property_columns(self, given: Sequence[Property] | None) -> list[tuple[str, str, int, Convert]]:
        if given is None:
            taken = {self.contact, self.type_column, self.occurred_at, self.id}
            rest = (column for column in self._index if column not in taken and column.strip())
            given = [Property(column.strip(), column) for column in rest]
        return [(p.name, p.column, self._index[self._known(p.column)], CONVERTERS[p.kind]) for p in given]

    def _known(self, column: str) -> str:
        if column not in self._index:
            close = suggestion(column, self._index)
            hint = close.removeprefix("; ").capitalize() + " " if close.endswith("?") else ""
            raise BadMapping(f'There is no column "{column}". {hint}{self._listed()}')
        return column

    def _listed(self) -> str:
        return f"The columns are: {', '.join(self._index)}"


def _positions(header: Sequence[str]) -> Mapping[str, int]:
    positions: dict[str, int] = {}
    for position, column in enumerate(header):
        if column in positions:
            raise BadMapping(f'The column "{column}" is there twice; give each its own name')
        positions[column] = position
    return positions


def _recognised(text: str) -> str | int | float:
    if not _NUMBER.fullmatch(text):
        return text
    number = _number(text) if len(text) < 400 else text
    return text if isinstance(number, int) and abs(number) > LARGEST_INTEGER else number


def _number(text: str) -> int | float:
    try:
        return int(text) if "." not in text and "e" not in text.lower() else float(text)
    except ValueError:
        raise ValueError("is not a number; write 12 or 12.50") from None


def _boolean(text: str) -> bool:
    try:
        return _BOOLEANS[text.lower()]
    except KeyError:
        raise ValueError("is not a boolean; write true or false") from None


CONVERTERS: Mapping[str, Convert] = {
    "any": _recognised,
    "number": _number,
    "text": str,
    "boolean": _boolean,
}
