"""Templates of steps, filled in before the transaction that does the steps."""

from collections.abc import Callable, Mapping
from typing import Any

from automations.step_models import (
    AdjustScoreStep,
    BaseStep,
    CreateTaskStep,
    NotifyStep,
    UpdateStep,
    WebhookStep,
)
from automations.templates import TemplateFailed, one_budget, render
from engine.situation import Situation, StepFailed
from engine.webhooks import fill_call


def fill(situation: Situation, steps: Mapping[str, BaseStep]) -> dict[str, Any]:
    """What the templates of steps become now, by path: for `Situation.texts`. Writes nothing."""
    filled: dict[str, Any] = {}
    for path, step in steps.items():
        filler = _FILL.get(type(step))
        if filler is None:
            continue
        try:
            with one_budget():
                filled[path] = filler(situation, step)
        except TemplateFailed as error:
            filled[path] = StepFailed(f"its template failed: {error}")
        except StepFailed as error:
            filled[path] = error
    return filled


def _fill_notify(situation: Situation, step: Any) -> tuple[str, str]:
    spec: NotifyStep = step
    context = situation.context()
    return render(spec.notify.subject, context), render(spec.notify.message, context)


def _fill_task(situation: Situation, step: Any) -> tuple[str, str]:
    spec: CreateTaskStep = step
    context = situation.context()
    return render(spec.create_task.title, context), render(spec.create_task.description, context)


def _fill_update(situation: Situation, step: Any) -> dict[str, Any]:
    spec: UpdateStep = step
    context = situation.context()
    return {
        name: render(value, context) if isinstance(value, str) else value
        for name, value in (spec.update.fields or {}).items()
    }


def _fill_reason(situation: Situation, step: Any) -> str:
    spec: AdjustScoreStep = step
    return render(spec.adjust_score.reason, situation.context())


_FILL: dict[type[BaseStep], Callable[[Situation, Any], Any]] = {
    NotifyStep: _fill_notify,
    CreateTaskStep: _fill_task,
    UpdateStep: _fill_update,
    AdjustScoreStep: _fill_reason,
    WebhookStep: fill_call,
}
