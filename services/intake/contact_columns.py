"""Which column of a CSV file is what of a contact, and a row as a contact as the API takes it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from conditions.activity import ACTIVITY_NAMES
from conditions.problems import suggestion
from conditions.values import ALL_CHANNELS
from services.intake.cell_values import KINDS, Convert, NumberForm, converters
from services.intake.import_columns import BadMapping

#: What a column can be besides a field of the caller's own, by the names that it usually has, the likeliest first.
USUAL: Mapping[str, Sequence[str]] = {
    "key": ("key", "contact", "contactid", "contactkey", "customer", "customerid", "id"),
    "email": ("email", "emailaddress", "mail", "emailadresse"),
    "name": ("name", "fullname", "contactname", "displayname"),
    "first_name": ("firstname", "givenname", "vorname"),
    "last_name": ("lastname", "surname", "familyname", "nachname"),
    "phone": ("phone", "phonenumber", "telephone", "tel", "mobile", "telefon"),
    "stage": ("stage", "lifecyclestage"),
    "owner": ("owner", "contactowner"),
    "tags": ("tags", "tag", "labels"),
    "dnd": ("dnd",),
}
LEFT_OUT = "-"
_OF_FIELD = "fields."
_LISTS = ("tags", "dnd")
_BETWEEN = re.compile(r"[,;|\n]")
_NOT_PLAIN = re.compile(r"[\s_.\-]+")


class Target(NamedTuple):
    """What a column is: a field that every contact has, or `own`, one of the caller's own; and its cells' kind."""

    name: str
    own: bool
    kind: str = "any"

    def __str__(self) -> str:
        return f"{_OF_FIELD}{self.name}" if self.own else self.name


@dataclass(frozen=True)
class ContactColumns:
    """What the caller says about the columns: `given`, by column. `form`: how numbers are written."""

    given: Mapping[str, Target | None] = field(default_factory=dict)
    form: NumberForm | None = None

    @property
    def likely(self) -> frozenset[str]:
        """Names, without case, of columns that the file is likely to have."""
        usual = (name for names in USUAL.values() for name in names)
        return frozenset((*usual, *(column.casefold() for column in self.given)))


def parse_mapping(text: str) -> tuple[str, Target | None]:
    """`COLUMN=FIELD[:number|text|boolean]`, or `COLUMN=-` for one that is left out; raises ValueError."""
    column, equals, target = text.partition("=")
    column, target = column.strip(), target.strip()
    if not column or not equals or not target:
        raise ValueError(
            f'"{text}" is no mapping; write Ort=city, Plz=zip:text, or Note=- to leave a column out'
        )
    if target == LEFT_OUT:
        return column, None
    name, _, kind = target.rpartition(":")
    if not name:
        name, kind = target, "any"
    elif kind not in KINDS:
        raise ValueError(f'"{text}": a field is a number, text or boolean, not "{kind}"')
    return column, _target(name, kind)


def _target(name: str, kind: str = "any") -> Target:
    own = name.removeprefix(_OF_FIELD)
    return Target(own, name.startswith(_OF_FIELD) or name not in USUAL, kind)


class ContactMapping:
    """Turns rows of a file with this header into contacts. A column without a name is left out."""

    def __init__(self, header: Sequence[str], columns: ContactColumns) -> None:
        self._header = list(header)
        self._refuse_unknown(columns)
        self.targets = self._guessed(columns)
        converts = converters(columns.form)
        self._cells: list[tuple[int, str, Target, Convert]] = []
        for place, (column, target) in enumerate(zip(header, self.targets, strict=True)):
            if target is not None:
                self._cells.append((place, column, target, converts[target.kind if target.own else "text"]))
        self._refuse_unclear()

    def contact(self, cells: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
        """The contact of a row, and what is wrong with it. A blank cell says nothing."""
        contact: dict[str, Any] = {}
        own: dict[str, Any] = {}
        names: dict[str, str] = {}
        problems: list[str] = []
        for place, column, target, convert in self._cells:
            text = cells[place].strip()
            if not text:
                continue
            try:
                value = convert(text)
            except ValueError as error:
                problems.append(f'{column}: "{text[:40]}" {error}')
                continue
            if target.own:
                own[target.name] = value
            elif target.name in _LISTS:
                every = target.name == "dnd" and text.lower() == ALL_CHANNELS
                contact[target.name] = ALL_CHANNELS if every else _listed(text)
            elif target.name.endswith("_name"):
                names[target.name] = text
            else:
                contact[target.name] = value
        if names and "name" not in contact:
            contact["name"] = " ".join(names[name] for name in ("first_name", "last_name") if name in names)
        if own:
            contact["fields"] = own
        return contact, problems

    def who(self, cells: Sequence[str]) -> str:
        """What a row says of who it is."""
        for place, _, target, _ in self._cells:
            if not target.own and target.name in ("key", "email") and cells[place].strip():
                return cells[place].strip()
        return ""

    def column_of(self, loc: Sequence[Any]) -> str:
        """The column that a part of the contact comes from, for messages."""
        wanted = ".".join(str(part) for part in loc if isinstance(part, str))
        for _, column, target, _ in self._cells:
            if str(target) == wanted or (target.name.endswith("_name") and wanted == "name"):
                return column
        return wanted

    def told(self) -> str:
        """What each column was taken for."""
        taken = [f"{column} → {target}" for _, column, target, _ in self._cells]
        left = [
            column
            for column, target in zip(self._header, self.targets, strict=True)
            if column and target is None
        ]
        without = f"; left out: {', '.join(left)}" if left else ""
        return f"Columns: {', '.join(taken)}{without}."

    def _guessed(self, columns: ContactColumns) -> list[Target | None]:
        given = {column.casefold(): target for column, target in columns.given.items()}
        taken = {target.name for target in given.values() if target is not None and not target.own}
        usual: dict[int, str] = {}
        plain = [_NOT_PLAIN.sub("", column.casefold()) for column in self._header]
        for name, spellings in USUAL.items():
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
        return [
            None
            if not column
            else given[column.casefold()]
            if column.casefold() in given
            else Target(usual[place], own=False)
            if place in usual
            else Target(column.removeprefix(_OF_FIELD), own=True)
            for place, column in enumerate(self._header)
        ]

    def _refuse_unknown(self, columns: ContactColumns) -> None:
        known = {column.casefold() for column in self._header}
        for column in columns.given:
            if column.casefold() not in known:
                close = suggestion(column, self._header)
                hint = close.removeprefix("; ").capitalize() + " " if close.endswith("?") else ""
                raise BadMapping(f'There is no column "{column}". {hint}{self._listed()}')

    def _refuse_unclear(self) -> None:
        names = [str(target) for _, _, target, _ in self._cells]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            columns = ", ".join(column for _, column, target, _ in self._cells if str(target) == twice)
            raise BadMapping(
                f"Two columns are {twice} ({columns}): say --map COLUMN=- for the one to leave out, or give one "
                "of them another name"
            )
        if not {"key", "email"} & set(names):
            raise BadMapping(
                "It is not clear which column says who a contact is: say --map COLUMN=key, or --map COLUMN=email. "
                + self._listed()
            )
        for _, column, target, _ in self._cells:
            if target.own and target.name in ACTIVITY_NAMES["contact"]:
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


def _listed(text: str) -> list[str]:
    return [part.strip() for part in _BETWEEN.split(text) if part.strip()]


__all__ = ["LEFT_OUT", "ContactColumns", "ContactMapping", "Target", "parse_mapping"]
