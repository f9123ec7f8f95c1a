"""What automations change of records, so that those which may begin at the same change are noticed."""

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple, TypeAlias

from automations.model import Automation
from automations.steps.places import walk
from conditions.tree import bounds


class Toucher(NamedTuple):
    """An automation that changes something: its `order`, and the scores between which its trigger may fire."""

    key: str
    order: int
    low: float
    high: float

    def meets(self, other: "Toucher") -> bool:
        """Whether one change may start both, and nothing but their keys says which begins first."""
        return (
            self.key != other.key
            and self.order == other.order
            and self.low <= other.high
            and other.low <= self.high
        )


#: By what triggers look at ("profile engagement"), and what is changed ("the tag hot").
Touching: TypeAlias = Mapping[tuple[str, str], Collection[Toucher]]


def touching(automations: Iterable[Automation]) -> Touching:
    """Who changes what."""
    touchers: dict[tuple[str, str], list[Toucher]] = {}
    for automation in automations:
        for target in targets_of(automation):
            touchers.setdefault((source_of(automation), target), []).append(toucher_of(automation))
    return touchers


def source_of(automation: Automation) -> str:
    """What the trigger looks at."""
    trigger = automation.trigger
    return f"event {trigger.event}" if trigger.event is not None else f"profile {trigger.profile}"


def toucher_of(automation: Automation) -> Toucher:
    """How the automation stands to others."""
    low, high = bounds(automation.trigger.filters, "score")
    return Toucher(automation.key, automation.order, low, high)


def targets_of(automation: Automation) -> frozenset[str]:
    """What its steps change, wherever they stand: `the tag hot`, `stage`, `owner`, `the field city`."""
    return frozenset(target for place in walk(automation) for target in place.step.targets())
