"""What published profiles and automations read of events: by property, and as what."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from automations.model import Automation
from conditions.operands import COMPARABLE, TEXT
from conditions.tree import Leaf, fields_read, leaves
from conditions.values import is_number
from scoring.profile import ScoreProfile
from store.connection import Connection
from store.design import definitions

Needs = Literal["number", "text", "date"]


@dataclass(frozen=True)
class Read:
    """A test that only a property of one kind can pass: who asks, of which event type (None: of any), for what."""

    who: str
    event_type: str | None
    needs: Needs


@dataclass(frozen=True)
class Reads:
    """`properties` by name; `email`: whether some profile reads the e-mail addresses of contacts."""

    properties: Mapping[str, tuple[Read, ...]]
    email: bool


def published_reads(connection: Connection) -> Reads:
    """What is read by all that is published."""
    reads_by_name: dict[str, list[Read]] = {}
    email = False
    for row in definitions.published_profiles(connection):
        profile = ScoreProfile.model_validate(row.definition)
        for rule in profile.rules:
            who = f'rule "{rule.key}" of profile "{profile.key}"'
            of_record = "" if rule.kind.reads_events else f"{profile.applies_to}."
            email = email or "contact.email" in {of_record + name for name in fields_read(rule.conditions)}
            for event_type in rule.event_types:
                for leaf in leaves(rule.conditions):
                    _note(reads_by_name, leaf, leaf.field, Read(who, event_type, "text"))
    for automation in definitions.published_automations(connection):
        who, trigger = (
            f'automation "{automation.key}"',
            Automation.model_validate(automation.definition).trigger,
        )
        for leaf, name in _of_trigger(trigger):
            _note(reads_by_name, leaf, name, Read(who, trigger.event, "text"))
    return Reads({name: tuple(reads) for name, reads in reads_by_name.items()}, email)


def _of_trigger(trigger: Any) -> Iterator[tuple[Leaf, str]]:
    for leaf in leaves(trigger.where):
        yield leaf, leaf.field
    for leaf in leaves(trigger.filters):
        owner, _, name = leaf.field.partition(".")
        if owner == "event" and name != "type":
            yield leaf, name


def _note(reads_by_name: dict[str, list[Read]], leaf: Leaf, name: str, read: Read) -> None:
    needs = _needs(leaf)
    if needs is not None and "." not in name:
        reads_by_name.setdefault(name, []).append(Read(read.who, read.event_type, needs))


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
