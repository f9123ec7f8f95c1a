"""How long a follow-up lasts, as far as its definition says."""

from typing import Any

from automations.model import Automation
from automations.steps.waits import WaitForStep, WaitStep, WaitUntil
from conditions.times import Micros, micros_of

_DAY = micros_of("1d")


def longest_duration(automation: Automation) -> Micros:
    """The longest way through its waits, in microseconds.

    A wait until a time of day counts as a day; one for a date or without a time limit as nothing, since nobody knows.
    """
    return _of_steps(automation.steps)


def _of_steps(steps: list[Any]) -> Micros:
    return sum(_of_step(step) for step in steps)


def _of_step(step: Any) -> Micros:
    own: Micros = 0
    if isinstance(step, WaitStep):
        own = (
            (_DAY if step.wait.is_clock else 0) if isinstance(step.wait, WaitUntil) else micros_of(step.wait)
        )
    elif isinstance(step, WaitForStep) and step.wait_for.timeout is not None:
        own = micros_of(step.wait_for.timeout)
    return own + max((_of_steps(branch.steps) for branch in step.branches()), default=0)
