"""A step that is forgotten somewhere is named here: what its class has to say, and who looks it up."""

import inspect
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from automations.model import Automation
from automations.steps.base import BaseStep
from automations.steps.kinds import STEPS, Step
from automations.yaml_text import read_yaml
from conditions.limits import STEP_LISTS
from conditions.tree import Conditions
from engine.filling import FILLERS
from engine.steps import PERFORMERS
from reference.examples import STEP_EXAMPLES


def _overrides(step: type[BaseStep], method: str) -> bool:
    return getattr(step, method) is not getattr(BaseStep, method)


def test_every_step_is_in_the_union_of_steps() -> None:
    union = str(Step.__value__)
    assert [kind for kind in STEPS if f"Tag(tag='{kind} step')" not in union] == []
    assert union.count("Tag(tag=") == len(STEPS)


def test_every_class_of_a_step_is_among_the_kinds() -> None:
    assert {step.__name__ for step in BaseStep.__subclasses__()} == {step.__name__ for step in STEPS.values()}


@pytest.mark.parametrize("kind", STEPS)
def test_every_step_says_what_it_does(kind: str) -> None:
    assert not STEPS[kind].__abstractmethods__, f"{STEPS[kind].__name__} has no does()"
    assert STEPS[kind].__doc__
    assert inspect.getdoc(STEPS[kind]) != inspect.getdoc(BaseStep), f"{STEPS[kind].__name__} has no docstring"


def test_every_step_has_a_performer() -> None:
    assert {step.kind for step in PERFORMERS} == set(STEPS)


def test_every_step_with_templates_has_them_filled_in() -> None:
    assert {step.kind for step in FILLERS} == {
        kind for kind, step in STEPS.items() if _overrides(step, "templates")
    }


def test_every_step_with_ways_after_it_decides() -> None:
    assert [kind for kind, step in STEPS.items() if _overrides(step, "branches") and not step.decides] == []


def test_every_step_has_an_example_in_the_reference() -> None:
    assert set(STEP_EXAMPLES) == set(STEPS)


def _keys(model: type[BaseModel]) -> Iterator[tuple[str, FieldInfo]]:
    """The keys of a step, and those of what stands under them."""
    for name, field in model.model_fields.items():
        yield field.alias or name, field
        for inner in _parts(field.annotation):
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                yield from _keys(inner)


def _parts(annotation: Any) -> Iterator[Any]:
    yield annotation
    for inner in get_args(annotation):
        yield from _parts(inner)


def _holding(kind: str, wanted: Any) -> list[str]:
    return [name for name, field in _keys(STEPS[kind]) if wanted in _parts(field.annotation)]


@pytest.mark.parametrize("kind", STEPS)
def test_every_step_hands_on_the_conditions_steps_and_templates_that_it_holds(kind: str) -> None:
    """What is not handed on is not checked, not walked, and not filled in."""
    step = STEPS[kind]
    assert _overrides(step, "conditions") or not _holding(kind, Conditions)
    assert _overrides(step, "branches") or not _holding(kind, Step)
    templates = [name for name, field in _keys(step) if (field.description or "").startswith("Template")]
    assert _overrides(step, "templates") or not templates


def test_lists_of_steps_count_towards_the_limit_of_steps() -> None:
    assert {name for kind in STEPS for name in _holding(kind, Step)} - {*STEP_LISTS} == set()


def test_every_step_that_changes_the_record_says_so() -> None:
    """Templates after it would be filled in with what was before it."""
    changing = {
        step.kind
        for step, perform in PERFORMERS.items()
        if any(call in inspect.getsource(perform) for call in ("change_contact(", "change_deal("))
    }
    assert changing == {kind for kind, step in STEPS.items() if _overrides(step, "targets")}


def test_every_step_that_waits_says_how_long() -> None:
    assert all(_overrides(step, "duration") for step in STEPS.values() if step.waits)


@pytest.mark.parametrize("kind", STEPS)
def test_the_bare_word_of_a_step_is_answered_with_an_example_that_is_right(kind: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Automation.model_validate({"key": "a", "trigger": {"event": "x"}, "steps": [kind]})
    (mistake,) = refused.value.errors()
    example = mistake["msg"].partition("such as ")[2]
    (document,) = read_yaml(example)
    automation = Automation.model_validate({"key": "a", "trigger": {"event": "x"}, "steps": [document.value]})
    assert automation.steps[0].kind == kind
