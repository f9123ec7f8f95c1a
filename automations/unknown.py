"""What definitions name that nothing knows: event types, tags, fields.

Where no database was asked only what looks like a slip is said, and where it was looked for.
"""

from collections.abc import Collection, Iterable, Iterator
from typing import Literal

from automations.known import Known
from automations.model import Automation, ExitEvent
from automations.smart_list import SmartList
from automations.steps.places import conditions_of, tags_added, walk
from automations.templates.rendering import fields_in_template
from conditions.activity import ACTIVITY, LAST_EVENT, activity_of
from conditions.fields import CONTACT_FIELDS, DEAL_FIELDS, INTERNAL_EVENTS
from conditions.problems import Loc, Problem, suggestion
from conditions.tree import Leaf, leaves
from scoring.profile import ATTRIBUTE, Rule, ScoreProfile

#: What each kind of record has besides fields of the author's own.
_BUILT_IN = {
    "contact": ("label", "id", *CONTACT_FIELDS, *ACTIVITY["contact"]),
    "deal": ("label", "id", *DEAL_FIELDS, *ACTIVITY["deal"]),
}
Owner = Literal["contact", "deal"]
_TAGS = ("contact.tags", "deal.tags")


def unknown_in_automation(automation: Automation, known: Known) -> Iterator[Problem]:
    """Each with its place in the document."""
    yield from _events(automation, known)
    yield from _tags(_asked_tags(automation), known, tags_added([automation]))
    yield from _fields(_named_fields(automation), known)


def unknown_in_profile(profile: ScoreProfile, known: Known) -> Iterator[Problem]:
    """The same for the rules of a profile."""
    for index, rule in enumerate(profile.rules):
        loc = ("rules", index)
        yield from _events_of_rule(rule, loc, known)
        yield from _tags(_tags_of_rule(rule, loc), known)
        yield from _fields(_fields_of_rule(rule, loc, profile.applies_to), known)


def unknown_in_smart_list(smart_list: SmartList, known: Known) -> Iterator[Problem]:
    """The same for what a smart list asks for."""
    tests = list(leaves(smart_list.filters, ("filters",)))
    record_filter = smart_list.filter
    if record_filter.tag is not None:
        yield from _tags([(("filter", "tag"), record_filter.tag)], known)
    for leaf in tests:
        yield from _last_events(leaf, known)
    yield from _tags(_tags_of(tests), known)
    yield from _fields(((leaf.loc[:-1], name) for leaf in tests for name in leaf.fields), known)


def _events(automation: Automation, known: Known) -> Iterator[Problem]:
    yield from _unseen_event(automation.trigger.event, ("trigger", "event"), known)
    if isinstance(automation.exit_when, ExitEvent):
        yield from _unseen_event(automation.exit_when.event, ("exit_when", "event"), known)
    for place in walk(automation):
        for inner, event in place.step.awaited_events():
            yield from _unseen_event(event, (*place.loc, *inner), known)
    for loc, raw, _ in conditions_of(automation):
        for leaf in leaves(raw, loc):
            if leaf.field == "event.type" and leaf.operator.wants:
                for event in leaf.operands:
                    yield from _unseen_event(event, leaf.loc, known)
            yield from _last_events(leaf, known)


def _last_events(leaf: Leaf, known: Known) -> Iterator[Problem]:
    """Events whose last one is asked for."""
    for activity in filter(None, map(activity_of, leaf.fields)):
        if activity.name == LAST_EVENT:
            yield from _unseen_event(activity.of, leaf.loc[:-1], known)


def _unseen_event(event: str | None, loc: Loc, known: Known) -> Iterator[Problem]:
    if event is None or event in INTERNAL_EVENTS or event in known.named_events:
        return
    if known.event_types is not None and event in known.event_types:
        return
    others = sorted({*INTERNAL_EVENTS, *known.named_events, *(known.event_types or ())})
    similar = suggestion(event, others, certain=True)
    if known.event_types is not None:
        yield Problem(loc, f'no event "{event}" has been seen so far{similar}')
    elif similar:
        yield Problem(loc, f'no rule{known.nowhere} knows the event "{event}"{similar}')


