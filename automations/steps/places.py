"""Where every step and every condition of an automation stands.

A step's path is stable within a version: "0", "3.then.1", "3.elif.0.1", "3.else.0", "5.split.1.0",
"6.timeout.0".
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from automations.model import Automation, ExitEvent
from automations.steps.base import A_FIELD, BaseStep
from automations.steps.waits import WaitStep, WaitUntil
from conditions.fields import ENDING, EVENT_WHERE, LATER_WHERE, TRIGGER, Catalogue
from conditions.problems import Loc


@dataclass(frozen=True)
class Placed:
    """A step with its path and its place in the document."""

    path: str
    loc: Loc
    step: BaseStep


def walk(automation: Automation) -> Iterator[Placed]:
    """Every step, each before the steps within it."""
    yield from _walk(automation.steps, "", ("steps",))


def _walk(steps: list[Any], prefix: str, loc: Loc) -> Iterator[Placed]:
    for index, step in enumerate(steps):
        path, here = f"{prefix}{index}", (*loc, index)
        yield Placed(path, here, step)
        for branch in step.branches():
            yield from _walk(branch.steps, f"{path}.{branch.name}.", (*here, *branch.loc))


def tags_added(automations: Iterable[Automation]) -> set[str]:
    """The tags that their steps add."""
    return {
        place.step.added_tag
        for automation in automations
        for place in walk(automation)
        if place.step.added_tag is not None
    }


def fields_set(automations: Iterable[Automation]) -> set[str]:
    """The custom fields that their steps set."""
    targets = (
        target for automation in automations for place in walk(automation) for target in place.step.targets()
    )
    return {target.removeprefix(A_FIELD) for target in targets if target.startswith(A_FIELD)}


def first_date(automation: Automation) -> WaitUntil | None:
    """The date that every follow-up waits for first; None where it waits for something else, or not all do."""
    for step in automation.steps:
        if isinstance(step, WaitStep) and step.date is not None:
            return step.date
        if step.decides:
            return None
    return None


def find_step(automation: Automation, path: str) -> BaseStep:
    """The step at a path. KeyError if the automation has none there."""
    stop = automation.course.stops.get(path)
    if stop is None:
        raise KeyError(f'automation "{automation.key}" has no step at {path}')
    return stop.step


def conditions_of(automation: Automation) -> Iterator[tuple[Loc, Mapping[str, Any], Catalogue]]:
    """Every condition tree of the document with its place and its fields."""
    trigger, exit_when = automation.trigger, automation.exit_when
    yield ("trigger", "filters"), trigger.filters, TRIGGER
    yield ("trigger", "where"), trigger.where, EVENT_WHERE
    if isinstance(exit_when, ExitEvent):
        yield ("exit_when", "where"), exit_when.where, LATER_WHERE
    elif exit_when is not None:
        yield ("exit_when",), exit_when, ENDING
    for place in walk(automation):
        for loc, raw, catalogue in place.step.conditions():
            yield (*place.loc, *loc), raw, catalogue
