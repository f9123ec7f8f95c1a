"""What published profiles and automations read of events and records: by property or field, and as what."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from automations.model import Automation
from automations.steps.places import conditions_of
from conditions.operands import COMPARABLE, TEXT
from conditions.tree import Leaf, fields_read, leaves
from conditions.values import is_number
from scoring.profile import Rule, ScoreProfile
from services.records.kinds import Kind
from store.connection import Connection
from store.design import definitions

Needs = Literal["number", "text", "date"]


@dataclass(frozen=True)
class Read:
    """A test that only a value of one kind can pass: who asks, of which event type (None: of any), for what."""

    who: str
    event_type: str | None
    needs: Needs


#: Tests by who asks, the event type of which they ask it, and the name of what they look at.
_Test = tuple[str, str | None, str, Leaf]


@dataclass(frozen=True)
class Reads:
    """By the names of events' properties, and of contacts' and deals' fields. `email`: whether a profile reads that."""

    properties: Mapping[str, tuple[Read, ...]]
    fields: Mapping[Kind, Mapping[str, tuple[Read, ...]]]
    email: bool


def published_reads(connection: Connection) -> Reads:
    """What is read by all that is published."""
    reads: dict[str, dict[str, list[Read]]] = {"event": {}, "contact": {}, "deal": {}}
    email = False
    for row in definitions.published_profiles(connection):
        profile = ScoreProfile.model_validate(row.definition)
        email = email or any(
            "contact.email" in {_full(name, _owner(rule, profile)) for name in fields_read(rule.conditions)}
            for rule in profile.rules
        )
        for test in _of_profile(profile):
            _note(reads, *test)
    for published in definitions.published_automations(connection):
        for test in _of_automation(Automation.model_validate(published.definition)):
            _note(reads, *test)
    of_event, contact, deal = (
        {name: tuple(dict.fromkeys(each)) for name, each in reads[owner].items()}
        for owner in ("event", "contact", "deal")
    )
    return Reads(of_event, {"contact": contact, "deal": deal}, email)


def _of_profile(profile: ScoreProfile) -> Iterator[_Test]:
    for rule in profile.rules:
        who = f'rule "{rule.key}" of profile "{profile.key}"'
        for leaf in leaves(rule.conditions):
            name = _full(leaf.field, _owner(rule, profile))
            for event_type in rule.event_types or (None,):
                yield who, event_type, name, leaf


def _of_automation(automation: Automation) -> Iterator[_Test]:
    trigger, who = automation.trigger, f'automation "{automation.key}"'
    for leaf in leaves(trigger.where):
        yield who, trigger.event, _full(leaf.field, "event"), leaf
    for leaf in leaves(trigger.filters):
        yield who, trigger.event, leaf.field, leaf
    for loc, raw, _ in conditions_of(automation):
        if loc[0] != "trigger":
            yield from (
                (who, None, leaf.field, leaf) for leaf in leaves(raw) if not leaf.field.startswith("event.")
            )


def _owner(rule: Rule, profile: ScoreProfile) -> str:
    """Whose the fields are that conditions of the rule name alone."""
    return "event" if rule.kind.reads_events else profile.applies_to


def _full(name: str, owner: str) -> str:
    return name if "." in name else f"{owner}.{name}"


def _note(
    reads: Mapping[str, dict[str, list[Read]]], who: str, event_type: str | None, name: str, leaf: Leaf
) -> None:
    needs = _needs(leaf)
    owner, _, field = name.partition(".")
    if needs is None or owner not in reads or "." in field or name == "event.type":
        return
    reads[owner].setdefault(field, []).append(Read(who, event_type if owner == "event" else None, needs))


def _needs(leaf: Leaf) -> Needs | None:
    """Of what kind a value has to be to pass; None where any may."""
    operator = leaf.operator
    if operator.ages:
        return "date"
    if operator.unwanted or operator.emptiness is not None or operator.members:
        return None
    if operator.operand is TEXT:
        return "text"
    if operator.wants or operator.operand is COMPARABLE:
        if all(map(is_number, leaf.operands)):
            return "number"
        return "text" if all(isinstance(value, str) for value in leaf.operands) else None
    return None
