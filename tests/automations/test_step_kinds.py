"""A step that is forgotten somewhere is named here: what its class has to say, and who looks it up."""

import inspect

import pytest

from automations.steps.base import BaseStep
from automations.steps.kinds import STEPS, Step
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
