"""Where a step can hold templates, conditions and steps: read off its keys, and filled with something to be found."""

import copy
from collections.abc import Iterator
from typing import Any, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from automations.steps.base import BaseStep
from automations.steps.kinds import STEPS, Step
from conditions.problems import Loc
from conditions.tree import Conditions
from reference.examples import STEP_EXAMPLES, parsed

TEMPLATE = "https://x.example/{{ contact.key }}"
FILLED = "https://x.example/ada"
CONDITION = {"contact.stage": {"equal": "marked"}}
STEPS_WITHIN = [{"add_tag": "marked"}]


def spots(kind: str) -> Iterator[tuple[Loc, FieldInfo]]:
    """Every key of a step, and of what stands under it, with its place from the step on."""
    yield from _spots(STEPS[kind], ())


def _spots(model: type[BaseModel], loc: Loc) -> Iterator[tuple[Loc, FieldInfo]]:
    for name, field in model.model_fields.items():
        here = (*loc, field.alias or name)
        yield here, field
        for part in parts(field.annotation):
            listed = get_origin(part) is list
            inner = get_args(part)[0] if listed else part
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                yield from _spots(inner, (*here, 0) if listed else here)


def parts(annotation: Any) -> Iterator[Any]:
    """An annotation and all that it is made of; of a list, the list stands for what it holds."""
    yield annotation
    for inner in get_args(annotation) if get_origin(annotation) is not list else ():
        yield from parts(inner)


def holds(field: FieldInfo, wanted: Any) -> bool:
    """Whether a key has a value of this type, or a list of them."""
    return any(wanted in (part, *get_args(part)) for part in parts(field.annotation))


def templates(kind: str) -> Iterator[tuple[Loc, FieldInfo]]:
    """The keys that are templates, or hold some: those whose docstring says so."""
    return ((loc, field) for loc, field in spots(kind) if "template" in (field.description or "").lower())


def conditions(kind: str) -> Iterator[Loc]:
    return (loc for loc, field in spots(kind) if holds(field, Conditions))


def step_lists(kind: str) -> Iterator[Loc]:
    return (loc for loc, field in spots(kind) if holds(field, Step))


def with_template(kind: str, loc: Loc) -> tuple[BaseStep, Loc]:
    """An example of a step with `TEMPLATE` at a place, or as a value in the mapping there; and where it stands."""
    try:
        return with_value(kind, loc, TEMPLATE), loc
    except AssertionError:
        return with_value(kind, loc, {"marked": TEMPLATE}), (*loc, "marked")


def with_value(kind: str, loc: Loc, value: Any) -> BaseStep:
    """An example of a step with a value at a place, alone beside its name where it goes with nothing else."""
    for raw in parsed(STEP_EXAMPLES[kind]):
        if kind not in raw:
            continue
        for alone in (False, True):
            changed = copy.deepcopy(raw)
            _put(changed, loc, value, alone=alone)
            try:
                return TypeAdapter[BaseStep](Step).validate_python(changed)
            except ValidationError:
                continue
    raise AssertionError(f"the reference has no example of {kind} that could take {value} at {loc}")


def _put(raw: Any, loc: Loc, value: Any, *, alone: bool) -> None:
    *way, last = loc
    for key, following in zip(way, loc[1:], strict=True):
        empty: Any = [] if isinstance(following, int) else {}
        if isinstance(raw, list):
            raw.extend([empty] if not raw else [])
        elif not isinstance(raw.get(key), list | dict):
            raw[key] = empty
        raw = raw[key]
    if alone and way and isinstance(raw, dict):
        raw.clear()
    raw[last] = value
