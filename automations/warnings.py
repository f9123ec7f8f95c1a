"""What is not wrong with a valid automation but hardly meant: said when it is checked and saved."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from automations.addresses import NoAddress, mailbox, mailto
from automations.hosts import Allowed, private_host
from automations.known import Known
from automations.model import Automation, Recipient
from automations.steps.actions import AdjustScoreStep, NotifyStep, WebhookStep
from automations.steps.base import BaseStep
from automations.steps.places import conditions_of, walk
from automations.steps.waits import WaitStep
from automations.steps.ways import StartStep
from automations.templates.rendering import fields_in_template, unencoded_in
from automations.trigger_warnings import trigger_warnings
from automations.unknown import unknown_in_automation
from conditions.activity import ACTIVITY, activity_of
from conditions.contradictions import Range, contradictions
from conditions.problems import Loc, Problem, suggestion
from conditions.tree import leaves
from conditions.values import FieldType

_NO_DOCUMENT = ("owner", "contact")
_INFINITE = float("inf")
#: A template that says what stands there where there is no name.
_WITHOUT_NAME = re.compile(r"contact\.name\s*(\|\s*default|or\b)|if\s+(not\s+)?contact\.name")
#: The share of contacts without a name that is worth a word.
_OFTEN = 0.1

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
    yield from unknown_in_automation(automation, known)
    yield from _unprintable(automation)
    yield from _unreachable(automation.steps, ("steps",))
    yield from _nameless(automation, known)
    for place in walk(automation):
        if look := _OF_STEP.get(type(place.step)):
            yield from look(place.step, place.loc, automation, known)


def recipient_warnings(recipient: Recipient) -> Iterator[Problem]:
    """What keeps messages from reaching a recipient."""
    if not recipient.channels:
        yield Problem((), f'"{recipient.key}" has no channels, so that its messages are only recorded')
    for index, channel in enumerate(recipient.channels):
        if mailto(channel) is None:
            yield Problem(("channels", index), _unserved(channel))


def _never(automation: Automation, known: Known) -> Iterator[Problem]:
    ranges = score_ranges(known, automation.trigger.profile)
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


def score_ranges(known: Known, own: str | None) -> dict[str, Range]:
    """What fields of scores can be, by what their profiles say; `own`: the profile of `score` and `band`."""
    ranges: dict[str, Range] = {"change": Range(whole=True), **_COUNTS}
    for key, profile in known.profiles.items():
        if profile is None:
            continue
        low = -_INFINITE if profile.min is None else float(profile.min)
        high = _INFINITE if profile.max is None else float(profile.max)
        why = {"low": f"the min of profile {key}", "high": f"the max of profile {key}"}
        score, band = Range(low, high, whole=True, why=why), Range(labels=tuple(profile.bands))
        ranges[f"scores.{key}"], ranges[f"bands.{key}"] = score, band
        if key == own:
            ranges |= {"score": score, "previous_score": score, "band": band, "previous_band": band}
    return ranges


def _unprintable(automation: Automation) -> Iterator[Problem]:
    """What templates print nothing for."""
    for place in walk(automation):
        for inner, text in place.step.templates():
            for name in fields_in_template(text):
                if activity_of(name) is not None:
                    yield Problem(
                        (*place.loc, *inner),
                        f"{name} is there in conditions alone; a template prints nothing for it",
                    )


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
    host = private_host(step.webhook.url, Allowed(known.webhook_allow))
    if host is not None:
        yield Problem(
            (*loc, "webhook", "url"),
            f'"{host}" is private, and webhooks call public hosts alone; KINDLING_WEBHOOK_ALLOW={host} lets them',
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
        elif ":" in name:
            yield Problem(place, _unserved(name))
        else:
            rest = "; its messages are only recorded" if known.asked else ""
            others = suggestion(name, sorted(known.recipients))
            yield Problem(place, f'there is no recipient "{name}"{known.nowhere}{others}{rest}')


def _unserved(channel: str) -> str:
    scheme = channel.partition(":")[0]
    return f'nothing serves "{scheme}:" yet: messages leave by mailto: alone, and what goes here is only recorded'


def _nameless(automation: Automation, known: Known) -> Iterator[Problem]:
    """Templates that greet by a name that many have not."""
    named = [
        (*place.loc, *inner)
        for place in walk(automation)
        for inner, text in place.step.templates()
        if "contact.name" in fields_in_template(text) and not _WITHOUT_NAME.search(text)
    ]
    if not named or known.fields is None:
        return
    without, looked_at = known.fields.nameless()
    if looked_at == 0 or without / looked_at < _OFTEN:
        return
    of = f"{without:,} of {looked_at:,} contacts have" if looked_at > 1 else "the only contact has"
    for loc in named:
        yield Problem(
            loc,
            f"{of} no name, and contact.name is nothing there; contact.label is the name, else the e-mail "
            "address, else the key",
        )


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
