"""What ops read about a step: the definition's own words, without templates, addresses and secrets."""

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from automations.step_models import (
    Adjustment,
    Await,
    BaseStep,
    ElseIf,
    Share,
    WaitUntil,
)
from conditions.times import duration_words
from conditions.tree import describe, field_words

LONGEST = 150

_TEMPLATE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}|\{[{%#].*", re.DOTALL)
_ADDRESS = re.compile(r"[^\s\"'(),;<>]*@[^\s\"'(),;<>]*")
_RECIPIENT = re.compile(r"[a-z0-9][a-z0-9_-]*")
_PHONE = re.compile(r"[0-9][0-9-]*")
AN_ADDRESS = "an address"


def step_title(step: BaseStep) -> str:
    """A step in at most 150 characters: its own name, or else what it does."""
    return clean(step.name) if step.name else clean(_TITLES[step.kind](step))


def branch_title(branch: ElseIf | Share) -> str:
    """A branch in at most 150 characters."""
    if isinstance(branch, ElseIf):
        return clean(f"else if {describe(branch.condition)}")
    return clean(branch.name or f"{branch.percent} %")


def clean(text: str) -> str:
    """The text on one line without templates and addresses, cut to the length that fits."""
    safe = _ADDRESS.sub(AN_ADDRESS, _TEMPLATE.sub("…", text))
    line = " ".join(safe.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def _to(to: str | list[str]) -> str:
    names = [to] if isinstance(to, str) else to
    shown = (
        name if _RECIPIENT.fullmatch(name) and not _PHONE.fullmatch(name) else AN_ADDRESS for name in names
    )
    return " or ".join(dict.fromkeys(shown))


def _score(change: Adjustment) -> str:
    if change.set_to is not None:
        return f"set {change.profile} to {change.set_to}"
    points = change.points or 0
    count = f"{abs(points)} point{'' if abs(points) == 1 else 's'}"
    return f"add {count} to {change.profile}" if points >= 0 else f"take {count} from {change.profile}"


def _webhook(url: str) -> str:
    try:
        host = urlsplit(_TEMPLATE.sub("", url)).hostname
    except ValueError:
        host = None
    return f"call {host}" if host and "{" not in url.split("/")[2] else "call a webhook"


def _wait(wait: str | WaitUntil) -> str:
    if isinstance(wait, str):
        return f"wait {duration_words(wait)}"
    if wait.is_clock:
        days = f" on {', '.join(wait.weekdays)}" if wait.weekdays else ""
        return f"wait until {wait.until}{days}"
    if not wait.offset:
        return f"wait until {field_words(wait.until)}"
    side = "before" if wait.offset.startswith("-") else "after"
    return f"wait until {duration_words(wait.offset.lstrip('+-'))} {side} {field_words(wait.until)}"


def _wait_for(wait: Await) -> str:
    what = f"wait for {wait.event}" if wait.event else f"wait until {describe(wait.filters or {})}"
    return f"{what}, at most {duration_words(wait.timeout)}" if wait.timeout else what


_TITLES: Mapping[str, Callable[[Any], str]] = {
    "notify": lambda step: f"notify {_to(step.notify.to)}",
    "create_task": lambda _step: "create task",
    "add_tag": lambda step: f"add tag {step.add_tag}",
    "remove_tag": lambda step: f"remove tag {step.remove_tag}",
    "update": lambda step: f"update {', '.join(sorted(step.update.model_fields_set))}",
    "adjust_score": lambda step: _score(step.adjust_score),
    "webhook": lambda step: _webhook(step.webhook.url),
    "wait": lambda step: _wait(step.wait),
    "wait_for": lambda step: _wait_for(step.wait_for),
    "if": lambda step: f"if {describe(step.condition)}",
    "split": lambda step: f"split {' / '.join(str(share.percent) for share in step.split)}",
    "start": lambda step: f"start {step.start}",
    "stop": lambda step: f"stop: {step.stop}",
}
