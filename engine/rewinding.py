"""Fields of records as they were at an earlier time: what they hold now, taken back by the events of their changes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from conditions.fields import CONTACT, DEAL
from conditions.values import Value
from scoring.entries import Record

_CLOSED = ("deal.won", "deal.lost")


class FieldChange(NamedTuple):
    """An event that a change of a record emitted. `deal_id`: of the deal that was changed, None for the contact."""

    type: str
    deal_id: int | None
    properties: Mapping[str, Any]


@dataclass
class Past:
    """What has changed since a time. Feed it with every change since then, the latest first.

    `held`: by the deal's id, None for the contact, what fields held then, by the names that conditions have for them.
    `tags`: by tag, whether the contact had it then.
    """

    held: dict[tuple[int | None, str], Value] = field(default_factory=dict)
    tags: dict[str, bool] = field(default_factory=dict)

    def take_back(self, changes: Iterable[FieldChange]) -> None:
        """Changes, the latest first: what a field held before the earliest of them is what it held then."""
        for change in changes:
            properties, deal_id = change.properties, change.deal_id
            before: Value = properties.get("from")
            if change.type in ("tag.added", "tag.removed"):
                self.tags[str(properties.get("tag"))] = change.type == "tag.removed"
            elif change.type == "stage.changed":
                self.held[None, "contact.stage"] = before
            elif change.type == "deal.stage_changed":
                self.held[deal_id, "deal.stage"] = before
            elif change.type in _CLOSED:
                self.held[deal_id, "deal.status"] = before
            elif change.type == "field.changed":
                name = str(properties.get("field"))
                self.held[deal_id, name if deal_id is not None else f"{CONTACT}.{name}"] = before

    def of(self, record: Record, record_id: int) -> Record:
        """The record as it was then."""
        own = record_id if record.kind == DEAL else None

        def fields(name: str) -> Value:
            return self._then(own if name.startswith("deal.") else None, name, record.fields(name))

        def deal_fields(deal_id: int | None, name: str) -> Value:
            return self._then(deal_id, name, record.deal_fields(deal_id, name))

        return replace(record, fields=fields, deal_fields=deal_fields)

    def _then(self, deal_id: int | None, name: str, now: Value) -> Value:
        if name == "contact.tags" and self.tags and isinstance(now, list):
            left = [tag for tag in now if self.tags.get(tag, True)]
            return [*left, *(tag for tag, had in self.tags.items() if had and tag not in now)]
        return self.held.get((deal_id, name), now)
