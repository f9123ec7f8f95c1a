"""Definitions as code: what applying a set of documents would change, and applying it in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Literal

from automations.documents import Document, Documents, Mistake
from automations.known import Known
from automations.model import Automation
from automations.steps.places import fields_set, tags_added
from automations.touching import Touching, touching
from runtime.messages import PublishInput
from runtime.principals import SYSTEM, Principal
from runtime.registry import publish_workflow_id
from scoring.profile import ScoreProfile
from services.design.authorship import NOT_SAID, Authorship
from services.design.definitions import (
    begin_change,
    events_named,
    known_definitions,
)
from services.design.differences import difference
from services.design.document_kinds import DOCUMENT_KINDS, PublishOptions
from services.design.profiles import StartPublish
from services.resources import Conflict, Resources
from store.connection import Connection

Action = Literal["create", "change", "publish", "unchanged", "conflict"]
_ORDER = tuple(DOCUMENT_KINDS)


@dataclass(frozen=True)
class DocumentPlan:
    """What applying one document does. `publish` means that only a publish is missing; `publishes` that there is one.

    `conflict`: the stored draft was edited elsewhere since the last apply. `diff` goes from what is stored to the
    document, as YAML.
    """

    kind: str
    key: str
    action: Action
    publishes: bool
    diff: str
    file: str
    document: Document = field(repr=False, compare=False)

    def as_json(self) -> dict[str, str | bool]:
        return {
            "kind": self.kind,
            "key": self.key,
            "action": self.action,
            "publishes": self.publishes,
            "file": self.file,
            "diff": self.diff,
        }


@dataclass(frozen=True)
class OnlyThere:
    """A definition of the installation that no document stands for."""

    kind: str
    key: str

    @property
    def archived(self) -> bool:
        """Whether removing it keeps it; else it is deleted."""
        return DOCUMENT_KINDS[self.kind].archived


@dataclass(frozen=True)
class Applied:
    """What was done. `versions` by (kind, key), of what was published; `workflow_ids` of the re-scorings.

    `pruned`: what was archived, or deleted where it is of a kind that is not archived.
    """

    planned: tuple[DocumentPlan, ...]
    versions: Mapping[tuple[str, str], int]
    workflow_ids: tuple[str, ...]
    pruned: tuple[OnlyThere, ...] = ()


class Plans:
    """Compares documents with what is stored, and applies them."""

    def __init__(self, resources: Resources, start_publish: StartPublish) -> None:
        self._resources = resources
        self._start_publish = start_publish

    def check(self, documents: Documents, *, alone: bool = False) -> tuple[list[Mistake], list[Mistake]]:
        """Mistakes, which keep the documents from being applied, and warnings; beside what is stored.

        `alone`: only beside the events and tags there are, since no other definition will be left.
        """
        with self._resources.database.read() as connection:
            known = known_definitions(connection, self._resources.settings.webhook_allowed)
            if alone:
                known = replace(
                    known, profiles={}, automations=(), recipients=(), published_bands={}, touching=dict
                )
            return check_documents(documents, known)

    def only_there(self, documents: Documents) -> tuple[OnlyThere, ...]:
        """What is stored and no document stands for."""
        with self._resources.database.read() as connection:
            return _only_there(connection, documents)

    def plan(self, documents: Documents) -> tuple[DocumentPlan, ...]:
        """What `apply` would do."""
        with self._resources.database.read() as connection:
            return _plan(connection, documents)

    def apply(
        self,
        documents: Documents,
        *,
        force: bool = False,
        silent: bool = True,
        draft: bool = False,
        prune: bool = False,
        by: Authorship = NOT_SAID,
        who: Principal = SYSTEM,
    ) -> Applied:
        """Save and publish what has changed, all or nothing. The documents have passed `check`.

        `draft`: publish nothing. `prune`: archive what no document stands for. Raises Conflict, having done nothing,
        when a draft was edited elsewhere; `force` overwrites such edits.
        """
        options = PublishOptions(self._resources.shards, silent, by, who)
        started: list[PublishInput] = []

        def work(connection: Connection) -> Applied:
            started.clear()
            begin_change(connection)
            now = self._resources.clock()
            planned = _plan(connection, documents)
            edited = [f'{plan.kind} "{plan.key}"' for plan in planned if plan.action == "conflict"]
            if edited and not force:
                raise Conflict(
                    f"edited elsewhere since the last apply: {', '.join(edited)}. Look at `kindling plan`, take the "
                    "edits over into the files, or overwrite them with --force"
                )
            for plan in planned:  # all, before the first is published: they may name each other
                DOCUMENT_KINDS[plan.kind].save(connection, plan.document.model, now, plan.document.text, who)
            versions = {}
            for plan in planned:
                if plan.publishes and not draft:
                    published = DOCUMENT_KINDS[plan.kind].publish(connection, plan.key, now, options)
                    if published is None:
                        continue
                    versions[plan.kind, plan.key] = published.version
                    if published.message is not None:
                        started.append(published.message)
            pruned = tuple(reversed(_only_there(connection, documents))) if prune else ()
            for one in pruned:  # what refers to others comes first
                DOCUMENT_KINDS[one.kind].remove(connection, one.key, now, who)
            return Applied(planned, versions, (), pruned)

        applied = self._resources.database.run(work)
        for publish in started:
            self._start_publish(publish)
        workflow_ids = tuple(publish_workflow_id(publish.publication_id) for publish in started)
        return replace(applied, workflow_ids=workflow_ids)


def check_documents(documents: Documents, stored: Known | None = None) -> tuple[list[Mistake], list[Mistake]]:
    """Mistakes and warnings of valid documents beside each other and, where it is known, what is stored."""
    stored = stored or Known(profiles={}, asked=False)
    profiles: dict[str, ScoreProfile] = documents.models("score_profile")
    automations: list[Automation] = [*documents.models("automation").values()]
    known = replace(
        stored,
        profiles={**stored.profiles, **dict.fromkeys(documents.keys_of("score_profile")), **profiles},
        automations={*stored.automations, *documents.keys_of("automation")},
        recipients={*stored.recipients, *documents.keys_of("recipient")},
        named_events=stored.named_events | events_named(profiles.values()),
        added_tags=stored.added_tags | tags_added(automations),
        set_fields=stored.set_fields | fields_set(automations),
        touching=cache(lambda: _touching(automations, stored)),
        published_bands={key: of for key, of in stored.published_bands.items() if key not in profiles},
    )
    mistakes, warnings = list(documents.mistakes), []
    for document in documents.documents:
        errors, strange = DOCUMENT_KINDS[document.kind].check(document.model, known)
        mistakes += [document.mistake(problem) for problem in errors]
        warnings += [document.mistake(problem) for problem in strange]
    return sorted(mistakes), sorted(warnings)


def _touching(automations: Sequence[Automation], stored: Known) -> Touching:
    """What automations change: those of the documents, and those stored that no document stands for."""
    here = touching(automations)
    keys = {model.key for model in automations}
    elsewhere = {
        place: [one for one in those if one.key not in keys] for place, those in stored.touching().items()
    }
    return {place: [*elsewhere.get(place, ()), *here.get(place, ())] for place in {*elsewhere, *here}}


def _plan(connection: Connection, documents: Documents) -> tuple[DocumentPlan, ...]:
    ordered = sorted(documents.documents, key=lambda document: (_ORDER.index(document.kind), document.key))
    return tuple(_document_plan(connection, document) for document in ordered)


def _only_there(connection: Connection, documents: Documents) -> tuple[OnlyThere, ...]:
    return tuple(
        OnlyThere(name, stored.key)
        for name, kind in DOCUMENT_KINDS.items()
        for stored in kind.all_stored(connection)
        if (name, stored.key) not in documents.named
    )


def _document_plan(connection: Connection, document: Document) -> DocumentPlan:
    kind = DOCUMENT_KINDS[document.kind]
    form, stored = kind.form(document.model), kind.stored(connection, document.key)
    is_published = kind.is_published(form, stored)
    if stored is None:
        action: Action = "create"
    elif kind.same(form, stored.draft):
        action = "unchanged" if is_published else "publish"
    else:
        ours = stored.applied is not None and kind.same(stored.draft, stored.applied)
        action = "change" if ours else "conflict"
    diff = ""
    if action not in ("unchanged", "publish"):
        diff = difference(stored.draft if stored is not None else None, form, ("stored", "document"))
    return DocumentPlan(document.kind, document.key, action, not is_published, diff, document.file, document)
