"""Every condition and every template of an automation, each with its place in the document."""

from collections.abc import Iterator, Mapping
from typing import Any

from automations.model import Automation, ExitEvent
from automations.step_models import (
    AdjustScoreStep,
    BaseStep,
    CreateTaskStep,
    IfStep,
    NotifyStep,
    UpdateStep,
    WaitForStep,
    WebhookStep,
)
from automations.steps import walk
from conditions.fields import RULE_WHERE, STEP, TRIGGER, Catalogue
from conditions.problems import Loc


def conditions_of(automation: Automation) -> Iterator[tuple[Loc, Mapping[str, Any], Catalogue]]:
    """Every condition tree of the document with its place and its fields."""
    trigger, exit_when = automation.trigger, automation.exit_when
    yield ("trigger", "filters"), trigger.filters, TRIGGER
    yield ("trigger", "where"), trigger.where, RULE_WHERE
    if isinstance(exit_when, ExitEvent):
        yield ("exit_when", "where"), exit_when.where, RULE_WHERE
    elif exit_when is not None:
        yield ("exit_when",), exit_when, TRIGGER
    for place in walk(automation):
        if isinstance(place.step, IfStep):
            yield (*place.loc, "if"), place.step.condition, STEP
            for index, way in enumerate(place.step.elif_):
                yield (*place.loc, "elif", index, "if"), way.condition, STEP
        elif isinstance(place.step, WaitForStep):
            inner = (*place.loc, "wait_for")
            yield (*inner, "filters"), place.step.wait_for.filters or {}, TRIGGER
            yield (*inner, "where"), place.step.wait_for.where, RULE_WHERE


def templates_of(step: BaseStep) -> Iterator[tuple[Loc, str]]:
    """Every text of a step that is a template, with its place from the step on."""
    if isinstance(step, NotifyStep):
        yield ("notify", "subject"), step.notify.subject
        yield ("notify", "message"), step.notify.message
    elif isinstance(step, CreateTaskStep):
        yield ("create_task", "title"), step.create_task.title
        yield ("create_task", "description"), step.create_task.description
    elif isinstance(step, UpdateStep):
        yield from _texts(step.update.fields, ("update", "fields"))
    elif isinstance(step, AdjustScoreStep):
        yield ("adjust_score", "reason"), step.adjust_score.reason
    elif isinstance(step, WebhookStep):
        yield ("webhook", "url"), step.webhook.url
        yield from _texts(step.webhook.headers, ("webhook", "headers"))
        yield from _texts(step.webhook.body, ("webhook", "body"))


def _texts(value: Any, loc: Loc) -> Iterator[tuple[Loc, str]]:
    if isinstance(value, str):
        yield loc, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _texts(inner, (*loc, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _texts(inner, (*loc, index))
