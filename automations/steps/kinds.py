"""All kinds of steps."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Discriminator, Tag
from pydantic_core import PydanticCustomError
from typing_extensions import TypeAliasType

from automations.steps.actions import (
    AddTagStep,
    AdjustScoreStep,
    CreateTaskStep,
    NotifyStep,
    RemoveTagStep,
    UpdateStep,
    WebhookStep,
)
from automations.steps.base import BaseStep
from automations.steps.waits import Await, WaitForStep, WaitStep
from automations.steps.ways import ElseIf, IfStep, Share, SplitStep, StartStep, StopStep
from conditions.definition import invalid
from conditions.problems import Problem, suggestion

STEPS: dict[str, type[BaseStep]] = {
    step.kind: step
    for step in (
        NotifyStep,
        CreateTaskStep,
        AddTagStep,
        RemoveTagStep,
        UpdateStep,
        AdjustScoreStep,
        WebhookStep,
        WaitStep,
        WaitForStep,
        IfStep,
        SplitStep,
        StartStep,
        StopStep,
    )
}
#: Keys that stand beside the one that names a step.
_BESIDES = {
    field.alias or name for kind, step in STEPS.items() for name, field in step.model_fields.items()
} - STEPS.keys()


def _kind_of(value: Any) -> str | None:
    """The tag of a union's branch; the space keeps it apart from every key of a document."""
    if isinstance(value, BaseStep):
        return f"{value.kind} step"
    return next((f"{key} step" for key in value if key in STEPS), None) if isinstance(value, dict) else None


def _no_mapping(value: Any) -> str:
    """What would be right where a step is no mapping, such as the bare word `notify`."""
    known = STEPS.get(value.strip(" :")) if isinstance(value, str) else None
    if known is not None:
        return f"{known.kind} has to be told what: write it as a mapping, such as {known.example}"
    unknown = f'; unknown step "{value[:40]}"{suggestion(value, STEPS)}' if isinstance(value, str) else ""
    return f"a step is a mapping, such as {STEPS['add_tag'].example}{unknown}"


def _one_step(value: Any) -> Any:
    if isinstance(value, BaseStep):
        return value
    if not isinstance(value, dict):
        raise PydanticCustomError("definition", "{reason}", {"reason": _no_mapping(value)})
    kinds = [key for key in value if key in STEPS]
    if len(kinds) > 1:
        raise invalid(Problem((kinds[1],), f"one step does one thing; make {kinds[1]} a step of its own"))
    if not kinds:
        unknown = next((key for key in value if key not in _BESIDES), None)
        if unknown is None:
            raise PydanticCustomError(
                "definition", "{reason}", {"reason": f"no step here{suggestion('', STEPS)}"}
            )
        raise invalid(Problem((str(unknown),), f'unknown step "{unknown}"{suggestion(unknown, STEPS)}'))
    if value[kinds[0]] is None:
        raise invalid(
            Problem((kinds[0],), f"nothing stands here; write it such as {STEPS[kinds[0]].example}")
        )
    return value


Step = TypeAliasType(
    "Step",
    Annotated[
        Annotated[NotifyStep, Tag("notify step")]
        | Annotated[CreateTaskStep, Tag("create_task step")]
        | Annotated[AddTagStep, Tag("add_tag step")]
        | Annotated[RemoveTagStep, Tag("remove_tag step")]
        | Annotated[UpdateStep, Tag("update step")]
        | Annotated[AdjustScoreStep, Tag("adjust_score step")]
        | Annotated[WebhookStep, Tag("webhook step")]
        | Annotated[WaitStep, Tag("wait step")]
        | Annotated[WaitForStep, Tag("wait_for step")]
        | Annotated[IfStep, Tag("if step")]
        | Annotated[SplitStep, Tag("split step")]
        | Annotated[StartStep, Tag("start step")]
        | Annotated[StopStep, Tag("stop step")],
        Discriminator(_kind_of),
        BeforeValidator(_one_step),
    ],
)

for _model in (Await, ElseIf, IfStep, Share, WaitForStep, SplitStep):
    _model.model_rebuild(_types_namespace={"Step": Step})
