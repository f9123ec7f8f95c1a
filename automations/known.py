"""What else is defined, and what has come in so far: for checks of definitions beside it."""

from collections.abc import Callable, Collection, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Protocol

from automations.touching import Touching
from scoring.profile import ScoreProfile


class RecordFields(Protocol):
    """The custom fields that records have (`kind`: contact or deal), and how often contacts have a name."""

    def has(self, kind: str, name: str) -> bool:
        """Whether some record has this field, or something sets it."""
        ...

    def names(self, kind: str) -> Collection[str]:
        """Fields that records have; none where no record has any."""
        ...

    def nameless(self) -> tuple[int, int]:
        """How many contacts have no name, of how many that were looked at: the newest ones."""
        ...


@dataclass(frozen=True)
class Known:
    """`profiles` by key, None where only the key is known; `event_types` None when it is not known which occur.

    `named_events` are those that rules name, `added_tags` those that automations add, `set_fields` the custom fields
    that they set; `tags` finds the tags of contacts, `fields` the custom fields of records, None where that is not
    known. `touching` finds what automations change. `asked`: a database was asked, so that what is not among these is
    nowhere. `webhook_allow`: private hosts that webhooks may call. `published_bands`: those of published versions by
    profile, which what is saved in `profiles` need not have.
    """

    profiles: Mapping[str, ScoreProfile | None]
    automations: Collection[str] = ()
    recipients: Collection[str] = ()
    event_types: Collection[str] | None = None
    named_events: AbstractSet[str] = frozenset()
    added_tags: AbstractSet[str] = frozenset()
    set_fields: AbstractSet[str] = frozenset()
    tags: Callable[[], Collection[str]] | None = None
    fields: RecordFields | None = None
    touching: Callable[[], Touching] = dict
    asked: bool = True
    webhook_allow: Collection[str] = ()
    published_bands: Mapping[str, Collection[str]] = field(default_factory=dict)

    @property
    def nowhere(self) -> str:
        """Where something is not that is not known: as far as was looked."""
        return "" if self.asked else " in these files"
