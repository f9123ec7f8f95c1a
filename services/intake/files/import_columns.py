"""Which column of a CSV file is what, and a row as an event."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from conditions.problems import suggestion
from runtime.errors import ReadableError
from services.intake.files.cell_values import VALUE_KINDS, Convert, NumberForm, converters
from services.intake.files.dates import DateForms

CONTACT_NAMES = ("contact", "customer", "email", "e-mail")
EMAIL_NAMES = ("email", "e-mail")
TYPE_NAMES = ("type",)
TIME_NAMES = ("occurred_at", "date")

#: Told the value of a property, the text of its cell, and the line of its row.
Watch = Callable[[Any, str, int], None]


class Watcher(Protocol):
    """Gives, for the property of a column, what is to see each of its values, if something is."""

    def __call__(self, name: str, column: str, *, declared: bool) -> Watch | None:
        """`declared`: its type is said."""


def unwatched(name: str, column: str, *, declared: bool) -> Watch | None:
    """Nothing sees the values."""
    del name, column, declared
    return None


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
        """`NAME[=COLUMN][:number|text|boolean|date]`; raises ValueError."""
        rest, _, kind = text.rpartition(":")
        if not rest or kind not in VALUE_KINDS:
            if rest and "=" not in kind and re.fullmatch(r"\w+", kind):
                raise ValueError(f'"{text}": a property is a number, text, boolean or date, not "{kind}"')
            rest, kind = text, "any"
        name, equals, column = rest.partition("=")
        if not name or (equals and not column):
            raise ValueError(f'"{text}" is not a property; write amount, or amount=Total:number')
        return cls(name, column or name, kind)


@dataclass(frozen=True)
class Columns:
    """What the caller says about the columns; None: found by their usual names. `type` is the same for all rows.

    `numbers`: columns of numbers, each with the form in which they are written (None: as the file's); `form`: that of
    all the others. `dates`: how dates are written.
    """

    contact: str | None = None
    type: str | None = None
    type_column: str | None = None
    occurred_at: str | None = None
    id: str | None = None
    properties: Sequence[Property] | None = None
    email: str | None = None
    numbers: Mapping[str, NumberForm | None] = field(default_factory=dict)
    form: NumberForm | None = None
    dates: DateForms = field(default_factory=DateForms)

    @property
    def given(self) -> bool:
        """Whether the caller says anything."""
        return self != Columns()

    @property
    def likely(self) -> frozenset[str]:
        """Names, without case, of columns that the file is likely to have."""
        named = (
            *(self.contact, self.type_column, self.occurred_at, self.id, self.email),
            *(*self.numbers, *self.dates.columns),
        )
        properties = (each.column for each in self.properties or ())
        usual = (*CONTACT_NAMES, *TYPE_NAMES, *TIME_NAMES)
        return frozenset(name.strip().casefold() for name in (*usual, *named, *properties) if name)


#: Where a property comes from, and how its cells are read: its name, its column and where that is, who watches.
_Cell = tuple[str, str, int, Convert, Watch | None]


class ColumnMapping:
    """Turns rows of a file with this header into events. A column without a name is left out.

    `watch` may give, for a property, what is to see each of its values.
    """

    def __init__(
        self,
        header: Sequence[str],
        columns: Columns,
        watch: Watcher = unwatched,
    ) -> None:
        self._columns = list(header)
        self._index: dict[str, int] = {}
        self._twice: set[str] = set()
        for position, column in enumerate(header):
            if column in self._index:
                self._twice.add(column)
            elif column:
                self._index[column] = position
        self.contact = self._find(columns.contact, CONTACT_NAMES, "the contact", "--contact COLUMN")
        self.type = columns.type
        self.type_column: str | None = None
        if self.type is None:
            self.type_column = self._find(
                columns.type_column, TYPE_NAMES, "the event type", "--type NAME or --type-column COLUMN"
            )
        self.occurred_at = self._find(columns.occurred_at, TIME_NAMES, None, "--occurred-at COLUMN")
        self.id = self._find(columns.id, (), None, "--id COLUMN")
        self.email = self._email(columns)
        self._dates = columns.dates
        self._any_date = columns.dates != DateForms()
        for column in columns.dates.columns:
            if column not in {name.casefold() for name in self._index}:
                self._known(column)
        self._properties = self._property_columns(columns, watch)

    def event(self, cells: Sequence[str], line: int) -> tuple[dict[str, Any], list[str]]:
        """The event of a row as the API takes it, and what is wrong with it. `line` is for those who watch."""
        problems: list[str] = []
        event: dict[str, Any] = {
            "type": self.type or self._cell(cells, self.type_column, problems),
            "contact": self._cell(cells, self.contact, problems),
        }
        if self.id:
            event["id"] = self._cell(cells, self.id, problems)
        if self.occurred_at:
            event["occurred_at"] = text = self._cell(cells, self.occurred_at, problems)
            if self._any_date and text:
                try:
                    event["occurred_at"] = self._dates.iso(self.occurred_at, text)
                except ValueError as error:
                    problems.append(f'{self.occurred_at}: "{text[:40]}" {error}')
        properties = {}
        for name, column, position, convert, watch in self._properties:
            text = cells[position].strip()
            if text:
                try:
                    value = convert(text)
                except ValueError as error:
                    problems.append(f'{column}: "{text[:40]}" {error}')
                else:
                    properties[name] = value
                    if watch is not None:
                        watch(value, text, line)
        event["properties"] = properties
        return event, problems

    def email_of(self, cells: Sequence[str]) -> str | None:
        """What the row says of its contact's e-mail address."""
        text = cells[self._index[self.email]].strip() if self.email else ""
        return text if _ADDRESS.fullmatch(text) else None

    def texts(self, cells: Sequence[str]) -> tuple[str | None, ...]:
        """The contact, the type and the time of a row, as they stand there; None where there is no column."""
        columns = (self.contact, self.type_column, self.occurred_at)
        return tuple(cells[self._index[column]].strip() if column else None for column in columns)

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
        lowered = {name.lower(): name for name in reversed(self._index)}
        column = next((lowered[name] for name in usual if name in lowered), None)
        if column is None and what is not None:
            raise BadMapping(f"It is not clear which column is {what}: say {option}. {self._listed()}")
        return column if column is None else self._known(column)

    def _email(self, columns: Columns) -> str | None:
        """The column with the contact's e-mail address: the one that is named, or is called so, the contact's first."""
        if columns.email is not None:
            return self._known(columns.email)
        if self.contact and self.contact.lower() in EMAIL_NAMES:
            return self.contact
        called = [column for column in self._index if column.lower() in EMAIL_NAMES]
        return called[0] if len(called) == 1 and called[0] not in self._twice else None

    def _property_columns(self, columns: Columns, watch: Watcher) -> list[_Cell]:
        given = columns.properties
        if given is None:
            taken = {self.contact, self.type_column, self.occurred_at, self.id}
            if columns.email is not None:
                taken.add(self.email)
            given = [Property(column, column) for column in self._index if column not in taken]
        numbers = {self._known(column): form or columns.form for column, form in columns.numbers.items()}
        cells: list[_Cell] = []
        for each in given:
            column = self._known(each.column)
            convert = _converter(each, column, columns, numbers)
            form = numbers.get(column) or columns.form
            watched = watch(each.name, column, declared=each.kind == "text" or form is not None)
            cells.append((each.name, column, self._index[column], convert, watched))
        return cells

    def _known(self, column: str) -> str:
        name = column.strip()
        if name in self._twice:
            raise BadMapping(
                f'The column "{name}" is there twice; give each its own name, or name those to take with --property'
            )
        if name not in self._index:
            close = suggestion(name, self._index)
            hint = close.removeprefix("; ").capitalize() + " " if close.endswith("?") else ""
            raise BadMapping(f'There is no column "{column}". {hint}{self._listed()}')
        return name

    def _listed(self) -> str:
        alone = (
            " If these are several, say what is between them with --delimiter."
            if len(self._columns) < 3
            else ""
        )
        return f"The columns are: {', '.join(self._index)}{'.' if alone else ''}{alone}"


def _converter(
    each: Property, column: str, columns: Columns, numbers: Mapping[str, NumberForm | None]
) -> Convert:
    """How the cells of a property are read."""
    dates = columns.dates
    if each.kind == "date" or (each.kind == "any" and dates.declares(column)):
        return lambda text: dates.iso(column, text)
    if column in numbers and each.kind in ("any", "number"):
        return converters(numbers[column])["number"]
    return converters(columns.form)[each.kind]


_ADDRESS = re.compile(r"[^\s@,;<>]+@[^\s@,;<>]+")
