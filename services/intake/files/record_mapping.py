"""Which column of a CSV file is what of a contact or deal, and a row as the API takes it."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from conditions.activity import ACTIVITY_NAMES
from conditions.problems import suggestion
from conditions.values import ALL_CHANNELS
from services.intake.files import safe_cells
from services.intake.files.cell_values import Convert, converters, recognised
from services.intake.files.import_columns import BadMapping, Watch, Watcher, unwatched
from services.intake.files.record_columns import IDENTIFY, OF_FIELD, USUAL, RecordColumns, Target
from services.records.kinds import Kind

#: Columns of exports that nobody writes.
_SHOWN_ONLY = re.compile(r"updated_at|(?:scores|bands)\..+")
_LISTS = ("tags", "dnd")
_BETWEEN = re.compile(r"[,;|\n]")
_NOT_PLAIN = re.compile(r"[\s_.\-]+")


class _Cell(NamedTuple):
    """One column that is read."""

    place: int
    column: str
    target: Target
    convert: Convert
    watch: Watch | None


class RecordMapping:
    """Turns rows of a file with this header into records. A column without a name is left out.

    `watch` may give, for a field of the caller's own or the value of deals, what is to see each of its values.
    """

    def __init__(
        self,
        kind: Kind,
        header: Sequence[str],
        columns: RecordColumns,
        watch: Watcher = unwatched,
    ) -> None:
        self._kind = kind
        self._header = list(header)
        self._refuse_unknown(columns)
        self.targets = self._guessed(columns)
        self._cells = [
            _Cell(
                place,
                column,
                target,
                _converter(column, target, columns),
                watch(target.name, column, declared=target.kind == "text" or columns.form is not None)
                if target.own or target.name == "value"
                else None,
            )
            for place, (column, target) in enumerate(zip(header, self.targets, strict=True))
            if target is not None
        ]
        self._refuse_unclear()

    def record(self, cells: Sequence[str], line: int = 0) -> tuple[dict[str, Any], list[str]]:
        """The record of a row, and what is wrong with it. A blank cell says nothing. `line` is for those who watch."""
        record: dict[str, Any] = {}
        own: dict[str, Any] = {}
        names: dict[str, str] = {}
        problems: list[str] = []
        for place, column, target, convert, watch in self._cells:
            text = cells[place]
            if not text or not text.strip():
                continue
            try:
                value = convert(text)
            except ValueError as error:
                problems.append(f'{column}: "{text.strip()[:40]}" {error}')
                continue
            if watch is not None:
                watch(value, text.strip(), line)
            if target.own:
                own[target.name] = value
            elif target.name.endswith("_name"):
                names[target.name] = value
            else:
                record[target.name] = value
        if names and "name" not in record:
            record["name"] = " ".join(names[name] for name in ("first_name", "last_name") if name in names)
        if own:
            record["fields"] = own
        return record, problems

    def who(self, cells: Sequence[str]) -> str:
        """What a row says of which record it is about."""
        for place, _, target, *_ in self._cells:
            if not target.own and target.name in IDENTIFY[self._kind] and cells[place].strip():
                return cells[place].strip()
        return ""

    def column_of(self, loc: Sequence[Any]) -> str:
        """The column that a part of the record comes from, for messages."""
        wanted = ".".join(str(part) for part in loc if isinstance(part, str))
        for _, column, target, *_ in self._cells:
            if str(target) == wanted or (target.name.endswith("_name") and wanted == "name"):
                return column
        return wanted

    def told(self) -> str:
        """What each column was taken for."""
        taken = [f"{cell.column} → {cell.target}" for cell in self._cells]
        left = [
            column
            for column, target in zip(self._header, self.targets, strict=True)
            if column and target is None
        ]
        without = f"; left out: {', '.join(left)}" if left else ""
        return f"Columns: {', '.join(taken)}{without}."

    def _guessed(self, columns: RecordColumns) -> list[Target | None]:
        given = {column.casefold(): target for column, target in columns.given.items()}
        taken = {target.name for target in given.values() if target is not None and not target.own}
        usual: dict[int, str] = {}
        plain = [_NOT_PLAIN.sub("", column.casefold()) for column in self._header]
        for name, spellings in USUAL[self._kind].items():
            if name in taken:
                continue
            for spelling in spellings:
                place = next(
                    (
                        place
                        for place, text in enumerate(plain)
                        if text == spelling
                        and place not in usual
                        and self._header[place].casefold() not in given
                    ),
                    None,
                )
                if place is not None:
                    usual[place] = name
                    break
        targets: list[Target | None] = []
        for place, column in enumerate(self._header):
            if not column:
                targets.append(None)
            elif column.casefold() in given:
                targets.append(given[column.casefold()])
            elif place in usual:
                passed = usual[place] == "created_at" and not columns.restore
                targets.append(None if passed else Target(usual[place], own=False))
            elif _SHOWN_ONLY.fullmatch(column):
                targets.append(None)
            else:
                kind = "date" if columns.dates.declares(column) else "any"
                targets.append(Target(column.removeprefix(OF_FIELD), own=True, kind=kind))
        return targets

    def _refuse_unknown(self, columns: RecordColumns) -> None:
        known = {column.casefold() for column in self._header}
        for column in (*columns.given, *columns.dates.columns):
            if column.casefold() not in known:
                close = suggestion(column, self._header)
                hint = close.removeprefix("; ").capitalize() + " " if close.endswith("?") else ""
                raise BadMapping(f'There is no column "{column}". {hint}{self._listed()}')

    def _refuse_unclear(self) -> None:
        names = [str(cell.target) for cell in self._cells]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            columns = ", ".join(cell.column for cell in self._cells if str(cell.target) == twice)
            raise BadMapping(
                f"Two columns are {twice} ({columns}): say --map COLUMN=- for the one to leave out, or give one "
                "of them another name"
            )
        identify = IDENTIFY[self._kind]
        if not {*identify} & {*names}:
            ways = ", or ".join(f"--map COLUMN={name}" for name in identify)
            raise BadMapping(
                f"It is not clear which column says {_WHICH[self._kind]} is: say {ways}. {self._listed()}"
            )
        for _, column, target, *_ in self._cells:
            if target.own and target.name in ACTIVITY_NAMES[self._kind]:
                raise BadMapping(
                    f'The column "{column}" cannot be a field named {target.name}, which means something else in '
                    f'conditions; say --map "{column}=NAME", or --map "{column}=-" to leave it out'
                )
            if target.own and any(sign in target.name for sign in '."\\'):
                raise BadMapping(
                    f'The column "{column}" cannot be a field so named, since it holds dots, quotes or backslashes; '
                    f'say --map "{column}=NAME", or --map "{column}=-" to leave it out'
                )

    def _listed(self) -> str:
        alone = (
            " If these are several, say what is between them with --delimiter."
            if len(self._header) < 3
            else ""
        )
        return f"The columns are: {', '.join(column for column in self._header if column)}.{alone}"


_WHICH: Mapping[Kind, str] = {"contact": "who a contact", "deal": "which deal it"}


def _converter(column: str, target: Target, columns: RecordColumns) -> Convert:
    """How the cells of a column are read."""
    if target.own:
        return _of_own(column, target.kind, columns)
    if target.name == "value":
        return _stripped(converters(columns.form)["number"])
    if target.name in _LISTS:
        return _channels if target.name == "dnd" else _list
    if target.name == "created_at":
        return _stripped(lambda text: columns.dates.iso(column, text))
    return _text


def _of_own(column: str, kind: str, columns: RecordColumns) -> Convert:
    form = columns.form
    number: Convert = form.recognised if form else recognised
    converted = converters(form)[kind] if kind in ("number", "text", "boolean") else None

    def convert(cell: str) -> Any:
        text = safe_cells.unguarded(cell, own=True)
        if text is not None and kind in ("any", "text"):
            return text
        text = cell.strip() if text is None else text.strip()
        if kind == "date":
            return columns.dates.iso(column, text)
        return safe_cells.own_value(text, number) if converted is None else converted(text)

    return convert


def _stripped(convert: Convert) -> Convert:
    return lambda cell: convert(cell.strip())


def _text(cell: str) -> str:
    text = safe_cells.unguarded(cell)
    return cell.strip() if text is None else text


def _list(cell: str) -> list[Any]:
    text = _text(cell)
    parts = safe_cells.listed(text) if text.startswith("[") else None
    return [part.strip() for part in _BETWEEN.split(text) if part.strip()] if parts is None else parts


def _channels(cell: str) -> Any:
    return ALL_CHANNELS if cell.strip().lower() == ALL_CHANNELS else _list(cell)
