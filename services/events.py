"""Events in: validate, store once per id, wake the shards."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError
from sqlalchemy import Connection
from uuid_utils import uuid7

from conditions.messages import plain_errors
from conditions.problems import Problem
from conditions.times import Micros, from_iso
from conditions.values import LARGEST_INTEGER
from services.resources import Invalid, Resources
from store import intake
from store.database import dump_json

MOST_AT_ONCE = 2_500
_EARLIEST = from_iso("1900-01-01")
#: What orjson writes for text or numbers that have to be looked at closely: an escaped NUL, or 16 digits in a row.
_SUSPICIOUS = re.compile(r"\\u0000|[0-9]{16}")


def check_name(text: str) -> str:
    """A key or id of the caller's: 1 to 200 characters, no `/`, nothing unprintable."""
    if not 1 <= len(text) <= 200:
        raise PydanticCustomError("name", "it has 1 to 200 characters")
    if "/" in text:
        raise PydanticCustomError("name", 'it cannot hold a "/"')
    if not text.isprintable() or not text.strip():
        raise PydanticCustomError("name", "it cannot be blank or hold control characters")
    return text


Name = Annotated[str, AfterValidator(check_name)]


class EventIn(BaseModel):
    """An event as callers send it. `id` is the idempotency key; without one, each call is a new event."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: Name | None = None
    type: Name
    contact: Name | None = Field(default=None, description="The contact's key; an unknown contact is created")
    deal: Name | None = Field(default=None, description="The deal's key")
    occurred_at: str | None = Field(default=None, description="ISO 8601; default and latest: the time of arrival")
    properties: dict[str, Any] = {}


@dataclass(slots=True)
class Taken:
    """What became of a batch. `ids` in the order of the input, None for rejected events."""

    accepted: int = 0
    duplicates: int = 0
    rejected: list[tuple[int, list[Problem]]] = field(default_factory=list)
    ids: list[str | None] = field(default_factory=list)


_ADAPTER = TypeAdapter(EventIn)


class Events:
    """The intake of a process. Safe to use from many threads."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._types: set[str] = set()

    def take(
        self, items: Sequence[Any], *, silent: bool = False, source: str | None = None
    ) -> Taken:
        """Store what is valid of a list of decoded events in one transaction; the rest is listed in `rejected`."""
        now = self._resources.clock()
        taken = Taken()
        rows = []
        for index, item in enumerate(items):
            try:
                row = to_row(item, now, silent=silent, source=source)
            except Invalid as error:
                taken.rejected.append((index, error.problems))
                taken.ids.append(None)
            else:
                rows.append(row)
                taken.ids.append(row.id)
        if rows:
            stored = self._resources.database.run(lambda connection: self._store(connection, rows, now))
            taken.accepted, taken.duplicates = stored.accepted, stored.duplicates
            self._resources.wakes.request(stored.shards)
        return taken

    def _store(self, connection: Connection, rows: Sequence[intake.NewEvent], now: Micros) -> intake.Taken:
        types = {row.type for row in rows} - self._types
        if types:
            intake.remember_types(connection, types, now)
        stored = intake.take_events(connection, rows, self._resources.shards, now)
        self._types |= types
        return stored


def to_row(item: Any, now: Micros, *, silent: bool = False, source: str | None = None) -> intake.NewEvent:
    """A decoded event as it is stored; raises Invalid with every mistake in it."""
    if not isinstance(item, dict):
        raise Invalid([Problem((), 'an event is an object such as {"type": "email.opened", "contact": "ada"}')])
    try:
        event = _ADAPTER.validate_python(item)
    except ValidationError as error:
        raise Invalid(plain_errors(error, item)) from None
    if event.contact is None:
        if event.deal is not None:
            raise Invalid([Problem(("deal",), f'there is no deal "{event.deal}"; name the contact too, or create the deal')])
        raise Invalid([Problem(("contact",), 'an event needs the key of its contact, such as "contact": "ada"')])
    occurred_at = now
    if event.occurred_at is not None:
        try:
            occurred_at = min(from_iso(event.occurred_at), now)
        except ValueError as error:
            raise Invalid([Problem(("occurred_at",), str(error))]) from None
        if occurred_at < _EARLIEST:
            raise Invalid([Problem(("occurred_at",), "it is before the year 1900")])
    return intake.NewEvent(
        event.id or str(uuid7()),
        event.type,
        event.contact,
        occurred_at,
        properties_text(event.properties),
        silent,
        source,
    )


def properties_text(properties: dict[str, Any], loc: tuple[str | int, ...] = ("properties",)) -> str:
    """Free fields as JSON text; raises Invalid for what no database takes: NUL, lone surrogates, NaN, huge integers."""
    if not properties:
        return "{}"
    try:
        text = dump_json(properties)
    except (TypeError, orjson.JSONEncodeError):
        text = None
    if text is None or "null" in text or _SUSPICIOUS.search(text):
        problems = list(_unstorable(properties, loc))
        if problems:
            raise Invalid(problems)
    return text or dump_json(properties)


def _unstorable(value: Any, loc: tuple[str | int, ...]) -> Sequence[Problem]:
    if isinstance(value, str):
        if "\x00" in value:
            return [Problem(loc, "a text cannot hold the character NUL")]
        if any("\ud800" <= character <= "\udfff" for character in value):
            return [Problem(loc, "a text cannot hold half of a surrogate pair")]
    elif isinstance(value, bool):
        return []
    elif isinstance(value, int) and abs(value) > LARGEST_INTEGER:
        return [Problem(loc, "an integer beyond 2^53 loses digits in JSON; send it as a text")]
    elif isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return [Problem(loc, "a number must be finite; leave the field out or send null")]
    elif isinstance(value, list):
        return [problem for index, part in enumerate(value) for problem in _unstorable(part, (*loc, index))]
    elif isinstance(value, dict):
        return [
            problem
            for key, part in value.items()
            for problem in (*_unstorable(key, (*loc, key)), *_unstorable(part, (*loc, key)))
        ]
    return []
