"""Fields that no record holds: what goes on around it, such as its open tasks. They are worked out when read."""

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from conditions.values import FieldType

OPEN_FOLLOW_UPS, OPEN_TASKS, OPEN_DEALS = "open_follow_ups", "open_tasks", "open_deals"
LAST_SEEN, LAST_EVENT, RUNNING_IN = "last_seen", "last_event", "in"

_OF_BOTH: Mapping[str, FieldType] = {
    OPEN_FOLLOW_UPS: FieldType.number,
    OPEN_TASKS: FieldType.number,
    LAST_SEEN: FieldType.moment,
}
#: By kind of record and name.
ACTIVITY: Mapping[str, Mapping[str, FieldType]] = {
    "contact": {**_OF_BOTH, OPEN_DEALS: FieldType.number},
    "deal": _OF_BOTH,
}
#: Those that a further name belongs to: `last_event.<type of event>`, `in.<key of an automation>`.
ACTIVITY_OF: Mapping[str, FieldType] = {LAST_EVENT: FieldType.moment, RUNNING_IN: FieldType.boolean}
#: Names that fields of the caller's own cannot have, by kind of record.
ACTIVITY_NAMES: Mapping[str, tuple[str, ...]] = {
    kind: (*names, *ACTIVITY_OF) for kind, names in ACTIVITY.items()
}


class Activity(NamedTuple):
    """One such field: the kind of record that it is about, its name, and of which event type or automation it is."""

    kind: str
    name: str
    of: str = ""

    @property
    def always(self) -> bool:
        """Whether every record has a value: numbers and truths are never empty."""
        return self.name not in (LAST_SEEN, LAST_EVENT)

    @property
    def words(self) -> str:
        """As people say it: `contact last event email.opened`."""
        return " ".join(part for part in (self.kind, self.name.replace("_", " "), self.of) if part)


@lru_cache(maxsize=4_096)
def activity_of(field: str) -> Activity | None:
    """What a field such as `contact.open_tasks` or `deal.last_event.quote.sent` asks for; None for any other field."""
    kind, _, rest = field.partition(".")
    name, _, of = rest.partition(".")
    if kind not in ACTIVITY:
        return None
    if rest in ACTIVITY[kind]:
        return Activity(kind, rest)
    return Activity(kind, name, of) if of and name in ACTIVITY_OF else None


def is_activity(name: str, bare: str) -> bool:
    """Whether a name asks for one of these fields, by itself or, of a bare name, with what stands before it here."""
    return activity_of(name if name.partition(".")[0] in ACTIVITY else f"{bare}{name}") is not None
