"""Definitions as code: what applying a set of documents would change, and applying it in one transaction."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from operator import eq
from typing import Any, Literal

from pydantic import BaseModel

from automations.checks import check_automation
from automations.documents import KINDS as AUTOMATION_KINDS
from automations.documents import Document, Documents, Mistake
from automations.known import Known
from automations.model import Automation, Recipient
from automations.smart_list import SmartList
from automations.smart_list_checks import check_smart_list
from automations.steps.places import tags_added
from automations.touching import Touching, touching
from conditions.times import Micros
from runtime.messages import PublishInput
from runtime.registry import publish_workflow_id
from scoring.checks import check_profile, publish_problems
from scoring.profile import ScoreProfile
from services.design.definitions import (
    begin_change,
    events_named,
    find_definition,
    known_definitions,
    publish_automation,
    publish_profile,
    save_automation,
    save_profile,
)
from services.design.differences import difference
from services.design.documents import (
    automation_document,
    profile_document,
    same_automation,
    same_profile,
    same_smart_list,
    smart_list_document,
)
from services.design.profiles import StartPublish
from services.resources import Conflict, Resources
from store.connection import Connection, RowMapping
from store.design import definitions
from store.records import smart_lists

KINDS: Mapping[str, type[BaseModel]] = {"score_profile": ScoreProfile, **AUTOMATION_KINDS}
"""The model of each `kind` of document, for `load_documents`."""

Action = Literal["create", "change", "publish", "unchanged", "conflict"]
#: Those that others refer to come first.
_ORDER = tuple(KINDS)


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
class Applied:
    """What was done. `versions` by (kind, key), of what was published; `workflow_ids` of the re-scorings."""

    planned: tuple[DocumentPlan, ...]
    versions: Mapping[tuple[str, str], int]
    workflow_ids: tuple[str, ...]


class Plans:
    """Compares documents with what is stored, and applies them."""

    def __init__(self, resources: Resources, start_publish: StartPublish) -> None:
        self._resources = resources
        self._start_publish = start_publish

    def check(self, documents: Documents) -> tuple[list[Mistake], list[Mistake]]:
        """Mistakes, which keep the documents from being applied, and warnings; beside what is stored."""
        with self._resources.database.read() as connection:
            return check_documents(documents, known_definitions(connection))

    def plan(self, documents: Documents) -> tuple[DocumentPlan, ...]:
        """What `apply` would do."""
        with self._resources.database.read() as connection:
            return _plan(connection, documents)

    def apply(self, documents: Documents, *, force: bool = False, silent: bool = True) -> Applied:
        """Save and publish what has changed, all or nothing. The documents have passed `check`.

        Raises Conflict, having done nothing, when a draft was edited elsewhere; `force` overwrites such edits.
        """
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
            for plan in planned:
                self._save(connection, plan, now)
            versions = {}
            for plan in planned:
                if plan.publishes:
                    versions[plan.kind, plan.key] = self._publish(
                        connection, plan, now, silent=silent, started=started
                    )
            return Applied(planned, versions, ())

        applied = self._resources.database.run(work)
        for publish in started:
            self._start_publish(publish)
        workflow_ids = tuple(publish_workflow_id(publish.publication_id) for publish in started)
        return Applied(applied.planned, applied.versions, workflow_ids)

    def _save(self, connection: Connection, plan: DocumentPlan, now: Micros) -> None:
        """Save one document; all are saved before the first is published, since they may name each other."""
        model = plan.document.model
        if isinstance(model, Recipient):
            document = _recipient_document(model)
            definitions.save_recipient(
                connection,
                model.key,
                model.name or model.key,
                model.channels,
                applied=document,
                source=plan.document.text,
            )
        elif isinstance(model, ScoreProfile):
            save_profile(connection, model, now, source=plan.document.text)
        elif isinstance(model, Automation):
            save_automation(connection, model, now, source=plan.document.text)
        elif isinstance(model, SmartList):
            smart_lists.save(
                connection, model.key, smart_list_document(model), now, source=plan.document.text
            )

    def _publish(
        self,
        connection: Connection,
        plan: DocumentPlan,
        now: Micros,
        *,
        silent: bool,
        started: list[PublishInput],
    ) -> int:
        """Publish one document; its new version."""
        if isinstance(plan.document.model, ScoreProfile):
            row = find_definition(connection, definitions.PROFILES, plan.key)
            publish = publish_profile(connection, row, now, shards=self._resources.shards, silent=silent)
            started.append(publish.message)
            return publish.version
        row = find_definition(connection, definitions.AUTOMATIONS, plan.key)
        return publish_automation(connection, row, now, keep_paused=True)


def check_documents(documents: Documents, stored: Known | None = None) -> tuple[list[Mistake], list[Mistake]]:
    """Mistakes and warnings of valid documents beside each other and, where it is known, what is stored."""
    stored = stored or Known(profiles={})
    models = [document.model for document in documents.documents]
    profiles = {model.key: model for model in models if isinstance(model, ScoreProfile)}
    automations = [model for model in models if isinstance(model, Automation)]
    known = Known(
        profiles={**stored.profiles, **dict.fromkeys(documents.keys_of("score_profile")), **profiles},
        automations={*stored.automations, *documents.keys_of("automation")},
        recipients={*stored.recipients, *documents.keys_of("recipient")},
        event_types=stored.event_types,
        named_events=stored.named_events | events_named(profiles.values()),
        added_tags=stored.added_tags | tags_added(automations),
        tags=stored.tags,
        touching=cache(lambda: _touching(automations, stored)),
        published_bands={key: of for key, of in stored.published_bands.items() if key not in profiles},
    )
    mistakes, warnings = list(documents.mistakes), []
    for document in documents.documents:
        model = document.model
        if isinstance(model, ScoreProfile):
            problems = [*check_profile(model), *publish_problems(model)]
            mistakes += [document.mistake(problem) for problem in problems]
        elif isinstance(model, Automation):
            errors, strange = check_automation(model, known)
            mistakes += [document.mistake(problem) for problem in errors]
            warnings += [document.mistake(problem) for problem in strange]
        elif isinstance(model, SmartList):
            errors, strange = check_smart_list(model, known)
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


def _document_plan(connection: Connection, document: Document) -> DocumentPlan:
    model = document.model
    if isinstance(model, ScoreProfile):
        row = definitions.find(connection, definitions.PROFILES, document.key)
        version = _published(connection, definitions.PROFILES, row)
        wanted = profile_document(model)
        return _compared(
            document, row, wanted, _same_profile_document, is_published=same_profile(wanted, version)
        )
    if isinstance(model, Automation):
        row = definitions.find(connection, definitions.AUTOMATIONS, document.key)
        version = _published(connection, definitions.AUTOMATIONS, row)
        wanted = automation_document(model)
        return _compared(
            document, row, wanted, same_automation, is_published=same_automation(wanted, version)
        )
    if isinstance(model, SmartList):
        row = smart_lists.find(connection, document.key)
        known = {"draft": row["definition"], "applied": row["applied"]} if row is not None else None
        return _compared(document, known, smart_list_document(model), same_smart_list, is_published=True)
    if not isinstance(model, Recipient):
        raise TypeError(document.kind)
    recipient = definitions.find_recipient(connection, document.key)
    stored = None
    if recipient is not None:
        draft = {
            "kind": "recipient",
            "key": recipient["key"],
            "name": recipient["name"],
            "channels": recipient["channels"],
        }
        stored = {"draft": draft, "applied": recipient["applied"]}
    return _compared(document, stored, _recipient_document(model), eq, is_published=True)


def _published(connection: Connection, versions: Any, row: RowMapping | None) -> dict[str, Any] | None:
    if row is None or row["version"] is None:
        return None
    return definitions.version_definition(connection, versions, row["id"], row["version"])


def _same_profile_document(document: Any, other: Any) -> bool:
    """With name and description, unlike `same_profile`."""
    return same_profile(document, other) and all(
        (document.get(name) or None) == (other.get(name) or None) for name in ("name", "description")
    )


def _compared(
    document: Document,
    row: RowMapping | Mapping[str, Any] | None,
    wanted: dict[str, Any],
    same: Callable[[Any, Any], bool],
    *,
    is_published: bool,
) -> DocumentPlan:
    draft = row["draft"] if row is not None else None
    if draft is None:
        action: Action = "create"
    elif same(wanted, draft):
        action = "unchanged" if is_published else "publish"
    else:
        applied = row["applied"] if row is not None else None
        action = "change" if applied is not None and same(draft, applied) else "conflict"
    diff = "" if action in ("unchanged", "publish") else difference(draft, wanted, ("stored", "document"))
    return DocumentPlan(document.kind, document.key, action, not is_published, diff, document.file, document)


def _recipient_document(recipient: Recipient) -> dict[str, Any]:
    name = recipient.name or recipient.key
    return {"kind": "recipient", "key": recipient.key, "name": name, "channels": recipient.channels}