def _events_of_rule(rule: Rule, loc: Loc, known: Known) -> Iterator[Problem]:
    """Rules make event types known to automations; their own are held against what has come in."""
    seen = {*INTERNAL_EVENTS, *(known.event_types or ())}
    for key in rule.kind.events:
        named = rule.given(key)
        for place, event in enumerate(named if isinstance(named, list) else [named]):
            similar = suggestion(event, sorted(seen), certain=True) if event is not None else ""
            if event is not None and event not in seen and (known.event_types is not None or similar):
                where = (*loc, key, place) if isinstance(named, list) else (*loc, key)
                said = (
                    "has been seen so far"
                    if known.event_types is not None
                    else "is made by changes of records"
                )
                yield Problem(where, f'no event "{event}" {said}{similar}')


def _asked_tags(automation: Automation) -> Iterator[tuple[Loc, str]]:
    for loc, raw, _ in conditions_of(automation):
        yield from _tags_of(leaves(raw, loc))
    for place in walk(automation):
        if place.step.removed_tag is not None:
            yield (*place.loc, place.step.kind), place.step.removed_tag


def _tags_of_rule(rule: Rule, loc: Loc) -> Iterator[tuple[Loc, str]]:
    kind = rule.kind
    if kind.conditions is not None:
        fields = ("tags",) if kind is ATTRIBUTE else _TAGS
        yield from _tags_of(leaves(rule.given(kind.conditions), (*loc, kind.conditions)), fields)


def _tags_of(tests: Iterable[Leaf], fields: Collection[str] = _TAGS) -> Iterator[tuple[Loc, str]]:
    for leaf in tests:
        if leaf.field in fields and leaf.operator.members and leaf.other is None:
            yield leaf.loc, leaf.operand


def _tags(
    asked: Iterable[tuple[Loc, str]], known: Known, added: Collection[str] = frozenset()
) -> Iterator[Problem]:
    """Tags that are asked for or removed, and that nothing adds."""
    named = list(asked)
    if not named:
        return
    tags = sorted({*added, *known.added_tags, *(known.tags() if known.tags is not None else ())})
    for loc, tag in named:
        similar = suggestion(tag, tags, certain=True)
        if tag.strip() in tags:
            continue
        if known.tags is not None:
            yield Problem(loc, f'no contact or deal has the tag "{tag}", and no automation adds it{similar}')
        elif similar:
            yield Problem(loc, f'no automation{known.nowhere} adds the tag "{tag}"{similar}')


def _named_fields(automation: Automation) -> Iterator[tuple[Loc, str]]:
    for loc, raw, _ in conditions_of(automation):
        for leaf in leaves(raw, loc):
            yield from ((leaf.loc[:-1], name) for name in leaf.fields)
    for place in walk(automation):
        for inner, text in place.step.templates():
            yield from (((*place.loc, *inner), name) for name in fields_in_template(text))


def _fields_of_rule(rule: Rule, loc: Loc, applies_to: Owner) -> Iterator[tuple[Loc, str]]:
    kind = rule.kind
    if kind.conditions is not None:
        for leaf in leaves(rule.given(kind.conditions), (*loc, kind.conditions)):
            for name in leaf.fields:
                yield leaf.loc[:-1], f"{applies_to}.{name}" if kind is ATTRIBUTE else name


def _fields(named: Iterable[tuple[Loc, str]], known: Known) -> Iterator[Problem]:
    """Custom fields that look like built-in ones, and those that no record has and nothing sets."""
    for loc, name in dict.fromkeys(named):
        owner, _, field = name.partition(".")
        built_in = _BUILT_IN.get(owner)
        if built_in is None or not field or field in built_in or activity_of(name) is not None:
            continue
        if field in known.set_fields or (known.fields is not None and known.fields.has(owner, field)):
            continue
        if hint := suggestion(field, built_in, certain=True):
            yield Problem(loc, f'"{name}" is a field of your own{hint}')
        elif known.fields is not None and (others := known.fields.names(owner)):
            similar = suggestion(field, sorted({*others, *known.set_fields}), certain=True)
            yield Problem(loc, f'no {owner} has a field "{field}", and no automation sets it{similar}')
