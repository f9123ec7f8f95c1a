"""What calls answer with, of the intake wing: events, imports, revocations."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from api.problems import FieldProblem
from api.schemas import Page


class Rejected(BaseModel):
    """An event that was not stored."""

    index: int = Field(description="Place in the array, or line, from 0")
    errors: list[FieldProblem]


class Conflicting(BaseModel):
    """An event that was not stored, since its id stands for another one."""

    index: int = Field(description="Place in the array, or line, from 0")
    id: str
    reason: str


class Accepted(BaseModel):
    """What became of the events of one call."""

    accepted: int = Field(description="Events stored by this call")
    duplicates: int = Field(description="Events that were known already, under this id and the same")
    conflicts: list[Conflicting] = Field(description="Events under the id of another one, up to 100")
    rejected: list[Rejected] = Field(description="Invalid events, up to 100 mistakes in all")
    ids: list[str | None] | None = Field(default=None, description="In the order sent; not for NDJSON")
    conflicts_count: int | None = Field(
        default=None, description="All conflicts, where not all are listed; always for NDJSON"
    )
    rejected_count: int | None = Field(
        default=None, description="All invalid events, where not all are listed; always for NDJSON"
    )


class Event(BaseModel):
    """An event as it is stored."""

    id: str
    type: str
    contact: str | None
    deal: str | None = None
    occurred_at: str
    received_at: str
    properties: Any
    status: Literal["pending", "applied", "quarantined", "revoked"]
    error: str | None = None


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
