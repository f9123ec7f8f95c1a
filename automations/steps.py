"""Where every step stands, and the outline that a follow-up carries out.

A step's path is stable within a version: "0", "3.then.1", "3.elif.0.1", "3.else.0", "5.split.1.0",
"6.timeout.0".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from automations.model import Automation
from automations.step_models import BaseStep, IfStep, SplitStep, WaitForStep, WaitStep
from automations.titles import branch_title, step_title
from conditions.problems import Loc
from conditions.times import SECOND, micros_of


@dataclass(frozen=True)
class Branch:
    """Steps within a step: `name` in paths ("elif.0"), `loc` in the document, from the step on."""

    name: str
    loc: Loc
    steps: list[Any]


@dataclass(frozen=True)
class Placed:
    """A step with its path and its place in the document."""

    path: str
    loc: Loc
    step: BaseStep


def branches(step: BaseStep) -> list[Branch]:
    """The step lists within a step, in the order written."""
    if isinstance(step, IfStep):
        further = [
            Branch(f"elif.{index}", ("elif", index, "then"), way.then) for index, way in enumerate(step.elif_)
        ]
        return [Branch("then", ("then",), step.then), *further, Branch("else", ("else",), step.else_)]
    if isinstance(step, SplitStep):
        return [
            Branch(f"split.{index}", ("split", index, "steps"), share.steps)
            for index, share in enumerate(step.split)
        ]
    if isinstance(step, WaitForStep):
        return [Branch("timeout", ("wait_for", "on_timeout"), step.wait_for.on_timeout)]
    return []


def walk(automation: Automation) -> Iterator[Placed]:
    """Every step, each before the steps within it."""
    yield from _walk(automation.steps, "", ("steps",))


def _walk(steps: list[Any], prefix: str, loc: Loc) -> Iterator[Placed]:
    for index, step in enumerate(steps):
        path, here = f"{prefix}{index}", (*loc, index)
        yield Placed(path, here, step)
        for branch in branches(step):
            yield from _walk(branch.steps, f"{path}.{branch.name}.", (*here, *branch.loc))


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
        inner = next((found for found in branches(step) if rest.startswith(f"{found.name}.")), None)
        if inner is None:
            break
        steps, rest = inner.steps, rest[len(inner.name) + 1 :]
    raise KeyError(f'automation "{automation.key}" has no step at {path}')


def outline(automation: Automation) -> list[dict[str, Any]]:
    """The plan a workflow carries out, as JSON: no contact data, no addresses, no secrets, no templates.

    Each step is `{path, kind, title, on_failure}`, with `key` where it has one, and with

    - wait: `seconds`, where the wait is a duration;
    - wait_for: `timeout_seconds`, where there is one, and `timeout`, the steps after it;
    - if: `then`, `else` (steps) and `elif: [{title, then}]`;
    - split: `split: [{percent, title, steps}]`.
    """
    return _outline(automation.steps, "")


def _outline(steps: list[Any], prefix: str) -> list[dict[str, Any]]:
    return [_plan(step, f"{prefix}{index}") for index, step in enumerate(steps)]


def _plan(step: BaseStep, path: str) -> dict[str, Any]:
    plan: dict[str, Any] = {
        "path": path,
        "kind": step.kind,
        "title": step_title(step),
        "on_failure": step.on_failure,
    }
    if step.key is not None:
        plan["key"] = step.key
    inner = {branch.name: _outline(branch.steps, f"{path}.{branch.name}.") for branch in branches(step)}
    if isinstance(step, IfStep):
        plan["then"], plan["else"] = inner["then"], inner["else"]
        plan["elif"] = [
            {"title": branch_title(way), "then": inner[f"elif.{index}"]}
            for index, way in enumerate(step.elif_)
        ]
    elif isinstance(step, SplitStep):
        plan["split"] = [
            {"percent": share.percent, "title": branch_title(share), "steps": inner[f"split.{index}"]}
            for index, share in enumerate(step.split)
        ]
    elif isinstance(step, WaitForStep):
        plan["timeout"] = inner["timeout"]
        if step.wait_for.timeout is not None:
            plan["timeout_seconds"] = micros_of(step.wait_for.timeout) // SECOND
    elif isinstance(step, WaitStep) and isinstance(step.wait, str):
        plan["seconds"] = micros_of(step.wait) // SECOND
    return plan
