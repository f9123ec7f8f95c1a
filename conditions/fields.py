"""Which fields conditions can read where, and of what type they are."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from conditions.problems import Loc, Problem, suggestion
from conditions.times import parse_moment
from conditions.tree import Leaf, leaves
from conditions.values import ALL_CHANNELS, CHANNELS, is_number

CAUSES = ("event", "attribute", "adjustment", "expiry", "decay", "inactivity", "revoke", "merge", "publish")
INTERNAL_EVENTS = (
    *("contact.created", "tag.added", "tag.removed", "stage.changed", "field.changed"),
    *("deal.created", "deal.stage_changed", "deal.won", "deal.lost"),
)
"""The events that changes of records emit."""

DEAL_STATUSES = ("open", "won", "lost")


class FieldType(StrEnum):
    """What a field holds. `channels` is a list of channels or "all"; `any` is known at run time only."""

    number = "number"
    text = "text"
    boolean = "boolean"
    list = "list"
    channels = "channels"
    moment = "moment"
    any = "any"


@dataclass(frozen=True)
class Field:
    """A field's type, and the values it can take where those are few."""

    type: FieldType
    choices: tuple[str, ...] = ()


_ANY, _TEXT = Field(FieldType.any), Field(FieldType.text)
_NUMBER, _MOMENT = Field(FieldType.number), Field(FieldType.moment)

CONTACT: Mapping[str, Field] = {
    **dict.fromkeys(("key", "name", "email", "phone", "stage", "owner"), _TEXT),
    "tags": Field(FieldType.list),
    "dnd": Field(FieldType.channels, CHANNELS),
    "created_at": _MOMENT,
}
DEAL: Mapping[str, Field] = {
    **dict.fromkeys(("key", "name", "pipeline", "stage", "currency", "owner"), _TEXT),
    "status": Field(FieldType.text, DEAL_STATUSES),
    "value": _NUMBER,
    "created_at": _MOMENT,
}
_CHANGE: Mapping[str, Field] = {
    **dict.fromkeys(("score", "previous_score", "change"), _NUMBER),
    **dict.fromkeys(("band", "previous_band", "event.type"), _TEXT),
    "cause": Field(FieldType.text, CAUSES),
}


@dataclass(frozen=True)
class Catalogue:
    """The fields of one place; `open` has the type of all further names by prefix ("" for bare names)."""

    named: Mapping[str, Field]
    open: Mapping[str, Field]

    def find(self, name: str) -> Field | None:
        """The field of that name, or None where there is none."""
        if name in self.named:
            return self.named[name]
        owner, dot, rest = name.partition(".")
        prefix = f"{owner}." if dot else ""
        return self.open.get(prefix) if (rest if dot else owner) else None


def _prefixed(prefix: str, fields: Mapping[str, Field]) -> dict[str, Field]:
    return {f"{prefix}.{name}": field for name, field in fields.items()}


_RECORDS = {**_prefixed("contact", CONTACT), **_prefixed("deal", DEAL)}
_CUSTOM = {"contact.": _ANY, "deal.": _ANY}

TRIGGER = Catalogue({**_CHANGE, **_RECORDS}, {**_CUSTOM, "event.": _ANY, "scores.": _NUMBER, "bands.": _TEXT})
"""Trigger filters, and what ends waits."""

STEP = Catalogue(TRIGGER.named, {**TRIGGER.open, "steps.": _ANY})
"""Conditions of `if`, which also read what webhooks answered: `steps.<key>.status`, `steps.<key>.body.<name>`."""

CHANGES = (TRIGGER, STEP)

RULE_WHERE = Catalogue(_RECORDS, {**_CUSTOM, "": _ANY})
"""`where` beside an event type: a bare name is an event property."""

RULE_WHILE: Mapping[Literal["contact", "deal"], Catalogue] = {
    "contact": Catalogue(CONTACT, {"": _ANY}),
    "deal": Catalogue(DEAL, {"": _ANY}),
}
"""`while` of a rule: a bare name is a field of the record that the profile applies to."""


_STANDING = {"score": _NUMBER, "band": _TEXT}
_OTHERS = {"scores.": _NUMBER, "bands.": _TEXT}
LIST: Mapping[Literal["contact", "deal"], Catalogue] = {
    "contact": Catalogue({**_STANDING, **_prefixed("contact", CONTACT)}, {"contact.": _ANY, **_OTHERS}),
    "deal": Catalogue({**_STANDING, **_RECORDS}, {**_CUSTOM, **_OTHERS}),
}
"""Filters of lists of contacts or deals: present values."""


