"""Events in: validate, store once per id, wake the shards."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from uuid_utils import uuid7

from conditions.limits import DEPTH, EVENT, EVENTS, deeper_than, listed, too_deep
from conditions.messages import plain_errors
from conditions.problems import Loc, Problem
from conditions.times import Micros, from_iso
from runtime.beginnings import of_request
from services.intake.moments import moment_of
from services.names import Name, check_name, unstorable
from services.resources import Invalid, Resources
from store.connection import Connection
from store.database import dump_json
from store.intake import arriving as intake
from store.intake import internal_events

__all__ = [
    "MOST_AT_ONCE",
    "EventIn",
    "Events",
    "Intake",
    "Name",
    "check_name",
    "new_event",
    "properties_text",
]

MOST_AT_ONCE = EVENTS.most
_EARLIEST = from_iso("1900-01-01")
#: What orjson writes for values that have to be looked at closely: an escaped NUL, NaN, 16 digits in a row.
_SUSPICIOUS = re.compile(r"\\u0000|null|[0-9]{16}")


class EventIn(BaseModel):
    """An event as callers send it. `id` is the idempotency key; without one, each call is a new event."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: Name | None = Field(default=None, description="Idempotency key; a known id is a duplicate")
    type: Name = Field(description="Such as email.opened")
    contact: Name | None = Field(default=None, description="The contact's key; an unknown contact is created")
    deal: Name | None = Field(
        default=None,
        description="The deal's key; an unknown deal is created when its contact is named too",
    )
    occurred_at: str | None = Field(
        default=None, description="ISO 8601; default and latest: the time of arrival"
    )
    properties: dict[str, Any] = Field(default={}, description="Free fields that rules and filters can read")
    chain: int = Field(
        default=0,
        ge=0,
        le=1_000,
        description="What the webhook said that led to this event: its header `kindling-chain`, or `chain` in its body",
    )


@dataclass(slots=True)
class Intake:
    """What became of a batch. `ids` in the order of the input, None for what was not stored.

    `suppressed` were of those who were erased for good. `conflicts`: events whose id stands for another one, by place,
    with the id and the reason.
    """

    accepted: int = 0
    duplicates: int = 0
    suppressed: int = 0
    rejected: list[tuple[int, list[Problem]]] = field(default_factory=list)
    conflicts: list[tuple[int, str, str]] = field(default_factory=list)
    ids: list[str | None] = field(default_factory=list)


_ADAPTER = TypeAdapter(EventIn)


class Events:
    """The intake of a process. Safe to use from many threads."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._types: set[str] = set()

    @property
    def resources(self) -> Resources:
        """What it works with."""
        return self._resources

    def take(
        self,
        bodies: Sequence[Any],
        *,
        silent: bool = False,
        source: str | None = None,
        request: str | None = None,
        emails: Mapping[str, str] | None = None,
    ) -> Intake:
        """Store what is valid of a list of decoded events in one transaction; the rest is listed in `rejected`.

        `request`: the call that they came with. `emails`: addresses by the keys of contacts, for those that are made.
        """
        now = self._resources.clock()
        taken = Intake()
        brought_by = of_request(request) if request is not None else None
        events = []
        for index, body in enumerate(bodies):
            try:
                event = new_event(body, now, silent=silent, source=source, brought_by=brought_by)
            except Invalid as error:
                taken.rejected.append((index, error.problems))
                taken.ids.append(None)
            else:
                events.append(event)
                taken.ids.append(event.id)
        if events:
            stored = self._resources.database.run(
                lambda connection: self._store(connection, events, now, emails)
            )
            taken.accepted, taken.duplicates = stored.accepted, stored.duplicates
            taken.suppressed = len(stored.suppressed)
            if left := {*stored.rejected, *stored.conflicts, *stored.suppressed}:
                places = [index for index, event_id in enumerate(taken.ids) if event_id is not None]
                for place, reason in stored.conflicts.items():
                    taken.conflicts.append((places[place], events[place].id, reason))
                taken.conflicts.sort()
                for place, reason in stored.rejected.items():
                    taken.rejected.append((places[place], [Problem(("deal",), reason)]))
                taken.rejected.sort(key=lambda rejection: rejection[0])
                for place in left:
                    taken.ids[places[place]] = None
            self._types.update(event.type for place, event in enumerate(events) if place not in left)
            self._resources.wakes.request(stored.shards)
        return taken

    def _store(
        self,
        connection: Connection,
        events: Sequence[intake.NewEvent],
        now: Micros,
        emails: Mapping[str, str] | None,
    ) -> intake.Taken:
        taken = intake.take_events(connection, events, self._resources.shards, now, emails)
        left = {*taken.rejected, *taken.conflicts, *taken.suppressed}
        types = {event.type for place, event in enumerate(events) if place not in left}
        if types - self._types:
            internal_events.remember_types(connection, types - self._types, now)
        return taken


def new_event(
    body: Any,
    now: Micros,
    *,
    silent: bool = False,
    source: str | None = None,
    brought_by: str | None = None,
) -> intake.NewEvent:
    """A decoded event as it is stored; raises Invalid with every mistake in it."""
    if not isinstance(body, dict):
        raise Invalid(
            [Problem((), 'an event is an object such as {"type": "email.opened", "contact": "ada"}')]
        )
    try:
        event = _ADAPTER.validate_python(body)
    except ValidationError as error:
        raise Invalid(plain_errors(error, body)) from None
    problems = []
    if event.contact is None and event.deal is None:
        problems.append(
            Problem(
                ("contact",), 'an event needs the key of its contact or its deal, such as "contact": "ada"'
            )
        )
    occurred_at = now
    if event.occurred_at is not None:
        try:
            occurred_at = min(moment_of(event.occurred_at), now)
        except ValueError as error:
            problems.append(Problem(("occurred_at",), str(error)))
        if occurred_at < _EARLIEST:
            problems.append(Problem(("occurred_at",), "it is before the year 1900"))
    properties = "{}"
    try:
        properties = properties_text(event.properties)
    except Invalid as error:
        problems += error.problems
    if problems:
        raise Invalid(problems)
    return intake.NewEvent(
        id=event.id or str(uuid7()),
        type=event.type,
        contact=event.contact,
        occurred_at=occurred_at,
        properties=properties,
        silent=silent,
        source=source,
        deal=event.deal,
        depth=event.chain,
        brought_by=brought_by,
    )


def properties_text(properties: dict[str, Any], loc: Loc = ("properties",)) -> str:
    """Free fields as JSON text; raises Invalid for what no database takes: NUL, lone surrogates, NaN, huge integers."""
    if not properties:
        return "{}"
    try:
        text = dump_json(properties)
    except (TypeError, orjson.JSONEncodeError):
        text = None
    openings = text.count("{") + text.count("[") if text is not None else DEPTH.most + 1
    if openings > DEPTH.most and deeper_than(properties):
        raise Invalid([too_deep(loc, DEPTH)])
    if text is not None and len(text) > EVENT.most // 4 and (size := len(text.encode())) > EVENT.most:
        raise Invalid([EVENT.problem(loc, size)])
    if text is None or _SUSPICIOUS.search(text):
        problems = listed(unstorable(properties, loc))
        if problems:
            raise Invalid(problems)
    return text or dump_json(properties)
