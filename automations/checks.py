"""What is wrong with a valid automation beside everything else that is defined."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from automations.model import Automation, ExitEvent
from automations.step_models import (
    AddTagStep,
    AdjustScoreStep,
    BaseStep,
    CreateTaskStep,
    IfStep,
    NotifyStep,
    RemoveTagStep,
    StartStep,
    UpdateStep,
    WaitForStep,
    WebhookStep,
)
from automations.steps import walk
from automations.templates import check_template
from conditions.fields import CHANGES, RULE_WHERE, STEP, TRIGGER, Catalogue, check_conditions
from conditions.problems import Loc, Problem, suggestion
from conditions.tree import leaves

MOST_STEPS = 500
_NO_DOCUMENT = ("owner", "contact")


@dataclass(frozen=True)
class Known:
    """What else is defined. `profiles` by key; `event_types` None when it is not known which occur."""

    profiles: Mapping[str, Any]
    automations: Collection[str] = ()
    recipients: Collection[str] = ()
    event_types: Collection[str] | None = None


def check_automation(automation: Automation, known: Known) -> tuple[list[Problem], list[Problem]]:
    """Errors, which keep it from being saved, and warnings. Each `loc` is a path in the document."""
    return list(_errors(automation, known)), list(_warnings(automation, known))


def _errors(automation: Automation, known: Known) -> Iterator[Problem]:
    if automation.trigger.profile is not None:
        yield from _unknown("profile", automation.trigger.profile, known.profiles, ("trigger", "profile"))
    for loc, raw, catalogue in _conditions(automation):
        yield from check_conditions(raw, catalogue, loc)
        yield from _unknown_profiles(raw, loc, known)
        yield from _unanswered(raw, loc, _answering(automation))
    yield from _never(automation)
    keys: set[str] = set()
    placed = list(walk(automation))
    if len(placed) > MOST_STEPS:
        yield Problem(("steps",), f"an automation has at most {MOST_STEPS} steps; this one has {len(placed)}")
    for place in placed:
        step, loc = place.step, place.loc
        if step.key is not None and step.key in keys:
            yield Problem((*loc, "key"), f'the step key "{step.key}" is there twice')
        keys.add(step.key or "")
        yield from _step_errors(step, loc, automation, known)


_OF_PROFILE = ("score", "band", "previous_score", "previous_band", "change")


def _never(automation: Automation) -> Iterator[Problem]:
    """Tests that could not come out as they are meant, wherever they stand."""
    for loc, raw, catalogue in _conditions(automation):
        ends = loc == ("exit_when",) or loc[-2:] == ("wait_for", "filters")
        for leaf in leaves(raw, loc):
            if ends and leaf.operator.name == "older_than":
                yield Problem(
                    leaf.loc,
                    "what ends a wait is looked at when something happens, and a date grows older without that; "
                    "wait for the date instead, with wait: {until: ..., offset: ...}",
                )
            if automation.trigger.profile is None and catalogue in CHANGES and leaf.field in _OF_PROFILE:
                yield Problem(
                    leaf.loc[:-1],
                    f'"{leaf.field}" is that of the trigger\'s profile, and this trigger looks at an event; write '
                    "scores.<profile> or bands.<profile>",
                )


def _answering(automation: Automation) -> list[str]:
    """The keys of the steps whose answers later steps can read."""
    return [
        place.step.key
        for place in walk(automation)
        if isinstance(place.step, WebhookStep) and place.step.key is not None
    ]


def _unanswered(raw: Mapping[str, Any], loc: Loc, answering: Collection[str]) -> Iterator[Problem]:
    for leaf in leaves(raw, loc):
        owner, _, rest = leaf.field.partition(".")
        key, _, answer = rest.partition(".")
        if owner != "steps":
            continue
        if key not in answering:
            yield Problem(leaf.loc[:-1], f'no webhook step has the key "{key}"{suggestion(key, answering)}')
        elif answer.partition(".")[0] not in ("status", "body"):
            yield Problem(leaf.loc[:-1], f"write steps.{key}.status or steps.{key}.body.<name>")


def _step_errors(step: BaseStep, loc: Loc, automation: Automation, known: Known) -> Iterator[Problem]:
    further: dict[str, Collection[str] | None] = {}
    if answering := _answering(automation):
        further["steps"] = answering
    if isinstance(step, WebhookStep):
        further["secret"] = None
    for inner, text in templates_of(step):
        for message in check_template(text, further):
            yield Problem((*loc, *inner), f"template: {message}")
    if isinstance(step, AddTagStep | RemoveTagStep):
        tag = step.add_tag if isinstance(step, AddTagStep) else step.remove_tag
        if "{{" in tag or "{%" in tag:
            yield Problem((*loc, step.kind), f"{step.kind} takes a plain tag, not a template")
    if isinstance(step, AdjustScoreStep):
        yield from _unknown(
            "profile", step.adjust_score.profile, known.profiles, (*loc, step.kind, "profile")
        )
    if isinstance(step, StartStep):
        yield from _unknown("automation", step.start, [*known.automations, automation.key], (*loc, "start"))


def _unknown(what: str, key: str, known: Collection[str], loc: Loc) -> Iterator[Problem]:
    if key not in known:
        yield Problem(loc, f'there is no {what} "{key}"{suggestion(key, known)}')


def _unknown_profiles(raw: Mapping[str, Any], loc: Loc, known: Known) -> Iterator[Problem]:
    for leaf in leaves(raw, loc):
        owner, _, name = leaf.field.partition(".")
        if owner in ("scores", "bands") and name:
            yield from _unknown("profile", name, known.profiles, leaf.loc[:-1])


def _conditions(automation: Automation) -> Iterator[tuple[Loc, Mapping[str, Any], Catalogue]]:
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


def _warnings(automation: Automation, known: Known) -> Iterator[Problem]:
    trigger = automation.trigger
    if trigger.fires == "on_entry" and not trigger.filters:
        yield Problem(("trigger", "fires"), "without filters there is nothing to enter: this never fires")
    yield from _unseen_event(trigger.event, ("trigger", "event"), known)
    if isinstance(automation.exit_when, ExitEvent):
        yield from _unseen_event(automation.exit_when.event, ("exit_when", "event"), known)
    for place in walk(automation):
        if isinstance(place.step, WaitForStep):
            yield from _unseen_event(place.step.wait_for.event, (*place.loc, "wait_for", "event"), known)
        if isinstance(place.step, NotifyStep):
            yield from _unknown_recipients(place.step, (*place.loc, "notify", "to"), known)


def _unseen_event(event: str | None, loc: Loc, known: Known) -> Iterator[Problem]:
    if event is not None and known.event_types is not None and event not in known.event_types:
        yield Problem(loc, f'no event "{event}" has been seen so far{suggestion(event, known.event_types)}')


def _unknown_recipients(step: NotifyStep, loc: Loc, known: Known) -> Iterator[Problem]:
    several = isinstance(step.notify.to, list)
    for index, name in enumerate(step.notify.to if isinstance(step.notify.to, list) else [step.notify.to]):
        if name not in known.recipients and name not in _NO_DOCUMENT and "@" not in name and ":" not in name:
            message = f'there is no recipient "{name}"{suggestion(name, known.recipients)}'
            yield Problem((*loc, index) if several else loc, f"{message}; its messages are only recorded")