def check_conditions(raw: Mapping[str, Any], catalogue: Catalogue, loc: Loc = ()) -> list[Problem]:
    """Unknown fields, and tests that could never hold because of a field's type. `raw` is valid in shape."""
    return [problem for leaf in leaves(dict(raw), loc) for problem in _check_leaf(leaf, catalogue)]


def _check_leaf(leaf: Leaf, catalogue: Catalogue) -> Iterator[Problem]:
    field = catalogue.find(leaf.field)
    if field is None:
        known = [*catalogue.named, *(f"{prefix}<name>" for prefix in catalogue.open if prefix)]
        yield Problem(leaf.loc[:-1], f'unknown field "{leaf.field}"{suggestion(leaf.field, known)}')
        return
    if any(character in leaf.field for character in '"\\') or not leaf.field.isprintable():
        yield Problem(leaf.loc[:-1], "a field name cannot hold quotes, backslashes or control characters")
    message = _clash(leaf, field)
    if message:
        yield Problem(leaf.loc, message)


_LISTS = (FieldType.list, FieldType.channels)
_COMPARED = ("equal", "not_equal", "greater", "greater_or_equal", "less", "less_or_equal", "one_of")
_ALLOWED: Mapping[FieldType, tuple[str, ...]] = {
    FieldType.number: _COMPARED,
    FieldType.boolean: ("equal", "not_equal"),
    FieldType.list: ("has", "contains"),
    FieldType.channels: ("has", "equal", "not_equal"),
    FieldType.text: (*_COMPARED, "contains", "starts_with"),
    FieldType.moment: ("greater", "greater_or_equal", "less", "less_or_equal", "older_than", "starts_with"),
}
_KINDS = {FieldType.number: "a number", FieldType.boolean: "true or false"} | {
    FieldType.text: "a text",
    FieldType.list: "a list",
    FieldType.channels: "a list of channels",
    FieldType.moment: "a date",
}


def _clash(leaf: Leaf, field: Field) -> str | None:
    """Why the test could never come out both ways, or None."""
    name = leaf.operator.name
    if field.type is FieldType.any or name in ("empty", "not_empty"):
        return None
    if name not in _ALLOWED[field.type]:
        return _wrong_operator(leaf, field)
    values = leaf.operand if isinstance(leaf.operand, list) else [leaf.operand]
    return next((wrong for value in values if (wrong := _wrong_value(leaf, field, value))), None)


def _wrong_operator(leaf: Leaf, field: Field) -> str:
    name = leaf.operator.name
    remedy = f"use {', '.join(_ALLOWED[field.type])}, empty or not_empty"
    if field.type in _LISTS and name == "equal":
        remedy = f"use `has: {leaf.operand}`"
    elif field.type in _LISTS and name == "not_equal":
        remedy = f"use `not: {{{leaf.field}: {{has: {leaf.operand}}}}}`"
    elif field.type in _LISTS and name == "one_of":
        remedy = f"use `any` with one `{leaf.field}: {{has: ...}}` each"
    elif name == "has":
        remedy = f"use `equal: {leaf.operand}`"
    return f"{leaf.field} is {_KINDS[field.type]}, which {name} does not fit; {remedy}"


def _wrong_value(leaf: Leaf, field: Field, value: Any) -> str | None:
    name = leaf.operator.name
    if field.type is FieldType.number:
        return None if is_number(value) else f'{leaf.field} is a number and never compares with "{value}"'
    if field.type is FieldType.boolean:
        return None if isinstance(value, bool) else f'{leaf.field} is true or false, never "{value}"'
    if field.type is FieldType.channels:
        return _wrong_channel(leaf, value)
    if field.type is FieldType.moment and name not in ("older_than", "starts_with"):
        if (
            isinstance(value, str)
            and parse_moment(value) is not None
            and (len(value) == 10 or len(value) == 27)
        ):
            return None
        return f"{leaf.field} is a date; compare with one such as 2026-11-22 (UTC), or use older_than"
    if not isinstance(value, str):
        return f'{leaf.field} is {_KINDS[field.type]}; compare with one in quotes: "{value}"'
    if field.choices and name in ("equal", "not_equal", "one_of") and value not in field.choices:
        return f'{leaf.field} is never "{value}"{suggestion(value, field.choices)}'
    return None


def _wrong_channel(leaf: Leaf, value: Any) -> str | None:
    if leaf.operator.name != "has":
        return None if value == ALL_CHANNELS else f"{leaf.field} is a list of channels; use `has: {value}`"
    if value == ALL_CHANNELS:
        return f'to ask whether every channel is off, write {{"{leaf.field}": {{"equal": "all"}}}}'
    return None if value in CHANNELS else f'unknown channel "{value}"{suggestion(value, CHANNELS)}'
