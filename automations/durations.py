"""How long a follow-up lasts, as far as its definition says."""

from typing import Any

from automations.model import Automation
from conditions.times import Micros


def longest_duration(automation: Automation) -> Micros:
    """The longest way through its waits, in microseconds.

    A wait until a time of day counts as a day; one for a date or without a time limit as nothing, since nobody knows.
    """
    return _of_steps(automation.steps)


def _of_steps(steps: list[Any]) -> Micros:
    return sum(
        step.duration() + max((_of_steps(branch.steps) for branch in step.branches()), default=0)
        for step in steps
    )
