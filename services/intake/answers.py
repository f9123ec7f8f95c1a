"""What the use cases of intake answer: what became of events, events, imports, revocations."""

from typing import Any, Self

import orjson
from pydantic import BaseModel, Field

from conditions.times import to_iso
from runtime.statuses import STATUS_NAMES, EventStatusName
from services.answers import Page, Rejected
from services.follow_ups.answers import Keys
from store.connection import RowMapping


class Conflicting(BaseModel):
    """An event that was not stored, since its id stands for another one."""

    index: int = Field(description="Place in the array, or line, from 0")
    id: str
    reason: str


class Accepted(BaseModel):
    """What became of the events of one call."""

    accepted: int = Field(description="Events stored by this call")
    duplicates: int = Field(description="Events that were known already, under this id and the same")
    suppressed: int | None = Field(
        default=None, description="Events of those who were erased for good, where there are some; not stored"
    )
    conflicts: list[Conflicting] = Field(description="Events under the id of another one, up to 100")
    conflicts_count: int | None = Field(
        default=None, description="All conflicts, where not all are listed; always for NDJSON"
    )
    rejected: list[Rejected] = Field(description="Invalid events, up to 100 mistakes in all")
    rejected_count: int | None = Field(
        default=None, description="All invalid events, where not all are listed; always for NDJSON"
    )
    ids: list[str | None] | None = Field(default=None, description="In the order sent; not for NDJSON")
    request: str = Field(description="Names this call: `POST /v1/undo` ends the follow-ups that it started")


class Event(BaseModel):
    """An event as it is stored."""

    id: str
    type: str
    contact: str | None
    deal: str | None = None
    occurred_at: str
    received_at: str
    properties: Any
    status: EventStatusName
    error: str | None = None

    @classmethod
    def of(cls, row: RowMapping, keys: Keys) -> Self:
        """The event of a row; properties that are no JSON are shown as they are stored."""
        try:
            properties = orjson.loads(row["properties"])
        except orjson.JSONDecodeError:
            properties = row["properties"]
        return cls(
            id=row["id"],
            type=row["type"],
            contact=keys.contacts.get(row["contact_id"]),
            deal=keys.deals.get(row["deal_id"]),
            occurred_at=to_iso(row["occurred_at"]),
            received_at=to_iso(row["received_at"]),
            properties=properties,
            status=STATUS_NAMES[row["status"]],
            error=row["error"],
        )


class SentEvent(BaseModel):
    """An event as it can be sent, or imported, once more."""

    id: str
    type: str
    contact: str
    deal: str | None = None
    occurred_at: str
    properties: Any


class EventType(BaseModel):
    """A type of event."""

    type: str
    first_seen_at: str


class EventTypes(Page[EventType]):
    """Types of events."""


class Import(BaseModel):
    """Events that came from one file."""

    name: str
    events: int
    revoked: int
    first_at: str | None
    last_at: str | None


class Imports(Page[Import]):
    """Imports."""


class Revoked(BaseModel):
    """How many events a call took back."""

    revoked: int
