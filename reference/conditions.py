"""Operators, fields and the names of templates."""

from collections.abc import Mapping
from typing import Any

from automations.templates.filters import FILTERS
from automations.templates.names import NAMES, OPEN
from conditions.fields import TRIGGER, Field
from conditions.operators import OPERATORS
from conditions.values import FieldType
from reference.markdown import code, either, table

_OPERANDS: Mapping[str, Any] = {
    "value": "x",
    "number or text": "x",
    "text": "x",
    "values": ["x"],
    "true or false": True,
    "duration": "30d",
}
_TYPES: Mapping[FieldType, tuple[str, Any]] = {
    FieldType.number: ("number", 5),
    FieldType.text: ("text", "x"),
    FieldType.boolean: ("true or false", True),
    FieldType.list: ("list", "x"),
    FieldType.channels: ("list of channels", "email"),
    FieldType.moment: ("date", "2026-11-22"),
    FieldType.any: ("whatever it holds", "x"),
}
_MEANINGS: Mapping[str, str] = {
    "score": "The score after the change; in steps, the score now",
    "previous_score": "The score before the change",
    "change": "The score minus the previous one; an empty score counts 0",
    "band": "The band of `score`",
    "previous_band": "The band before the change",
    "cause": "What moved the score",
    "scores.<name>": "The score under another profile",
    "bands.<name>": "The band under another profile",
    "event.type": "The type of the event that moved the score",
    "event.<name>": "A property of that event",
    "contact.key": "Your own key of the contact",
    "contact.name": "Name",
    "contact.email": "E-mail address",
    "contact.phone": "Phone number",
    "contact.stage": "Stage",
    "contact.owner": "Who looks after the contact",
    "contact.tags": "Tags",
    "contact.dnd": "Channels on which the contact must not be disturbed",
    "contact.created_at": "When the contact was created",
    "contact.open_tasks": "How many of its tasks are open, those about its deals included",
    "contact.open_deals": "How many of its deals are open",
    "contact.open_follow_ups": "How many follow-ups are queued or run for it and its deals; the one that asks apart",
    "contact.in.<name>": "Whether a follow-up of that automation, but for the one that asks, is queued or runs for it",
    "contact.last_seen": "When its last event was, of any type but those that changes of records emit",
    "contact.last_event.<name>": "When its last event of that type was",
    "contact.<name>": "A custom field",
    "deal.key": "Your own key of the deal",
    "deal.name": "Name",
    "deal.pipeline": "Pipeline",
    "deal.stage": "Stage",
    "deal.status": "Status",
    "deal.value": "Value",
    "deal.currency": "Currency",
    "deal.owner": "Who looks after the deal",
    "deal.tags": "Tags",
    "deal.created_at": "When the deal was created",
    "deal.open_tasks": "How many tasks that name the deal are open",
    "deal.open_follow_ups": "How many follow-ups are queued or run for the deal, or name it",
    "deal.in.<name>": "Whether one of that automation is",
    "deal.last_seen": "When the last event that names the deal was",
    "deal.last_event.<name>": "When the last one of that type was",
    "deal.<name>": "A custom field",
}
_TEMPLATE_WORDS: Mapping[str, str] = {
    "contact": "The contact as it is now, with its custom fields; `label` is its name, else e-mail, else key",
    "deal": "The deal",
    "event": "The event that moved the score, with its properties",
    "score": "`previous` and `current` are those of the change that enrolled, `now` is the present score",
    "band": "The same for the band",
    "automation": "The automation that runs",
    "profile": "The profile whose change fired",
}


def operators() -> str:
    """Every operator: its label, its operand, and what it does when the field is empty."""
    rows = []
    for operator in OPERATORS.values():
        when_empty = operator.test(None, _OPERANDS[operator.operand.name], 0)
        rows.append(
            (
                code(operator.name),
                operator.label,
                operator.operand.name,
                "holds" if when_empty else "does not hold",
            )
        )
    return table(("operator", "reads as", "takes", "when the field is empty"), rows)


def operators_by_type() -> str:
    """Which operators fit a field of which type."""
    rows = []
    for kind, (words, _) in _TYPES.items():
        fitting = [operator.name for operator in OPERATORS.values() if operator.fits(kind)]
        shown = "all" if len(fitting) == len(OPERATORS) else ", ".join(code(name) for name in fitting)
        rows.append((words, shown))
    return table(("type", "operators"), rows)


def trigger_fields() -> str:
    """The fields of filters, and of conditions in steps."""
    fields = {**TRIGGER.named, **{f"{prefix}<name>": field for prefix, field in TRIGGER.open.items()}}
    rows = [(code(name), _type(fields[name]), meaning) for name, meaning in _MEANINGS.items()]
    if unknown := fields.keys() ^ _MEANINGS.keys():
        raise LookupError(f"say in reference/conditions.py what these fields mean: {', '.join(unknown)}")
    return table(("field", "type", "meaning"), rows)


def _type(field: Field) -> str:
    words = _TYPES[field.type][0]
    return f"{words}: {either(field.choices)}" if field.choices else words


def template_names() -> str:
    """What templates can print."""
    rows = []
    for name, attributes in NAMES.items():
        further = f", {code(f'{name}.<name>')}" if name in OPEN else ""
        shown = ", ".join(code(f"{name}.{attribute}") for attribute in attributes) + further
        rows.append((shown, _TEMPLATE_WORDS[name]))
    return table(("names", "meaning"), rows)


def template_filters() -> str:
    """The filters, in one line."""
    return ", ".join(code(name) for name in sorted(FILTERS)) + ".\n"
