"""What a rehearsal is asked for: of whom, of which steps, with which event, by which ways."""

from collections.abc import Iterable, Mapping
from typing import Any, Self

from pydantic import Field, StrictBool, ValidationError, model_validator

from automations.addresses import NoAddress, mailbox
from automations.model import Automation
from automations.steps.places import Placed, walk
from automations.steps.waits import WaitForStep
from conditions.definition import Definition, Text, invalid
from conditions.messages import plain_errors
from conditions.problems import Problem, suggestion
from services.names import Name
from services.resources import Invalid


class RehearseRequest(Definition):
    """Of whom, and how."""

    contact: Name | None = Field(
        default=None, description="The contact's key; not needed where a deal is named"
    )
    deal: Name | None = Field(
        default=None, description="The deal's key: it is enrolled, or named by the event"
    )
    event: Name | None = Field(default=None, description="Type of the event with which it begins")
    properties: dict[str, Any] = Field(default={}, description="Of that event")
    draft: StrictBool = Field(default=False, description="The draft instead of what is published")
    document: dict[str, Any] | None = Field(
        default=None, description="The content of an automation's document instead of what is stored"
    )
    take: dict[Text, Text] = Field(
        default={},
        description="The ways to go, by the path, key or name of a step: then, else, elif.0, split.1, met, timeout",
    )
    send_to: Text | None = Field(
        default=None, description="Send the messages to this address, and to nobody else, marked as a test"
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        problems = []
        if self.contact is None and self.deal is None:
            problems.append(Problem(("contact",), "name the contact, or the deal, for whom to rehearse"))
        if self.properties and self.event is None:
            problems.append(Problem(("properties",), "properties belong to an event; name its type as event"))
        if self.draft and self.document is not None:
            problems.append(Problem(("draft",), "rehearse the draft or a document, not both"))
        if self.send_to is not None:
            try:
                mailbox(self.send_to)
            except NoAddress as error:
                problems.append(Problem(("send_to",), f'"{self.send_to}" {error}'))
        if problems:
            raise invalid(*problems)
        return self


def read_request(body: Any) -> RehearseRequest:
    """The request in a body; raises Invalid."""
    try:
        return RehearseRequest.model_validate(body)
    except ValidationError as error:
        raise Invalid(plain_errors(error, body)) from None


def taken_ways(automation: Automation, take: Mapping[str, str]) -> dict[str, str]:
    """The chosen ways by the paths of steps; raises Invalid where there is no such step, or way."""
    deciding = [placed for placed in walk(automation) if placed.step.branches()]
    ways: dict[str, str] = {}
    problems = []
    for name, wanted in take.items():
        found = [placed for placed in deciding if name in _names(placed)]
        if len(found) == 1:
            [placed] = found
            branch = _branch(placed, wanted)
            if branch is None:
                known = [way.name for way in placed.step.branches()]
                problems.append(
                    Problem(("take", name), f'"{name}" has no way "{wanted}"{suggestion(wanted, known)}')
                )
            elif branch == "timeout" and isinstance(placed.step, WaitForStep) and not placed.step.duration():
                problems.append(Problem(("take", name), f'"{name}" has no timeout; it can only be met'))
            else:
                ways[placed.path] = branch
        elif found:
            paths = ", ".join(placed.path for placed in found)
            problems.append(
                Problem(("take", name), f'several steps are called "{name}"; write a path: {paths}')
            )
        else:
            problems.append(Problem(("take", name), _no_step(name, deciding)))
    if problems:
        raise Invalid(problems)
    return ways


def _names(placed: Placed) -> Iterable[str]:
    return (name for name in (placed.path, placed.step.key, placed.step.name) if name is not None)


def _branch(placed: Placed, wanted: str) -> str | None:
    """The way of that name, or of that title."""
    ways = placed.step.branches()
    by_name = [way.name for way in ways if way.name == wanted]
    return next(iter(by_name or [way.name for way in ways if way.title == wanted]), None)


def _no_step(name: str, deciding: list[Placed]) -> str:
    if not deciding:
        return f'there is no step "{name}" with ways to choose from; this automation has none'
    known = [placed.step.key or placed.path for placed in deciding]
    return f'there is no step "{name}" with ways to choose from{suggestion(name, known)}'
