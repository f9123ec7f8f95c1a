"""When an automation starts: what a trigger looks at, what must hold, and how often it may fire."""

from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Discriminator, Field, Tag, model_validator

from conditions.definition import Definition, Key, Text, WholeNumber, invalid
from conditions.problems import Problem
from conditions.times import Duration
from conditions.tree import Conditions


class MaxStarts(Definition):
    """The storm limit: enrollments beyond it are queued and start at this rate."""

    times: Annotated[WholeNumber, Field(ge=1)]
    """How many start."""
    per: Literal["minute", "hour", "day"]
    """In how long."""


class ReentryAfter(Definition):
    """A record may enter again this long after its last start."""

    after: Duration
    """Time since the last start."""


class Rearm(Definition):
    """What the score must reach after an enrollment before `fires: on_entry` may fire again."""

    less: WholeNumber | None = None
    """The score is less."""
    less_or_equal: WholeNumber | None = None
    """The score is at most."""
    greater: WholeNumber | None = None
    """The score is greater."""
    greater_or_equal: WholeNumber | None = None
    """The score is at least."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.conditions["score"]:
            raise invalid(Problem((), "rearm needs a bound of the score, such as {less: 40}"))
        return self

    @property
    def conditions(self) -> dict[str, dict[str, int]]:
        """The same as a condition tree on the score."""
        return {"score": self.model_dump(exclude_none=True)}


def _reentry_branch(value: Any) -> str:
    return "reentry mapping" if isinstance(value, dict | ReentryAfter) else "reentry word"


Reentry = Annotated[
    Annotated[Literal["every_time", "once"], Tag("reentry word")]
    | Annotated[ReentryAfter, Tag("reentry mapping")],
    Discriminator(_reentry_branch),
]


class Trigger(Definition):
    """Looks at every change of a profile's scores, or every event of a type; fires where its filters hold."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["profile"]}, {"required": ["event"]}]}
    )

    name: Text | None = None
    """For people."""
    profile: Key | None = None
    """Look at every change of this profile's scores."""
    event: Text | None = None
    """Instead of `profile`: look at every event of this type, whether a score moved or not."""
    where: Conditions = Field(default={})
    """With `event`: what must hold of its properties (bare names), `contact.*` and `deal.*`."""
    filters: Conditions = Field(default={})
    """What must hold, at the moment of the change."""
    fires: Literal["every_change", "on_entry"] = "every_change"
    """`every_change`: whenever the filters hold. `on_entry`: when they hold and did not before."""
    looks_at: Literal["scores", "scores_and_fields"] = "scores"
    """With `profile`: `scores` looks at every change of the profile's scores. `scores_and_fields`: at changes of the
    fields and of the other scores that the filters read as well."""
    rearm: Rearm | None = None
    """What the score must reach after an enrollment before `on_entry` fires again."""
    reentry: Reentry = "every_time"
    """How often one record may be enrolled, over all versions: `{after: 7d}` counts from its last start."""
    while_running: Literal["start", "skip", "replace"] = "start"
    """When a follow-up of the same automation still runs for the record."""
    max_starts: MaxStarts = MaxStarts(times=600, per="minute")
    """The storm limit: enrollments beyond it are queued."""
    queued: Literal["look_again", "start_anyway"] = "look_again"
    """What waited for its start: `look_again`, and skip those whose filters do not hold any more; or `start_anyway`."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        problems = []
        if self.profile is None and self.event is None:
            problems.append(Problem((), 'a trigger needs a "profile" or an "event" to look at'))
        if self.profile is not None and self.event is not None:
            problems.append(
                Problem(("event",), 'a trigger looks at a "profile" or at an "event", not at both')
            )
        if "where" in self.model_fields_set and self.event is None:
            problems.append(
                Problem(("where",), '"where" belongs to an "event"; with a "profile" use "filters"')
            )
        if self.fires == "on_entry" and self.event is not None:
            problems.append(Problem(("fires",), "an event is not entered; on_entry needs a profile"))
        if "looks_at" in self.model_fields_set and self.profile is None:
            problems.append(Problem(("looks_at",), "what is looked at beside scores needs a profile"))
        if self.rearm is not None and self.fires != "on_entry":
            problems.append(Problem(("rearm",), "rearm needs `fires: on_entry`"))
        if problems:
            raise invalid(*problems)
        return self
