"""Where every step and every condition stands, and the outline that a follow-up carries out.

A step's path is stable within a version: "0", "3.then.1", "3.elif.0.1", "3.else.0", "5.split.1.0",
"6.timeout.0".
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from automations.model import Automation, ExitEvent
from automations.steps.base import BaseStep
from automations.steps.waits import WaitStep, WaitUntil
from conditions.fields import ENDING, LATER_WHERE, RULE_WHERE, TRIGGER, Catalogue
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
    steps, rest = automation.steps, path
    while True:
        index, _, rest = rest.partition(".")
        if not index.isdecimal() or int(index) >= len(steps):
            break
        step: BaseStep = steps[int(index)]
        if not rest:
            return step
        inner = next((branch for branch in step.branches() if rest.startswith(f"{branch.name}.")), None)
        if inner is None:
            break
        steps, rest = inner.steps, rest[len(inner.name) + 1 :]
    raise KeyError(f'automation "{automation.key}" has no step at {path}')


def outline(automation: Automation) -> list[dict[str, Any]]:
    """The plan a workflow carries out, as JSON: no contact data, no addresses, no secrets, no templates.

    Each step is `{path, kind, title, on_failure}`, with `key` where it has one, `decides: true` where nothing is done
    together with what comes after it, and `branches: {name: {title, steps}}` where there are ways after it.
    """
    return _outline(automation.steps, "")


def _outline(steps: list[Any], prefix: str) -> list[dict[str, Any]]:
    plans: list[dict[str, Any]] = []
    within = plans
    for index, step in enumerate(steps):
        if step.waits:
            within = plans
        plan = _plan(step, f"{prefix}{index}")
        within.append(plan)
        if step.leads_on:
            within = next(iter(plan["branches"].values()))["steps"]
    return plans


def _plan(step: BaseStep, path: str) -> dict[str, Any]:
    plan: dict[str, Any] = {
        "path": path,
        "kind": step.kind,
        "title": step.title,
        "on_failure": step.on_failure,
    }
    if step.key is not None:
        plan["key"] = step.key
    if step.decides:
        plan["decides"] = True
    if ways := step.branches():
        plan["branches"] = {
            way.name: {"title": way.taken or way.title, "steps": _outline(way.steps, f"{path}.{way.name}.")}
            for way in ways
        }
    return plan


def conditions_of(automation: Automation) -> Iterator[tuple[Loc, Mapping[str, Any], Catalogue]]:
    """Every condition tree of the document with its place and its fields."""
    trigger, exit_when = automation.trigger, automation.exit_when
    yield ("trigger", "filters"), trigger.filters, TRIGGER
    yield ("trigger", "where"), trigger.where, RULE_WHERE
    if isinstance(exit_when, ExitEvent):
        yield ("exit_when", "where"), exit_when.where, LATER_WHERE
    elif exit_when is not None:
        yield ("exit_when",), exit_when, ENDING
    for place in walk(automation):
        for loc, raw, catalogue in place.step.conditions():
            yield (*place.loc, *loc), raw, catalogue
