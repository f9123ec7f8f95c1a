"""Templates of steps, filled in before the transaction that does the steps."""

from collections.abc import Callable, Mapping
from typing import Any

from automations.steps.actions import (
    AdjustScoreStep,
    CreateTaskStep,
    NotifyStep,
    UpdateStep,
    WebhookStep,
)
from automations.steps.base import BaseStep
from automations.templates.rendering import TemplateFailed, one_budget, opened, render
from automations.templates.work import MOST_WORK
from engine.steps.situation import Situation, StepFailed
from engine.steps.webhooks import fill_call

Context = Mapping[str, Any]


def fill(situation: Situation, steps: Mapping[str, BaseStep]) -> dict[str, Any]:
    """What the templates of the first steps become now, by path: for `Situation.texts`. Writes nothing.

    Of those after a step that changes what templates read none, and no more than one hard one: the others' turn
    comes in a further round. A mistake in a template is the StepFailed that the step comes to.
    """
    filled: dict[str, Any] = {}
    context: Context | None = None
    work = 0
    for path, step in steps.items():
        filler = FILLERS.get(type(step))
        if filler is not None:
            try:
                context = context or opened(situation.context())
            except StepFailed as error:
                filled[path] = error
                continue
            with one_budget() as left:
                filled[path] = _filled(filler, situation, step, context)
                work += MOST_WORK - left[0]
        if any(step.targets()) or work > MOST_WORK // 2:
            break
    return filled


def refuse(steps: Mapping[str, BaseStep], reason: str) -> dict[str, Any]:
    """Instead of `fill`: every template among them is the same failure."""
    return {path: StepFailed(reason) for path, step in steps.items() if type(step) in FILLERS}


def _filled(
    filler: Callable[[Situation, Any, Context], Any], situation: Situation, step: BaseStep, context: Context
) -> Any:
    try:
        return filler(situation, step, context)
    except TemplateFailed as error:
        return StepFailed(f"its template failed: {error}")
    except StepFailed as error:
        return error


def _fill_notify(situation: Situation, step: Any, context: Context) -> tuple[str, str]:
    del situation
    spec: NotifyStep = step
    return render(spec.notify.subject, context), render(spec.notify.message, context)


def _fill_task(situation: Situation, step: Any, context: Context) -> tuple[str, str]:
    del situation
    spec: CreateTaskStep = step
    return render(spec.create_task.title, context), render(spec.create_task.description, context)


def _fill_update(situation: Situation, step: Any, context: Context) -> list[dict[str, Any]]:
    """The fields of the record, and those of the contact."""
    del situation
    spec: UpdateStep = step
    of_contact = spec.update.contact.fields if spec.update.contact is not None else {}
    return [
        {name: render(value, context) if isinstance(value, str) else value for name, value in fields.items()}
        for fields in (spec.update.fields, of_contact)
    ]


def _fill_reason(situation: Situation, step: Any, context: Context) -> str:
    del situation
    spec: AdjustScoreStep = step
    return render(spec.adjust_score.reason, context)


FILLERS: dict[type[BaseStep], Callable[[Situation, Any, Context], Any]] = {
    NotifyStep: _fill_notify,
    CreateTaskStep: _fill_task,
    UpdateStep: _fill_update,
    AdjustScoreStep: _fill_reason,
    WebhookStep: fill_call,
}
