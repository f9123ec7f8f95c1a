"""What the models can say and this version does not do yet; refused when an automation is saved."""

from collections.abc import Iterator

from automations.model import Automation
from automations.step_models import WaitStep
from automations.steps import walk
from conditions.problems import Problem

_STEPS = ("webhook", "wait_for", "split", "start")


def unavailable(automation: Automation) -> Iterator[Problem]:
    """Each use of something that this version lacks, with its place in the document."""
    for placed in walk(automation):
        if placed.step.kind in _STEPS:
            yield Problem(
                (*placed.loc, placed.step.kind),
                f'the step "{placed.step.kind}" is not available in this version',
            )
        if isinstance(placed.step, WaitStep) and not isinstance(placed.step.wait, str):
            yield Problem(
                (*placed.loc, "wait"),
                "wait takes a duration such as 3d; times of day and dates are not available in this version",
            )
    if automation.exit_when is not None:
        yield Problem(
            ("exit_when",), "exit_when is not available in this version; use an if before the steps"
        )
    for name in ("rearm", "max_starts"):
        if name in automation.trigger.model_fields_set:
            yield Problem(("trigger", name), f"{name} is not available in this version")
