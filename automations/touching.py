"""What automations change of records, so that those which may begin at the same change are noticed."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple, TypeAlias

from automations.model import Automation
from automations.steps.base import BaseStep
from conditions.tree import bounds
from scoring.profile import ScoreProfile

#: Profiles by their keys, None where only the key is known.
Profiles: TypeAlias = Mapping[str, ScoreProfile | None]


class Toucher(NamedTuple):
    """An automation that changes something: what its trigger looks at, between which scores, its `order`.

    `effects`: what becomes of what it changes, in words that are the same where it does not matter who comes last.
    """

    key: str
    order: int
    profile: str | None
    event: str | None
    low: float
    high: float
    effects: frozenset[str]

    def meets(self, other: "Toucher", profiles: Profiles) -> bool:
        """Whether one change may start both, and nothing but their keys says which begins first."""
        if self.key == other.key or self.order != other.order or len(self.effects | other.effects) < 2:
            return False
        if self.profile is not None and self.profile == other.profile:
            return self.low <= other.high and other.low <= self.high
        kinds = {profile.applies_to for one in (self, other) if (profile := profiles.get(one.profile or ""))}
        return len(kinds) < 2 and bool(self.events(profiles) & other.events(profiles))

    def events(self, profiles: Profiles) -> frozenset[str]:
        """The types of events that may start it."""
        if self.event is not None:
            return frozenset({self.event})
        profile = profiles.get(self.profile or "")
        return (
            frozenset(event for rule in profile.rules for event in rule.event_types)
            if profile
            else frozenset()
        )


#: By what is changed, such as "the tag hot".
Touching: TypeAlias = Mapping[str, Collection[Toucher]]


def touching(automations: Iterable[Automation]) -> Touching:
    """Who changes what."""
    touchers: dict[str, list[Toucher]] = {}
    for automation in automations:
        for target, toucher in touched_by(automation).items():
            touchers.setdefault(target, []).append(toucher)
    return touchers


def touched_by(automation: Automation) -> dict[str, Toucher]:
    """What its steps up to the first wait change: `the tag hot`, `stage`, `owner`, `the field city`."""
    trigger = automation.trigger
    low, high = bounds(trigger.filters, "score")
    effects: dict[str, set[str]] = {}
    for step in _at_once(automation.steps):
        for target in step.targets():
            effects.setdefault(target, set()).add(_effect(step, automation))
    return {
        target: Toucher(
            automation.key, automation.order, trigger.profile, trigger.event, low, high, frozenset(words)
        )
        for target, words in effects.items()
    }


def _at_once(steps: Iterable[BaseStep]) -> Iterator[BaseStep]:
    for step in steps:
        if step.waits or step.awaits:
            return
        yield step
        for branch in step.branches():
            yield from _at_once(branch.steps)


def _effect(step: BaseStep, automation: Automation) -> str:
    if step.added_tag is not None:
        return "added"
    return "removed" if step.removed_tag is not None else f"set by {automation.key}"
