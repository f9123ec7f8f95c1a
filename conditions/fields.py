"""Which fields conditions can read where, and of what type they are."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, get_args

from conditions.activity import ACTIVITY, ACTIVITY_NAMES, ACTIVITY_OF, LAST_EVENT, activity_of, is_activity
from conditions.causes import Cause
from conditions.operands import COMPARABLE
from conditions.operators import OPERATORS
from conditions.problems import Loc, Problem, nearest, suggestion
from conditions.times import parse_moment
from conditions.tree import Leaf, leaves
from conditions.values import ALL_CHANNELS, CHANNELS, FieldType, is_number

CHANGE_EVENTS = (
    *("contact.created", "tag.added", "tag.removed", "stage.changed", "field.changed"),
    *("deal.created", "deal.stage_changed", "deal.won", "deal.lost"),
)
"""The events that changes of records emit."""
INTERNAL_EVENTS = (*CHANGE_EVENTS, "task.created", "task.done", "task.overdue")
"""The same, and those of tasks."""

RecordKind = Literal["contact", "deal"]
CONTACT: Final = "contact"
DEAL: Final = "deal"

DealStatus = Literal["open", "won", "lost"]
DEAL_STATUSES: tuple[DealStatus, ...] = get_args(DealStatus)
OPEN_DEAL, WON, LOST = DEAL_STATUSES


@dataclass(frozen=True)
class Field:
    """A field's type, and the values it can take where those are few. `always`: every record has one."""

    type: FieldType
    choices: tuple[str, ...] = ()
    always: bool = False


_ANY, _TEXT = Field(FieldType.any), Field(FieldType.text)
_NUMBER, _MOMENT = Field(FieldType.number), Field(FieldType.moment)

_RECORD: Mapping[str, Field] = {
    "key": Field(FieldType.text, always=True),
    "created_at": Field(FieldType.moment, always=True),
}
#: Texts of a contact that it may lack, each a column.
CONTACT_TEXTS = ("name", "email", "phone", "stage", "owner")
CONTACT_FIELDS: Mapping[str, Field] = {
    **_RECORD,
    **dict.fromkeys(CONTACT_TEXTS, _TEXT),
    "tags": Field(FieldType.list),
    "dnd": Field(FieldType.channels, CHANNELS, always=True),
}
DEAL_FIELDS: Mapping[str, Field] = {
    **_RECORD,
    **dict.fromkeys(("name", "pipeline", "stage", "currency", "owner"), _TEXT),
    "tags": Field(FieldType.list),
    "status": Field(FieldType.text, DEAL_STATUSES, always=True),
    "value": _NUMBER,
}
_CHANGE: Mapping[str, Field] = {
    **dict.fromkeys(("score", "previous_score", "change"), _NUMBER),
    **dict.fromkeys(("band", "previous_band", "event.type"), _TEXT),
    "cause": Field(FieldType.text, tuple(Cause)),
}


@dataclass(frozen=True)
class Catalogue:
    """The fields of one place; `open` has the type of all further names by prefix ("" for bare names).

    `rules_on`: in rules, which read no activity around a record, what stands before a bare name of the record; None
    elsewhere.
    `ends`: conditions there end a wait or a follow-up, and are looked at when something happens.
    """

    named: Mapping[str, Field]
    open: Mapping[str, Field]
    rules_on: str | None = None
    ends: bool = False

    def find(self, name: str) -> Field | None:
        """The field of that name, or None where there is none."""
        if name in self.named:
            return self.named[name]
        owner, dot, rest = name.partition(".")
        group, of_group, further = rest.partition(".")
        if of_group and further and (field := self.open.get(f"{owner}.{group}.")) is not None:
            return field
        if owner in ACTIVITY and (of_group or group in ACTIVITY_NAMES[owner]):
            return None  # fields of the caller's own have no dots, and none of these names
        prefix = f"{owner}." if dot else ""
        return self.open.get(prefix) if (rest if dot else owner) else None


def _prefixed(prefix: str, fields: Mapping[str, Field]) -> dict[str, Field]:
    return {f"{prefix}.{name}": field for name, field in fields.items()}


_RECORDS = {**_prefixed("contact", CONTACT_FIELDS), **_prefixed("deal", DEAL_FIELDS)}
_ALWAYS_VALUED = frozenset(name for name, field in _RECORDS.items() if field.always)
_CUSTOM = {"contact.": _ANY, "deal.": _ANY}


def _activity(*kinds: str) -> dict[str, Field]:
    return {f"{kind}.{name}": Field(held) for kind in kinds for name, held in ACTIVITY[kind].items()}


def _activity_of(*kinds: str) -> dict[str, Field]:
    return {f"{kind}.{name}.": Field(held) for kind in kinds for name, held in ACTIVITY_OF.items()}


