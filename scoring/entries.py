"""What a score is made of: a record, what happened to it, the points that this gave."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from conditions.fields import CONTACT
from conditions.times import Micros
from conditions.values import Value

ADJUSTMENTS = "adjustments"


class Event(NamedTuple):
    """What happened: `at` is its occurred_at in microseconds, `properties` a JSON object, `deal` the deal's id."""

    id: str
    type: str
    at: Micros
    properties: Mapping[str, Any]
    deal: int | None = None


#: Where something stands in a history: (time, id).
Place = tuple[Micros, str]


def place_of(event: Event) -> Place:
    """Where an event stands in its record's history."""
    return event.at, event.id


def without_properties(event: Event | None) -> Event | None:
    """An event that counts although its stored properties cannot be read: for filters it has none."""
    return None if event is None else event._replace(properties={})


class Adjustment(NamedTuple):
    """Points given by hand or by a step; fixed when applied. `ends_at` None: for good."""

    id: str
    points: int
    at: Micros
    ends_at: Micros | None = None


class Entry(NamedTuple):
    """Points that one cause gave, live in [starts_at, ends_at). `window` only under a limited rule."""

    rule: str
    cause_id: str
    points: int
    starts_at: Micros
    ends_at: Micros | None
    window: int | None


def _no_deal(deal: int | None, name: str) -> Value:
    del deal, name
    return None


@dataclass(frozen=True, slots=True)
class Record:
    """What rules may read of the record now, None when missing.

    `fields` answers `contact.x`, and for a deal `deal.x`. Of a contact, `deal_fields` answers `deal.x` for the id of
    the deal that an event names.
    """

    kind: str
    created_at: Micros
    fields: Callable[[str], Value]
    deal_fields: Callable[[int | None, str], Value] = _no_deal

    def beside(self, deal: int | None, name: str) -> Value:
        """A field as conditions beside an event read it: of a contact, `deal.x` is that of the deal the event names."""
        if self.kind == CONTACT and name.startswith("deal."):
            return self.deal_fields(deal, name)
        return self.fields(name)


def lives(entry: Entry, at: Micros) -> bool:
    """Whether the entry counts at a moment, decayed or not."""
    return entry.starts_at <= at and (entry.ends_at is None or at < entry.ends_at)
