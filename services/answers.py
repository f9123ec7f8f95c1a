"""What use cases answer, beside the answers of each wing: pages, mistakes, whom enrolling reached."""

from collections.abc import Iterable
from typing import Generic, TypeVar

from pydantic import BaseModel, Field

from conditions.problems import Problem
from conditions.times import Micros, to_iso

Item = TypeVar("Item")


class Page(BaseModel, Generic[Item]):
    """One page of a list; `next` is the cursor of the page after it, null at the end."""

    items: list[Item]
    next: str | None = None


class FieldProblem(BaseModel):
    """One mistake in the body; `pointer` is a JSON pointer into it."""

    pointer: str = Field(examples=["/rules/0/points"])
    message: str


class Rejected(BaseModel):
    """One of many items of a call that was not stored."""

    index: int = Field(description="Place in the array, or line, from 0")
    errors: list[FieldProblem]


def field_problems(problems: Iterable[Problem]) -> list[FieldProblem]:
    """Mistakes as the API lists them."""
    return [FieldProblem(pointer=problem.pointer, message=problem.message) for problem in problems]


class Enrolled(BaseModel):
    """Whom enrolling by hand reached. With `dry_run`: whom it would."""

    automation: str
    dry_run: bool
    request: str = Field(description="Send it again to go on after a failure; nobody enrolls twice")
    records: int = Field(description="How many were looked at")
    enrolled: int
    skipped: dict[str, int] = Field(description="By reason")
    already: int = Field(description="Matches that this `request` had dealt with before")
    running: int = Field(
        description="Left out because they are in the automation now; `again` takes them, too"
    )
    recent: int = Field(
        description="Left out because they were enrolled within the last 7 days; `again` takes them, too"
    )
    past: int = Field(
        description="Those among the enrolled for whom the date that a follow-up waits for first is over; `if_past` "
        "says what happens to them"
    )
    starts_until: str | None = Field(description="When the storm limit lets the last one start")


def iso(moment: Micros | None) -> str | None:
    """A moment as text; None stays None."""
    return None if moment is None else to_iso(moment)
