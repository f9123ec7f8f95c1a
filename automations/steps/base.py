"""What every step is: its words, and what it says of itself to those who carry it out, check and show it."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Discriminator, Field, Tag

from automations.steps.words import clean
from conditions.definition import Definition, Key, Text
from conditions.fields import Catalogue
from conditions.problems import Loc
from conditions.times import Micros

#: What `targets` has before the name of a custom field.
A_FIELD = "the field "


@dataclass(frozen=True)
class Branch:
    """A way that may be taken after a step: `name` in paths ("elif.0"), `loc` in the document, from the step on.

    `taken`: what ops read where this way was gone, if not the title.
    """

    name: str
    title: str
    loc: Loc = ()
    steps: list[Any] = field(default_factory=list)
    taken: str | None = None


class BaseStep(Definition):
    """What every step may say besides what it does. `kind` is the key that names the step in a document,
    and `example` a short one, as people write it.

    `decides`: what comes next depends on it, so that nothing is done together with what comes after. `waits`: it ends
    when its time has come; `awaits`: or when something comes about before that. `answers`: later steps can read what it
    was answered, by its key.
    """

    kind: ClassVar[str]
    example: ClassVar[str]
    decides: ClassVar[bool] = False
    waits: ClassVar[bool] = False
    awaits: ClassVar[bool] = False
    answers: ClassVar[bool] = False

    key: Key | None = None
    """Unique in the automation."""
    name: Text | None = None
    """What the Temporal UI calls the step; default: what it does."""
    on_failure: Literal["stop", "continue"] = "stop"
    """Whether the follow-up fails when the step cannot be done, or goes on."""

    @property
    def title(self) -> str:
        """In at most 150 characters: its own name, or else what it does."""
        return clean(self.name or self.does())

    @abstractmethod
    def does(self) -> str:
        """What it does, in a few words of the definition; `title` takes templates and addresses out of them."""

    def templates(self) -> Iterator[tuple[Loc, str]]:
        """Every text that is a template, with its place from the step on."""
        yield from ()

    def conditions(self) -> Iterator[tuple[Loc, Mapping[str, Any], Catalogue]]:
        """Every condition tree, with its place from the step on and the fields that it may read."""
        yield from ()

    def targets(self) -> Iterator[str]:
        """What it changes of its record: `the tag hot`, `stage`, `the field city`; templates after it read it anew."""
        yield from ()

    @property
    def added_tag(self) -> str | None:
        """The tag that it adds."""
        return None

    @property
    def removed_tag(self) -> str | None:
        """The tag that it removes."""
        return None

    def awaited_events(self) -> Iterator[tuple[Loc, str]]:
        """The event types that it waits for, each with its place from the step on."""
        yield from ()

    def duration(self) -> Micros:
        """How long it lasts by itself, as far as its definition says; nothing where nobody knows."""
        return 0

    def branches(self) -> list[Branch]:
        """The ways after it, in the order written; one without steps goes on behind the step."""
        return []

    def never_gone(self) -> Iterator[tuple[Loc, str]]:
        """Ways of it that nobody goes, each with its place from the step on and the reason."""
        yield from ()

    def exhaustive_ways(self) -> list[list[Any]]:
        """The steps of each way, where everybody goes one of them; else none."""
        return []

    @property
    def stops(self) -> str | None:
        """Why nothing behind it is reached; None where something is."""
        ways = self.exhaustive_ways()
        if ways and all(any(step.stops for step in steps) for steps in ways):
            return "every way before stops"
        return None

    @property
    def leads_on(self) -> bool:
        """Whether its first way is what stands after it, up to the next step that waits; the others pass that over."""
        return False

    @property
    def branch_if_skipped(self) -> str | None:
        """The way that is taken where the step is skipped by hand."""
        return "none" if self.branches() else None


def _is_list(value: Any) -> str:
    return "several" if isinstance(value, list) else "one"


OneOrMore = Annotated[
    Annotated[Text, Tag("one")] | Annotated[list[Text], Field(min_length=1, max_length=100), Tag("several")],
    Discriminator(_is_list),
]


def texts_in(value: Any, loc: Loc) -> Iterator[tuple[Loc, str]]:
    """Every text in a JSON value, keys apart, with its place."""
    if isinstance(value, str):
        yield loc, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from texts_in(inner, (*loc, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from texts_in(inner, (*loc, index))
