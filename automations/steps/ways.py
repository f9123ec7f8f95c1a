"""The steps that decide which way is gone."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator

from automations.steps.base import BaseStep, Branch
from automations.steps.words import clean
from conditions.definition import Definition, Key, Text, WholeNumber, invalid
from conditions.describing import describe
from conditions.fields import STEP, Catalogue
from conditions.problems import Loc, Problem
from conditions.tree import Conditions

if TYPE_CHECKING:
    from automations.steps.kinds import Step


class ElseIf(Definition):
    """A further condition with its steps."""

    condition: Conditions = Field(alias="if")
    """The condition."""
    then: "list[Step]"
    """Steps where it holds."""


class IfStep(BaseStep):
    """Goes the first way whose conditions hold, or `else`."""

    kind: ClassVar[str] = "if"
    example: ClassVar[str] = "{if: {score: {less: 20}}, then: [{add_tag: cold}]}"
    decides: ClassVar[bool] = True
    condition: Conditions = Field(alias="if")
    """The condition."""
    then: "list[Step]"
    """Steps where it holds."""
    elif_: list[ElseIf] = Field(default=[], alias="elif")
    """Further conditions, tried in order."""
    else_: "list[Step]" = Field(default=[], alias="else")
    """Steps where none holds."""

    def does(self) -> str:
        return f"if {describe(self.condition)}"

    def conditions(self) -> Iterator[tuple[Loc, Mapping[str, Any], Catalogue]]:
        yield ("if",), self.condition, STEP
        for index, way in enumerate(self.elif_):
            yield ("elif", index, "if"), way.condition, STEP

    def branches(self) -> list[Branch]:
        further = []
        for index, way in enumerate(self.elif_):
            title = clean(f"else if {describe(way.condition)}")
            further.append(
                Branch(f"elif.{index}", title, ("elif", index, "then"), way.then, f"no, but {title}")
            )
        return [
            Branch("then", "then", ("then",), self.then, "yes"),
            *further,
            Branch("else", "else", ("else",), self.else_, "no"),
        ]

    def never_gone(self) -> Iterator[tuple[Loc, str]]:
        earlier = [self.condition]
        for index, way in enumerate(self.elif_):
            if way.condition in earlier:
                yield ("elif", index), "an earlier way has the same condition"
            elif {} in earlier:
                yield ("elif", index), "an earlier way always holds"
            earlier.append(way.condition)
        if {} in earlier and self.else_:
            yield ("else",), "an earlier way always holds"

    def exhaustive_ways(self) -> list[list[Any]]:
        if self.condition == {}:
            return [self.then]
        return [self.then, *(way.then for way in self.elif_), self.else_]


class Share(Definition):
    """A share of the records, and their steps."""

    percent: Annotated[WholeNumber, Field(ge=0, le=100)]
    """Share of the records."""
    name: Text | None = None
    """For people."""
    steps: "list[Step]"
    """Steps for them."""


class SplitStep(BaseStep):
    """Sends each record one way, always the same; those beyond the shares' sum pass by."""

    kind: ClassVar[str] = "split"
    example: ClassVar[str] = "{split: [{percent: 50, steps: [{add_tag: group-a}]}]}"
    decides: ClassVar[bool] = True
    split: Annotated[list[Share], Field(min_length=1)]
    """What it does."""

    @model_validator(mode="after")
    def _at_most_all(self) -> Self:
        total = sum(share.percent for share in self.split)
        if total > 100:
            raise invalid(Problem(("split",), f"the percentages add up to {total}; at most 100 are there"))
        return self

    def does(self) -> str:
        return f"split {' / '.join(str(share.percent) for share in self.split)}"

    def branches(self) -> list[Branch]:
        shares = [
            Branch(
                f"split.{index}",
                clean(share.name or f"{share.percent} %"),
                ("split", index, "steps"),
                share.steps,
            )
            for index, share in enumerate(self.split)
        ]
        return [*shares, Branch("none", "none of them")]

    def never_gone(self) -> Iterator[tuple[Loc, str]]:
        for index, share in enumerate(self.split):
            if share.percent == 0 and share.steps:
                yield ("split", index), "its share is 0 percent"

    def exhaustive_ways(self) -> list[list[Any]]:
        if sum(share.percent for share in self.split) < 100:
            return []
        return [share.steps for share in self.split if share.percent]


class StartStep(BaseStep):
    """Enrolls the record in another automation and goes on."""

    kind: ClassVar[str] = "start"
    example: ClassVar[str] = "{start: another-automation}"
    start: Key
    """Key of the other automation."""

    def does(self) -> str:
        return f"start {self.start}"


class StopStep(BaseStep):
    """Ends the follow-up, with a reason."""

    kind: ClassVar[str] = "stop"
    example: ClassVar[str] = "{stop: handed over to sales}"
    decides: ClassVar[bool] = True
    stop: Text
    """The reason."""

    def does(self) -> str:
        return f"stop: {self.stop}"

    @property
    def stops(self) -> str:
        return "the step before ends the follow-up"
