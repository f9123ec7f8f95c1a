"""The published profiles and automations, compiled once per change of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from automations.model import Automation
from scoring.compiled import CompiledProfile, compile_profile
from scoring.profile import ScoreProfile
from store import meta
from store.connection import Connection
from store.design import definitions
from triggers.compiled import Bands, CompiledTrigger, TriggerIndex, compile_trigger
from triggers.evaluate import LOOP_LIMIT


class _Row(Protocol):
    @property
    def id(self) -> int: ...


Row = TypeVar("Row", bound=_Row)


@dataclass(frozen=True)
class Published:
    """One state of what is published. `rows`: by profile id, what the store says of its version.

    `kinds`: by profile id, the kind of record that it scores, of all there are. `loop_limit`: how often an automation
    may enroll one record within an hour.
    """

    generation: int
    profiles: tuple[CompiledProfile, ...]
    versions: dict[int, definitions.PublishedProfile]
    triggers: TriggerIndex
    by_key: dict[str, CompiledProfile]
    kinds: dict[int, str]
    loop_limit: int = LOOP_LIMIT

    def reads_across(self, kind: str) -> bool:
        """Whether some profile of this kind of record has event rules on fields of the other kind."""
        return any(profile.applies_to == kind and profile.where_reads - {kind} for profile in self.profiles)

    @property
    def looks_across(self) -> bool:
        """Whether some trigger on deals looks at changes of their contacts."""
        return any(
            key in self.by_key and self.by_key[key].applies_to == "deal" for key in self.triggers.looking
        )


@dataclass(frozen=True)
class Drafts:
    """What is taken as if it were published, in place of what is published of the same id."""

    profiles: Sequence[definitions.PublishedProfile] = ()
    automations: Sequence[definitions.PublishedAutomation] = ()


def in_place(published: Iterable[Row], drafts: Iterable[Row]) -> list[Row]:
    """What is published, with drafts in the places of what has the same id."""
    by_id = {row.id: row for row in (*published, *drafts)}
    return [by_id[row_id] for row_id in sorted(by_id)]


NO_DRAFTS = Drafts()


#: (automation, version, whether it is paused, bands of its profile): what a compiled trigger depends on.
_Compiled = tuple[int, int, bool, tuple[tuple[int | None, str], ...]]


class PublishedCache:
    """Reads the published definitions when their generation has moved on."""

    def __init__(self, loop_limit: int = LOOP_LIMIT) -> None:
        self._loop_limit = loop_limit
        self._known: Published | None = None
        self._compiled: dict[_Compiled, CompiledTrigger] = {}

    def read(self, connection: Connection) -> Published:
        generation = meta.definitions_generation(connection)
        if self._known is None or self._known.generation != generation:
            published = load_published(connection, generation, known=self._compiled)
            self._known = replace(published, loop_limit=self._loop_limit)
        return self._known


def load_published(
    connection: Connection,
    generation: int,
    drafts: Drafts = NO_DRAFTS,
    known: dict[_Compiled, CompiledTrigger] | None = None,
) -> Published:
    """Read and compile everything that is published; `drafts` as if they were.

    `known` keeps triggers from one time to the next: versions never change.
    """
    known = {} if known is None else known
    profiles = in_place(definitions.published_profiles(connection), drafts.profiles)
    automations = in_place(definitions.published_automations(connection), drafts.automations)
    compiled = tuple(
        compile_profile(ScoreProfile.model_validate(row.definition), row.id, row.version) for row in profiles
    )
    bands = {profile.key: profile.bands for profile in compiled}
    triggers: dict[_Compiled, CompiledTrigger] = {}
    for row in automations:
        of_profile = bands.get(row.definition["trigger"].get("profile") or "", ())
        name = (row.id, row.version, row.paused, tuple(of_profile))
        triggers[name] = known.get(name) or compile_automation(
            Automation.model_validate(row.definition), row.id, row.version, of_profile, paused=row.paused
        )
    known.clear()
    known.update(triggers)
    return Published(
        generation=generation,
        profiles=compiled,
        versions={row.id: row for row in profiles},
        triggers=TriggerIndex(triggers.values()),
        by_key={profile.key: profile for profile in compiled},
        kinds={**definitions.kinds(connection), **{profile.id: profile.applies_to for profile in compiled}},
    )


def compile_automation(
    automation: Automation, automation_id: int, version: int = 0, bands: Bands = (), *, paused: bool = False
) -> CompiledTrigger:
    """The trigger of an automation with what its follow-ups may end early by; `bands` are its profile's.

    Without a version and bands it can be held against what was, and enrolls nobody.
    """
    exits = automation.exit_when if isinstance(automation.exit_when, dict) else None
    return compile_trigger(
        automation_id,
        automation.key,
        version,
        automation.trigger,
        exits,
        paused=paused,
        exits_early=automation.exit_when is not None,
        bands=bands,
        order=automation.order,
    )
