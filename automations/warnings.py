"""What is not wrong with a valid automation but hardly meant: said when it is checked and saved."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from automations.addresses import NoAddress, mailbox, mailto
from automations.known import Known
from automations.model import Automation, ExitEvent
from automations.steps.actions import AdjustScoreStep, NotifyStep, WebhookStep
from automations.steps.base import BaseStep
from automations.steps.places import conditions_of, tags_added, walk
from automations.steps.waits import WaitStep
from automations.steps.ways import StartStep
from automations.templates import fields_in_template, unencoded_in
from automations.trigger_warnings import trigger_warnings
from conditions.activity import ACTIVITY, LAST_EVENT, activity_of
from conditions.contradictions import Range, contradictions
from conditions.fields import CONTACT_FIELDS, DEAL_FIELDS, INTERNAL_EVENTS
from conditions.problems import Loc, Problem, suggestion
from conditions.tree import leaves
from conditions.values import FieldType

_NO_DOCUMENT = ("owner", "contact")
_INFINITE = float("inf")
_BUILT_IN = {
    "contact": ("label", "id", *CONTACT_FIELDS, *ACTIVITY["contact"]),
    "deal": ("label", "id", *DEAL_FIELDS, *ACTIVITY["deal"]),
}

#: What is counted around records.
_COUNTS = {
    f"{kind}.{name}": Range(0, whole=True, why={"low": "it is counted"})
    for kind, names in ACTIVITY.items()
    for name, held in names.items()
    if held is FieldType.number
}


def warnings_of(automation: Automation, known: Known) -> Iterator[Problem]:
    """Each with its place in the document."""
    yield from trigger_warnings(automation, known)
    yield from _never(automation, known)
    yield from _events(automation, known)
    yield from _tags(automation, known)
    yield from _misspelled(automation)
    yield from _unreachable(automation.steps, ("steps",))
    for place in walk(automation):
        if look := _OF_STEP.get(type(place.step)):
            yield from look(place.step, place.loc, automation, known)


def _never(automation: Automation, known: Known) -> Iterator[Problem]:
    ranges = _ranges(automation, known)
    for loc, raw, _ in conditions_of(automation):
        yield from contradictions(raw, ranges, loc)
    trigger, exit_when = automation.trigger, automation.exit_when
    if isinstance(exit_when, Mapping) and exit_when and trigger.filters:
        certain = [(leaf.field, leaf.operator.name, leaf.operand) for leaf in leaves(trigger.filters, ())]
        every = (*leaves(trigger.filters, ()), *leaves(exit_when, ()))
        plain = not any({"any", "not"} & {*leaf.loc} for leaf in every)
        exits = [(leaf.field, leaf.operator.name, leaf.operand) for leaf in leaves(exit_when, ())]
        if plain and all(test in certain for test in exits):
            yield Problem(
                ("exit_when",), "holds whenever the trigger's filters do, so that nobody is enrolled"
            )
    profile = known.profiles.get(trigger.profile or "")
    if trigger.rearm is not None and profile is not None:
        yield from contradictions(trigger.rearm.conditions, ranges, ("trigger", "rearm"))


def _ranges(automation: Automation, known: Known) -> dict[str, Range]:
    """What fields of scores can be, by what their profiles say."""
    ranges: dict[str, Range] = {"change": Range(whole=True), **_COUNTS}
    for key, profile in known.profiles.items():
        if profile is None:
            continue
        low = -_INFINITE if profile.min is None else float(profile.min)
        high = _INFINITE if profile.max is None else float(profile.max)
        why = {"low": f"the min of profile {key}", "high": f"the max of profile {key}"}
        score, band = Range(low, high, whole=True, why=why), Range(labels=tuple(profile.bands))
        ranges[f"scores.{key}"], ranges[f"bands.{key}"] = score, band
        if key == automation.trigger.profile:
            ranges |= {"score": score, "previous_score": score, "band": band, "previous_band": band}
    return ranges


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
            for name in leaf.fields:
                if (activity := activity_of(name)) is not None and activity.name == LAST_EVENT:
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
        yield Problem(loc, f'no rule knows the event "{event}"{similar}')


def _tags(automation: Automation, known: Known) -> Iterator[Problem]:
    """Tags that are asked for or removed, and that nothing adds.

    Without a database only those that look like one that is added.
    """
    asked = [
        (leaf.loc, leaf.operand)
        for loc, raw, _ in conditions_of(automation)
        for leaf in leaves(raw, loc)
        if leaf.field == "contact.tags" and leaf.operator.members and leaf.other is None
    ]
    asked += [
        ((*place.loc, place.step.kind), place.step.removed_tag)
        for place in walk(automation)
        if place.step.removed_tag is not None
    ]
    if not asked:
        return
    added = tags_added([automation])
    tags = sorted(added | known.added_tags | set(known.tags() if known.tags is not None else ()))
    for loc, tag in asked:
        similar = suggestion(tag, tags, certain=True)
        if tag not in tags and (known.tags is not None or similar):
            yield Problem(loc, f'no contact has the tag "{tag}", and no automation adds it{similar}')


def _misspelled(automation: Automation) -> Iterator[Problem]:
    """Custom fields that look like built-in ones."""
    named: list[tuple[Loc, str]] = []
    for loc, raw, _ in conditions_of(automation):
        named += [(leaf.loc[:-1], name) for leaf in leaves(raw, loc) for name in leaf.fields]
    for place in walk(automation):
        for inner, text in place.step.templates():
            printed = [((*place.loc, *inner), name) for name in fields_in_template(text)]
            named += printed
            for loc, name in printed:
                if activity_of(name) is not None:
                    yield Problem(
                        loc, f"{name} is there in conditions alone; a template prints nothing for it"
                    )
    for loc, name in named:
        owner, _, field = name.partition(".")
        fields = _BUILT_IN.get(owner)
        if fields is not None and field and field not in fields and activity_of(name) is None:
            hint = suggestion(field, fields, certain=True)
            if hint:
                yield Problem(loc, f'"{name}" is a field of your own{hint}')


def _unreachable(steps: list[Any], loc: Loc) -> Iterator[Problem]:
    """Steps that no way leads to."""
    ended: str | None = None
    for index, step in enumerate(steps):
        if ended is not None:
            yield Problem((*loc, index), f"never reached: {ended}")
            return
        for branch in step.branches():
            yield from _unreachable(branch.steps, (*loc, index, *branch.loc))
        for inner, reason in step.never_gone():
            yield Problem((*loc, index, *inner), f"never reached: {reason}")
        ended = step.stops


def _silent_date(step: WaitStep, loc: Loc, automation: Automation, known: Known) -> Iterator[Problem]:
    if step.date is not None and step.date.surprises:
        yield Problem(
            (*loc, "wait"),
            "whose date is over goes on at once: say if_past: now if that is meant, skip to pass over what comes up to "
            "the next wait, or stop",
        )


def _open_address(step: WebhookStep, loc: Loc, automation: Automation, known: Known) -> Iterator[Problem]:
    for name in unencoded_in(step.webhook.url):
        remedy = f"{{{{ {name} | urlencode }}}}" if "." in name else "| urlencode"
        yield Problem(
            (*loc, "webhook", "url"),
            f"{name} goes into the address as it is, and a plus, a blank, & or / in it makes it another address; "
            f"write {remedy}",
        )


def _starts_itself(step: StartStep, loc: Loc, automation: Automation, known: Known) -> Iterator[Problem]:
    if step.start == automation.key:
        yield Problem((*loc, "start"), "starts itself; the chain ends when it is 5 deep")


def _scores_other_kind(
    step: AdjustScoreStep, loc: Loc, automation: Automation, known: Known
) -> Iterator[Problem]:
    profile = known.profiles.get(step.adjust_score.profile)
    own = known.profiles.get(automation.trigger.profile or "")
    if profile is None or own is None:
        return
    if profile.applies_to == "deal" and own.applies_to == "contact":
        yield Problem(
            (*loc, "adjust_score", "profile"),
            f'the profile "{profile.key}" scores deals, and this automation is about contacts; it fails where the '
            "enrolling event named no deal",
        )


def _unknown_recipients(
    step: NotifyStep, loc: Loc, automation: Automation, known: Known
) -> Iterator[Problem]:
    loc = (*loc, "notify", "to")
    several = isinstance(step.notify.to, list)
    for index, name in enumerate(step.notify.to if isinstance(step.notify.to, list) else [step.notify.to]):
        if name in known.recipients or name in _NO_DOCUMENT:
            continue
        place = (*loc, index) if several else loc
        address = mailto(name)
        if address is None and "@" in name and ":" not in name:
            address = name
        if address is not None:
            yield from _no_address(name, address, place, several=several)
        elif ":" not in name:
            message = f'there is no recipient "{name}"{suggestion(name, known.recipients)}'
            yield Problem(place, f"{message}; its messages are only recorded")


def _no_address(name: str, address: str, loc: Loc, *, several: bool) -> Iterator[Problem]:
    try:
        mailbox(address)
    except NoAddress as error:
        rest = "it is passed over" if several else "its messages are only recorded"
        yield Problem(loc, f'"{name}" {error}; {rest}')


#: What is looked at in a kind of steps by itself.
_OF_STEP: Mapping[type[BaseStep], Callable[[Any, Loc, Automation, Known], Iterator[Problem]]] = {
    WaitStep: _silent_date,
    NotifyStep: _unknown_recipients,
    WebhookStep: _open_address,
    StartStep: _starts_itself,
    AdjustScoreStep: _scores_other_kind,
}