_LIVE = {**_RECORDS, **_activity(CONTACT, DEAL)}
_LIVE_OPEN = {**_CUSTOM, **_activity_of(CONTACT, DEAL)}

TRIGGER = Catalogue({**_CHANGE, **_LIVE}, {**_LIVE_OPEN, "event.": _ANY, "scores.": _NUMBER, "bands.": _TEXT})
"""Trigger filters."""

STEP = Catalogue(TRIGGER.named, {**TRIGGER.open, "steps.": _ANY})
"""Conditions of `if`, which also read what webhooks answered: `steps.<key>.status`, `steps.<key>.body.<name>`."""

ENDING = replace(TRIGGER, ends=True)
"""What ends waits and follow-ups."""

CHANGES = (TRIGGER, STEP, ENDING)

RULE_WHERE = Catalogue(_RECORDS, {**_CUSTOM, "": _ANY}, rules_on="")
"""`where` of a rule on events: a bare name is an event property."""

EVENT_WHERE = Catalogue(_LIVE, {**_LIVE_OPEN, "": _ANY})
"""`where` beside the event of a trigger."""

LATER_WHERE = Catalogue(_LIVE, {**_LIVE_OPEN, "": _ANY, "event.": _ANY})
"""The same of an event that comes while a follow-up runs: `event.*` is the one that enrolled."""

RULE_WHILE: Mapping[Literal["contact", "deal"], Catalogue] = {
    "contact": Catalogue(CONTACT_FIELDS, {"": _ANY}, rules_on="contact."),
    "deal": Catalogue(DEAL_FIELDS, {"": _ANY}, rules_on="deal."),
}
"""`while` of a rule: a bare name is a field of the record that the profile applies to."""


_STANDING = {"score": _NUMBER, "band": _TEXT}
_OTHERS = {"scores.": _NUMBER, "bands.": _TEXT}
LIST: Mapping[Literal["contact", "deal"], Catalogue] = {
    "contact": Catalogue(
        {**_STANDING, **_prefixed("contact", CONTACT_FIELDS), **_activity(CONTACT)},
        {"contact.": _ANY, **_activity_of(CONTACT), **_OTHERS},
    ),
    "deal": Catalogue({**_STANDING, **_LIVE}, {**_LIVE_OPEN, **_OTHERS}),
}
"""Filters of lists of contacts or deals: present values."""


def check_conditions(raw: Mapping[str, Any], catalogue: Catalogue, loc: Loc = ()) -> list[Problem]:
    """Unknown fields, and tests that could never hold because of a field's type. `raw` is valid in shape."""
    return [problem for leaf in leaves(dict(raw), loc) for problem in _check_leaf(leaf, catalogue)]


def _check_leaf(leaf: Leaf, catalogue: Catalogue) -> Iterator[Problem]:
    field = catalogue.find(leaf.field)
    yield from _misnamed(leaf.field, leaf.loc[:-1], catalogue)
    if leaf.other is not None:
        yield from _misnamed(leaf.other, (*leaf.loc, "field"), catalogue)
    if field is not None and (message := _clash(leaf, field) or _other_clash(leaf, field, catalogue)):
        yield Problem(leaf.loc, message)
    for value in leaf.operands:
        if isinstance(value, str) and (template := _TEMPLATE.search(value)):
            named = template[1] or "event.cart"
            yield Problem(
                leaf.loc,
                f"an operand is no template; to compare with a field, write {leaf.operator.name}: {{field: {named}}}"
                if leaf.operator.operand.from_field
                else "an operand is no template",
            )


_TEMPLATE = re.compile(r"\{[{%]\s*([\w.]+)?")


def _misnamed(name: str, loc: Loc, catalogue: Catalogue) -> Iterator[Problem]:
    if catalogue.rules_on is not None and is_activity(name, catalogue.rules_on):
        yield Problem(
            loc,
            f'"{name}" is nothing that rules read: a score comes of events, fields and time alone; ask for it in the '
            "filters of an automation, in `if` or in a smart list",
        )
    elif catalogue.find(name) is None:
        yield Problem(loc, f'unknown field "{name}"{_meant(name, catalogue)}')
    elif any(character in name for character in '"\\') or not name.isprintable():
        yield Problem(loc, "a field name cannot hold quotes, backslashes or control characters")


def always_valued(name: str) -> bool:
    """Whether a field such as `contact.dnd` or `contact.open_tasks` is never empty."""
    activity = activity_of(name)
    return name in _ALWAYS_VALUED if activity is None else activity.always


