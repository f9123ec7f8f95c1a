"""What the models can say and this version does not do yet; refused when an automation is saved."""

from collections.abc import Iterator

from automations.model import Automation
from automations.steps import walk
from conditions.problems import Problem

_STEPS = ("webhook",)


def unavailable(automation: Automation) -> Iterator[Problem]:
    """Each use of something that this version lacks, with its place in the document."""
    for placed in walk(automation):
        if placed.step.kind in _STEPS:
            yield Problem(
                (*placed.loc, placed.step.kind),
                f'the step "{placed.step.kind}" is not available in this version',
            )
