"""What came of a step that was tried: its outcome, what it made, and what is other than before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from automations.steps.base import BaseStep
from conditions.fields import RecordKind
from conditions.times import Micros
from conditions.values import Value
from engine.steps.performing import Result
from runtime.statuses import EnrollmentStatus
from store.connection import Row, RowMapping


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field of the `contact` or `deal`, before and after."""

    record: RecordKind
    field: str
    before: Value | dict[str, Any]
    after: Value | dict[str, Any]


@dataclass(frozen=True, slots=True)
class ScoreMove:
    """A score before and after."""

    profile: str
    before: int | None
    after: int | None


@dataclass(slots=True)
class Tried:
    """One step and what came of it.

    `result`: its outcome, as it would be stored. `made`: the task, notification or webhook. `branch`: the way that is
    gone, and `otherwise` the one that would have been without somebody's choice. `assumed`: what was taken for granted.
    `until`: when what it waits for is over. `scores`: those that moved until the next step. `reaches`: the channels of
    whom a message is for, whether or not it goes there.
    """

    path: str
    step: BaseStep
    at: Micros
    result: Result = field(default_factory=dict)
    failed: str | None = None
    made: RowMapping | None = None
    changes: list[FieldChange] = field(default_factory=list)
    branch: str | None = None
    otherwise: str | None = None
    chosen: bool = False
    assumed: str | None = None
    until: Micros | None = None
    scores: list[ScoreMove] = field(default_factory=list)
    reaches: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Ended:
    """How the follow-up ends."""

    status: EnrollmentStatus
    reason: str | None
    at: Micros


#: The fields of records, by kind and name.
Held: TypeAlias = dict[tuple[RecordKind, str], Any]


def held(record: RecordKind, row: Row, columns: Sequence[str]) -> Held:
    """The fields of a record, by its kind and their names."""
    own = {(record, name): row[name] for name in columns if name != "fields"}
    return {**own, **{(record, name): value for name, value in row["fields"].items()}}


def changed(before: Held, after: Held) -> list[FieldChange]:
    """What is other than before."""
    places = dict.fromkeys((*before, *after))
    return [
        FieldChange(*place, before.get(place), after.get(place))
        for place in places
        if before.get(place) != after.get(place)
    ]


def moved(before: Mapping[str, int | None], after: Mapping[str, int | None]) -> list[ScoreMove]:
    """The scores that are others than before."""
    return [
        ScoreMove(profile, before.get(profile), after.get(profile))
        for profile in sorted({*before, *after})
        if before.get(profile) != after.get(profile)
    ]
