"""A step that is forgotten somewhere is named here: what its class has to say, and who looks it up."""

import inspect

import pytest
from pydantic import ValidationError

from automations.model import Automation
from automations.steps.base import BaseStep
from automations.steps.kinds import STEPS, Step
from automations.yaml_text import read_yaml
from conditions.limits import STEP_LISTS
from engine.steps.filling import FILLERS
from engine.steps.performing import PERFORMERS
from engine.steps.watching import MEETS
from reference.examples import STEP_EXAMPLES
from tests.automations.step_spots import (
    CONDITION,
    STEPS_WITHIN,
    TEMPLATE,
    conditions,
    step_lists,
    templates,
    with_template,
    with_value,
)


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


def test_every_step_that_awaits_something_is_told_of_it() -> None:
    assert {step.kind for step in MEETS} >= {kind for kind, step in STEPS.items() if step.awaits}


@pytest.mark.parametrize("kind", STEPS)
def test_keys_beside_a_step_are_no_steps_that_nobody_knows(kind: str) -> None:
    """Whatever stands first, the misspelled one is named."""
    beside = [
        field.alias or name
        for name, field in STEPS[kind].model_fields.items()
        if (field.alias or name) not in STEPS
    ]
    step = dict.fromkeys([*beside, f"{kind}x"], "")
    with pytest.raises(ValidationError, match=f'unknown step "{kind}x"'):
        Automation.model_validate({"key": "a", "trigger": {"event": "e"}, "steps": [step]})


def test_every_step_with_templates_has_them_filled_in() -> None:
    assert {step.kind for step in FILLERS} == {
        kind for kind, step in STEPS.items() if _overrides(step, "templates")
    }


def test_every_step_with_ways_after_it_decides() -> None:
    assert [kind for kind, step in STEPS.items() if _overrides(step, "branches") and not step.decides] == []


def test_every_step_has_an_example_in_the_reference() -> None:
    assert set(STEP_EXAMPLES) == set(STEPS)


@pytest.mark.parametrize("kind", STEPS)
def test_every_step_hands_on_each_of_its_templates(kind: str) -> None:
    """What is not handed on is not checked before it is needed."""
    for loc, _ in templates(kind):
        step, place = with_template(kind, loc)
        assert (place, TEMPLATE) in list(step.templates()), f"templates() of {kind} leaves out {loc}"


@pytest.mark.parametrize("kind", STEPS)
def test_every_step_hands_on_each_of_its_conditions(kind: str) -> None:
    for loc in conditions(kind):
        found = [(place, raw) for place, raw, _ in with_value(kind, loc, CONDITION).conditions()]
        assert (loc, CONDITION) in found, f"conditions() of {kind} leaves out {loc}"


@pytest.mark.parametrize("kind", STEPS)
def test_every_step_hands_on_the_steps_of_each_of_its_ways(kind: str) -> None:
    """What is not handed on is not walked, nor carried out."""
    for loc in step_lists(kind):
        ways = {way.loc: way.steps for way in with_value(kind, loc, STEPS_WITHIN).branches()}
        assert [step.added_tag for step in ways.get(loc, ())] == ["marked"], (
            f"branches() of {kind} leaves out {loc}"
        )


def test_lists_of_steps_count_towards_the_limit_of_steps() -> None:
    assert {loc[-1] for kind in STEPS for loc in step_lists(kind)} - {*STEP_LISTS} == set()


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
