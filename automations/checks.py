"""What is wrong with a valid automation beside everything else that is defined."""

from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import islice
from typing import Any, Literal

from automations.known import Known
from automations.model import Automation
from automations.steps.actions import AdjustScoreStep, CreateTaskStep, UpdateStep
from automations.steps.base import BaseStep
from automations.steps.places import conditions_of, walk
from automations.steps.waits import WaitForStep
from automations.steps.ways import StartStep
from automations.templates.rendering import check_template, operations
from automations.warnings import warnings_of
from conditions.activity import RUNNING_IN, activity_of
from conditions.fields import CHANGES, check_conditions
from conditions.limits import LISTED, OPERATIONS, STEPS
from conditions.problems import Loc, Problem, suggestion
from conditions.tree import Leaf, leaves


def check_automation(automation: Automation, known: Known) -> tuple[list[Problem], list[Problem]]:
    """The first errors, which keep it from being saved, and warnings. Each `loc` is a path in the document."""
    return automation_errors(automation, known), list(warnings_of(automation, known))


def automation_errors(automation: Automation, known: Known) -> list[Problem]:
    """Only the errors, which cost less."""
    return list(islice(_errors(automation, known), LISTED.most))


def _errors(automation: Automation, known: Known) -> Iterator[Problem]:
    placed = list(walk(automation))
    answering = [place.step.key for place in placed if place.step.answers and place.step.key is not None]
    if automation.trigger.profile is not None:
        yield from unknown("profile", automation.trigger.profile, known, ("trigger", "profile"))
    for loc, raw, catalogue in conditions_of(automation):
        yield from check_conditions(raw, catalogue, loc)
        yield from unknown_names(raw, loc, known, automation.key)
        yield from _unanswered(raw, loc, answering)
    yield from _never(automation)
    keys: set[str] = set()
    if len(placed) > STEPS.most:
        yield Problem(("steps",), f"an automation has at most {STEPS}; this one has {len(placed)}")
    work = 0
    for place in placed:
        step, loc = place.step, place.loc
        work += sum(operations(text) for _, text in step.templates())
        if work > OPERATIONS.most:
            yield OPERATIONS.problem(loc, work)
            return
        if step.key is not None and step.key in keys:
            yield Problem((*loc, "key"), f'the step key "{step.key}" is there twice')
        keys.add(step.key or "")
        yield from _template_errors(step, loc, answering)
        if look := _OF_STEP.get(type(step)):
            yield from look(step, loc, automation, known)


_OF_PROFILE = ("score", "band", "previous_score", "previous_band", "change")


def _never(automation: Automation) -> Iterator[Problem]:
    """Tests that could not come out as they are meant, wherever they stand."""
    for loc, raw, catalogue in conditions_of(automation):
        for leaf in leaves(raw, loc):
            if catalogue.ends and leaf.operator.ages:
                yield Problem(
                    leaf.loc,
                    "what ends a wait is looked at when something happens, and a date grows older without that; "
                    "wait for the date instead, with wait: {until: ..., offset: ...}",
                )
            named = next((name for name in leaf.fields if name in _OF_PROFILE), None)
            if automation.trigger.profile is None and catalogue in CHANGES and named is not None:
                yield Problem(
                    leaf.loc[:-1],
                    f'"{named}" is that of the trigger\'s profile, and this trigger looks at an event; write '
                    "scores.<profile> or bands.<profile>",
                )


def _unanswered(raw: Mapping[str, Any], loc: Loc, answering: Collection[str]) -> Iterator[Problem]:
    """`answering`: the keys of the steps whose answers later steps can read."""
    for leaf, name in _read(raw, loc):
        owner, _, rest = name.partition(".")
        key, _, answer = rest.partition(".")
        if owner != "steps":
            continue
        if key not in answering:
            yield Problem(leaf.loc[:-1], f'no webhook step has the key "{key}"{suggestion(key, answering)}')
        elif answer.partition(".")[0] not in ("status", "body"):
            yield Problem(leaf.loc[:-1], f"write steps.{key}.status or steps.{key}.body.<name>")


def _template_errors(step: BaseStep, loc: Loc, answering: Collection[str]) -> Iterator[Problem]:
    further: dict[str, Collection[str] | None] = {}
    if answering:
        further["steps"] = answering
    if step.answers:
        further["secret"] = None
    for inner, text in step.templates():
        for message in check_template(text, further):
            yield Problem((*loc, *inner), f"template: {message}")
    if (tag := step.added_tag or step.removed_tag) and ("{{" in tag or "{%" in tag):
        yield Problem((*loc, step.kind), f"{step.kind} takes a plain tag, not a template")


def _dnd_of_deal(step: UpdateStep, loc: Loc, automation: Automation, known: Known) -> Iterator[Problem]:
    profile = known.profiles.get(automation.trigger.profile or "")
    if "dnd" in step.update.model_fields_set and profile is not None and profile.applies_to == "deal":
        yield Problem(
            (*loc, "update", "dnd"),
            "a deal has no dnd, and this automation updates deals; its contact has one: contact: {dnd: ...}",
        )


def _adjusted(step: AdjustScoreStep, loc: Loc, automation: Automation, known: Known) -> Iterator[Problem]:
    yield from unknown("profile", step.adjust_score.profile, known, (*loc, step.kind, "profile"))


def _awaited(step: WaitForStep, loc: Loc, automation: Automation, known: Known) -> Iterator[Problem]:
    creating = [
        place.step.key
        for place in walk(automation)
        if isinstance(place.step, CreateTaskStep) and place.step.key is not None
    ]
    if (key := step.wait_for.task) is not None and key not in creating:
        message = f'no create_task step has the key "{key}"{suggestion(key, creating)}'
        yield Problem((*loc, "wait_for", "task"), message)


def _started(step: StartStep, loc: Loc, automation: Automation, known: Known) -> Iterator[Problem]:
    if step.start != automation.key:
        yield from unknown("automation", step.start, known, (*loc, "start"))


#: What is looked at in a kind of steps by itself.
_OF_STEP: Mapping[type[BaseStep], Callable[[Any, Loc, Automation, Known], Iterator[Problem]]] = {
    UpdateStep: _dnd_of_deal,
    AdjustScoreStep: _adjusted,
    WaitForStep: _awaited,
    StartStep: _started,
}


def unknown(what: Literal["profile", "automation"], key: str, known: Known, loc: Loc) -> Iterator[Problem]:
    """That a document names what is not there."""
    among: Collection[str] = known.profiles if what == "profile" else known.automations
    if key not in among:
        yield Problem(loc, f'there is no {what} "{key}"{known.nowhere}{suggestion(key, among)}')


def unknown_names(
    raw: Mapping[str, Any], loc: Loc, known: Known, own: str | None = None
) -> Iterator[Problem]:
    """Profiles and automations that fields name and that are not there; `own`: the key of the automation itself."""
    for leaf, field in _read(raw, loc):
        owner, _, name = field.partition(".")
        if owner in ("scores", "bands") and name:
            yield from unknown("profile", name, known, leaf.loc[:-1])
            continue
        activity = activity_of(field)
        if activity is not None and activity.name == RUNNING_IN and activity.of != own:
            yield from unknown("automation", activity.of, known, leaf.loc[:-1])


def _read(raw: Mapping[str, Any], loc: Loc) -> Iterator[tuple[Leaf, str]]:
    """Every test with each field that it reads."""
    return ((leaf, name) for leaf in leaves(raw, loc) for name in leaf.fields)
