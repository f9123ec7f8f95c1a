"""What this version does: what it refuses is left out of the documentation."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from automations.model import Automation
from automations.unavailable import unavailable
from reference.examples import STEP_EXAMPLES, parsed

_TRIGGER: Mapping[str, Any] = {"profile": "engagement", "filters": {"score": {"greater_or_equal": 5}}}
_STOP: Mapping[str, Any] = {"stop": "done"}

#: Keys that a version may lack, with a value to try.
_QUESTIONABLE: Mapping[str, Mapping[str, Any]] = {
    "exit_when": {"exit_when": {"contact.stage": {"equal": "customer"}}},
    "trigger.rearm": {"trigger": {**_TRIGGER, "fires": "on_entry", "rearm": {"less": 40}}},
    "trigger.max_starts": {"trigger": {**_TRIGGER, "max_starts": {"times": 10, "per": "minute"}}},
    "wait.until": {"steps": [{"wait": {"until": "09:00"}}]},
}


def _works(**parts: Any) -> bool:
    document = {"key": "probe", "trigger": _TRIGGER, "steps": [_STOP], **parts}
    return not list(unavailable(Automation.model_validate(document)))


@cache
def missing_keys() -> frozenset[str]:
    """Paths of keys that an automation may not use."""
    return frozenset(path for path, parts in _QUESTIONABLE.items() if not _works(**parts))


@cache
def step_kinds() -> tuple[str, ...]:
    """The steps that an automation may use, in the order of the models."""
    return tuple(kind for kind, example in STEP_EXAMPLES.items() if _works(steps=parsed(example)))
