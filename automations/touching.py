"""What automations change of records, so that those which may begin at the same change are noticed."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

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


def touching(definitions: Iterable[Mapping[str, Any]]) -> Touching:
    """Who changes what, of valid automations as JSON."""
    touchers: dict[tuple[str, str], list[Toucher]] = {}
    for definition in definitions:
        for target in targets_of(definition):
            touchers.setdefault((source_of(definition), target), []).append(toucher_of(definition))
    return touchers


def source_of(definition: Mapping[str, Any]) -> str:
    """What the trigger looks at."""
    trigger = definition["trigger"]
    return f"event {trigger['event']}" if trigger.get("event") else f"profile {trigger.get('profile')}"


def toucher_of(definition: Mapping[str, Any]) -> Toucher:
    """How the automation stands to others."""
    low, high = bounds(definition["trigger"].get("filters") or {}, "score")
    return Toucher(definition["key"], definition.get("order") or 0, low, high)


def targets_of(definition: Mapping[str, Any]) -> frozenset[str]:
    """What its steps change, wherever they stand: `the tag hot`, `stage`, `owner`, `the field city`."""
    return frozenset(_targets(definition["steps"]))


def _targets(part: Any) -> Iterator[str]:
    if isinstance(part, list):
        for inner in part:
            yield from _targets(inner)
    elif isinstance(part, Mapping):
        for name, inner in part.items():
            if name in ("add_tag", "remove_tag") and isinstance(inner, str):
                yield f"the tag {inner}"
            elif name == "update" and isinstance(inner, Mapping):
                yield from (kept for kept in ("stage", "owner", "dnd") if kept in inner)
                yield from (f"the field {field}" for field in inner.get("fields") or {})
            else:
                yield from _targets(inner)
