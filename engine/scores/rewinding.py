"""Fields of records as they were at an earlier time: what they hold now, taken back by the events of their changes."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeVar

from conditions.fields import CONTACT, DEAL
from conditions.times import Micros
from conditions.values import Value
from scoring.entries import Record

K = TypeVar("K")
T = TypeVar("T")
#: What has changed, by the events that say it of one field.
_NAMES = {
    "stage.changed": "contact.stage",
    "deal.stage_changed": "deal.stage",
    "deal.won": "deal.status",
    "deal.lost": "deal.status",
}


class FieldChange(NamedTuple):
    """An event that a change of a record emitted. `deal_id`: of the deal that was changed, None for the contact."""

    type: str
    deal_id: int | None
    properties: Mapping[str, Any]


@dataclass(frozen=True)
class Past:
    """What fields held at a time, where they have changed since.

    `held`: by the deal's id, None for the contact, and by the names that conditions have for them. `tags`: by the same
    and the tag, whether it was there.
    """

    held: Mapping[tuple[int | None, str], Value]
    tags: Mapping[tuple[int | None, str], bool]

    def lookup(self, fields: Callable[[str], Value], deal_id: int | None) -> Callable[[str], Value]:
        """The fields of a contact and of one of its deals as they were then; `fields` are those of now."""
        return lambda name: self._then(deal_id if name.startswith("deal.") else None, name, fields(name))

    def of(self, record: Record, record_id: int) -> Record:
        """The record as it was then."""
        own = record_id if record.kind == DEAL else None

        def deal_fields(deal_id: int | None, name: str) -> Value:
            return self._then(deal_id, name, record.deal_fields(deal_id, name))

        return replace(record, fields=self.lookup(record.fields, own), deal_fields=deal_fields)

    def _then(self, deal_id: int | None, name: str, now: Value) -> Value:
        if name in ("contact.tags", "deal.tags") and self.tags and isinstance(now, list):
            left = [tag for tag in now if self.tags.get((deal_id, tag), True)]
            gone = (tag for (of, tag), had in self.tags.items() if of == deal_id and had and tag not in now)
            return [*left, *gone]
        return self.held.get((deal_id, name), now)


class History:
    """What fields held before each of their changes, of a contact and its deals. Feed it with those of some time, the
    first ones first, each with its moment.
    """

    def __init__(self, changes: Iterable[tuple[Micros, FieldChange]] = ()) -> None:
        self._held: dict[tuple[int | None, str], tuple[list[Micros], list[Value]]] = {}
        self._tags: dict[tuple[int | None, str], tuple[list[Micros], list[bool]]] = {}
        for at, change in changes:
            self._add(at, change)

    def _add(self, at: Micros, change: FieldChange) -> None:
        properties, deal_id = change.properties, change.deal_id
        if change.type in ("tag.added", "tag.removed"):
            moments, had = self._tags.setdefault((deal_id, str(properties.get("tag"))), ([], []))
            moments.append(at)
            had.append(change.type == "tag.removed")
            return
        name = _NAMES.get(change.type)
        if change.type == "field.changed":
            name = str(properties.get("field"))
            name = name if deal_id is not None else f"{CONTACT}.{name}"
        if name is not None:
            moments, held = self._held.setdefault(
                (deal_id if name.startswith("deal.") else None, name), ([], [])
            )
            moments.append(at)
            held.append(properties.get("from"))

    def at(self, moment: Micros) -> Past:
        """What they held after all changes up to a moment."""
        return Past(_before(self._held, moment), _before(self._tags, moment))


def _before(histories: Mapping[K, tuple[list[Micros], list[T]]], moment: Micros) -> dict[K, T]:
    """What was there before the first change after a moment, where there was one."""
    places = {key: bisect_right(moments, moment) for key, (moments, _) in histories.items()}
    return {key: histories[key][1][place] for key, place in places.items() if place < len(histories[key][1])}
