"""What else is defined, for checks of automations beside it."""

from collections.abc import Callable, Collection, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from automations.touching import Touching
from scoring.profile import ScoreProfile


@dataclass(frozen=True)
class Known:
    """`profiles` by key, None where only the key is known; `event_types` None when it is not known which occur.

    `named_events` are those that rules name, `added_tags` those that automations add; `tags` finds the tags of
    contacts, None where that is not known. `touching` finds what automations change. `published_bands`: those of
    published versions by profile, which what is saved in `profiles` need not have.
    """

    profiles: Mapping[str, ScoreProfile | None]
    automations: Collection[str] = ()
    recipients: Collection[str] = ()
    event_types: Collection[str] | None = None
    named_events: AbstractSet[str] = frozenset()
    added_tags: AbstractSet[str] = frozenset()
    tags: Callable[[], Collection[str]] | None = None
    touching: Callable[[], Touching] = dict
    published_bands: Mapping[str, Collection[str]] = field(default_factory=dict)