def _meant(name: str, catalogue: Catalogue) -> str:
    """What to add about an unknown field: the same with or without the record it is of, or one that looks like it."""
    record, _, bare = name.partition(".")
    group, dot, rest = bare.partition(".")
    if record in ACTIVITY and bare in ACTIVITY_OF:
        return f"; write {name}.<{'type of event' if bare == LAST_EVENT else 'key of an automation'}>"
    if record in ACTIVITY and dot:
        near = nearest(group, ACTIVITY_OF)
        return (
            f'; did you mean "{record}.{near}.{rest}"?'
            if near
            else "; your own fields have no dots in their names"
        )
    if catalogue.named is {"contact": CONTACT_FIELDS, "deal": DEAL_FIELDS}.get(record) and bare:
        return f'; did you mean "{bare}"? Fields of the {record} that is scored stand alone here'
    of_record = f"contact.{name}"
    if of_record in catalogue.named:
        return f'; did you mean "{of_record}"?'
    known = [*catalogue.named, *(f"{prefix}<name>" for prefix in catalogue.open if prefix)]
    return suggestion(name, known)


def _other_clash(leaf: Leaf, field: Field, catalogue: Catalogue) -> str | None:
    """Why two fields could never be compared, or None."""
    other = catalogue.find(leaf.other) if leaf.other is not None else None
    if other is None or other.type is FieldType.any:
        return None
    if other.type in _LISTS:
        return f"{leaf.other} is {_KINDS[other.type]}; compare with a field that holds one value"
    operator, kind = leaf.operator, _compared_as(field.type)
    if operator.searches or operator.members or field.type is FieldType.any:
        return None
    if kind is not _compared_as(other.type):
        what = f"{leaf.field} is {_KINDS[field.type]} and {leaf.other} is {_KINDS[other.type]}"
        return f"{what}: {operator.name} never compares them"
    return None


def _compared_as(kind: FieldType) -> FieldType:
    """Dates and a DND of "all" are texts to operators."""
    return FieldType.text if kind in (FieldType.moment, FieldType.channels) else kind


_LISTS = (FieldType.list, FieldType.channels)
_KINDS = {FieldType.number: "a number", FieldType.boolean: "true or false"} | {
    FieldType.text: "a text",
    FieldType.list: "a list",
    FieldType.channels: "a list of channels",
    FieldType.moment: "a date",
}


def _clash(leaf: Leaf, field: Field) -> str | None:
    """Why the test could never come out both ways, or None."""
    if field.type is FieldType.any or leaf.operator.emptiness is not None:
        return None
    if not leaf.operator.fits(field.type):
        return _wrong_operator(leaf, field)
    return next((wrong for value in leaf.operands if (wrong := _wrong_value(leaf, field, value))), None)


def _wrong_operator(leaf: Leaf, field: Field) -> str:
    operator = leaf.operator
    fitting = [row.name for row in OPERATORS.values() if row.fits(field.type) and row.emptiness is None]
    remedy = f"use {', '.join(fitting)}, empty or not_empty"
    if leaf.other is not None:
        pass
    elif field.type in _LISTS and operator.wants and isinstance(leaf.operand, list):
        remedy = f"use `any` with one `{leaf.field}: {{has: ...}}` each"
    elif field.type in _LISTS and operator.wants:
        remedy = f"use `has: {leaf.operand}`"
    elif field.type in _LISTS and operator.unwanted:
        remedy = f"use `not: {{{leaf.field}: {{has: {leaf.operand}}}}}`"
    elif operator.members:
        remedy = f"use `equal: {leaf.operand}`"
    return f"{leaf.field} is {_KINDS[field.type]}, which {operator.name} does not fit; {remedy}"


def _wrong_value(leaf: Leaf, field: Field, value: Any) -> str | None:
    operator = leaf.operator
    if field.type is FieldType.number:
        return None if is_number(value) else f'{leaf.field} is a number and never compares with "{value}"'
    if field.type is FieldType.boolean:
        return None if isinstance(value, bool) else f'{leaf.field} is true or false, never "{value}"'
    if field.type is FieldType.channels:
        return _wrong_channel(leaf, value)
    if field.type is FieldType.moment and operator.operand is COMPARABLE:
        if (
            isinstance(value, str)
            and parse_moment(value) is not None
            and (len(value) == 10 or len(value) == 27)
        ):
            return None
        return f"{leaf.field} is a date; compare with one such as 2026-11-22 (UTC), or use older_than"
    if not isinstance(value, str):
        return f'{leaf.field} is {_KINDS[field.type]}; compare with one in quotes: "{value}"'
    if field.choices and (operator.wants or operator.unwanted) and value not in field.choices:
        return f'{leaf.field} is never "{value}"{suggestion(value, field.choices)}'
    return None


def _wrong_channel(leaf: Leaf, value: Any) -> str | None:
    if not leaf.operator.members:
        return None if value == ALL_CHANNELS else f"{leaf.field} is a list of channels; use `has: {value}`"
    if value == ALL_CHANNELS:
        return f'to ask whether every channel is off, write {{"{leaf.field}": {{"equal": "all"}}}}'
    return None if value in CHANNELS else f'unknown channel "{value}"{suggestion(value, CHANNELS)}'
