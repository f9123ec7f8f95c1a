"""The kinds of documents that are applied: how each is compared with what is stored, checked, saved and published."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import BaseModel

from automations.checks import check_automation
from automations.known import Known
from automations.model import Automation, Recipient
from automations.profile_warnings import profile_warnings
from automations.smart_list import SmartList
from automations.smart_list_checks import check_smart_list
from automations.warnings import recipient_warnings
from conditions.problems import Problem
from conditions.times import Micros
from runtime.messages import PublishInput
from runtime.principals import SYSTEM, Principal
from scoring.checks import check_profile, publish_problems
from scoring.profile import ScoreProfile
from services.design.authorship import NOT_SAID, Authorship
from services.design.definitions import (
    archive_automation,
    archive_profile,
    find_definition,
    note_saved,
    publish_automation,
    publish_profile,
    save_automation,
    save_profile,
)
from services.design.documents import (
    automation_document,
    profile_document,
    same_automation,
    same_profile,
    same_smart_list,
    smart_list_document,
)
from store.access.audit import note
from store.connection import Connection, RowMapping
from store.design import definitions
from store.records import smart_lists

#: More of one kind are not looked through.
MOST = 10_000


@dataclass(frozen=True)
class StoredDocument:
    """What is stored of a document: its draft, what was applied last and from which text, and what is published."""

    key: str
    draft: Mapping[str, Any]
    applied: Mapping[str, Any] | None
    source: str | None
    published: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class PublishOptions:
    """How documents are published. `silent`: re-scoring fires no triggers; `by`: who publishes, and why."""

    shards: int
    silent: bool
    by: Authorship = NOT_SAID
    who: Principal = SYSTEM


@dataclass(frozen=True)
class PublishedDocument:
    """A version that was made; `message` starts a re-scoring, where there is one."""

    version: int
    message: PublishInput | None = None


class DocumentKind(ABC):
    """One kind. `model`: what its documents are read as; the methods take such models. `archived`: removing one keeps
    it, with its versions, for when it comes back.
    """

    name: ClassVar[str]
    model: ClassVar[type[BaseModel]]
    archived: ClassVar[bool] = False

    @abstractmethod
    def form(self, model: Any) -> dict[str, Any]:
        """As it is stored and compared."""

    @abstractmethod
    def stored(self, connection: Connection, key: str) -> StoredDocument | None:
        """What there is of this key."""

    @abstractmethod
    def all_stored(self, connection: Connection) -> list[StoredDocument]:
        """All there are, by key."""

    @abstractmethod
    def same(self, document: Any, other: Any) -> bool:
        """Whether two forms say the same, however much of it is written out."""

    def is_published(self, form: Mapping[str, Any], stored: StoredDocument | None) -> bool:
        """Whether nothing has to be published for the form to be in force."""
        del form, stored
        return True

    @abstractmethod
    def check(self, model: Any, known: Known) -> tuple[Sequence[Problem], Sequence[Problem]]:
        """Errors, which keep it from being applied, and warnings."""

    @abstractmethod
    def save(self, connection: Connection, model: Any, now: Micros, source: str, who: Principal) -> None:
        """Save it as draft, as applied from a text."""

    @abstractmethod
    def remove(self, connection: Connection, key: str, now: Micros, who: Principal) -> None:
        """Archive it, or delete it where it is of a kind that is not archived; raises Conflict while it is needed."""

    def publish(
        self, connection: Connection, key: str, now: Micros, how: PublishOptions
    ) -> PublishedDocument | None:
        """Make the draft a version; None of kinds that have none."""
        del connection, key, now, how
        return None


class _Versioned(DocumentKind):
    """A kind whose drafts become versions."""

    archived = True
    family: ClassVar[definitions.Family]

    def stored(self, connection: Connection, key: str) -> StoredDocument | None:
        row = definitions.find(connection, self.family, key)
        return None if row is None else self._of(connection, row)

    def all_stored(self, connection: Connection) -> list[StoredDocument]:
        rows = definitions.all_definitions(connection, self.family, limit=MOST)
        return [self._of(connection, row) for row in rows]

    def _of(self, connection: Connection, row: RowMapping) -> StoredDocument:
        published = None
        if row["version"] is not None:
            published = definitions.version_definition(connection, self.family, row["id"], row["version"])
        return StoredDocument(row["key"], row["draft"], row["applied"], row["source"], published)


class _ScoreProfiles(_Versioned):
    name = "score_profile"
    model = ScoreProfile
    family = definitions.PROFILES

    def form(self, model: ScoreProfile) -> dict[str, Any]:
        return profile_document(model)

    def same(self, document: Any, other: Any) -> bool:
        """With name and description, which need no publish."""
        return same_profile(document, other) and all(
            (document.get(name) or None) == (other.get(name) or None) for name in ("name", "description")
        )

    def is_published(self, form: Mapping[str, Any], stored: StoredDocument | None) -> bool:
        return stored is not None and same_profile(form, stored.published)

    def check(self, model: ScoreProfile, known: Known) -> tuple[Sequence[Problem], Sequence[Problem]]:
        problems = [*check_profile(model), *publish_problems(model)]
        return problems, [] if problems else [*profile_warnings(model, known)]

    def save(
        self, connection: Connection, model: ScoreProfile, now: Micros, source: str, who: Principal
    ) -> None:
        save_profile(connection, model, now, source=source, who=who)

    def remove(self, connection: Connection, key: str, now: Micros, who: Principal) -> None:
        archive_profile(connection, find_definition(connection, self.family, key), now, who)

    def publish(
        self, connection: Connection, key: str, now: Micros, how: PublishOptions
    ) -> PublishedDocument:
        row = find_definition(connection, self.family, key)
        publish = publish_profile(
            connection, row, now, shards=how.shards, silent=how.silent, by=how.by, who=how.who
        )
        return PublishedDocument(publish.version, publish.message)


class _Automations(_Versioned):
    name = "automation"
    model = Automation
    family = definitions.AUTOMATIONS

    def form(self, model: Automation) -> dict[str, Any]:
        return automation_document(model)

    def same(self, document: Any, other: Any) -> bool:
        return same_automation(document, other)

    def is_published(self, form: Mapping[str, Any], stored: StoredDocument | None) -> bool:
        return stored is not None and same_automation(form, stored.published)

    def check(self, model: Automation, known: Known) -> tuple[Sequence[Problem], Sequence[Problem]]:
        return check_automation(model, known)

    def save(
        self, connection: Connection, model: Automation, now: Micros, source: str, who: Principal
    ) -> None:
        save_automation(connection, model, now, source=source, who=who)

    def remove(self, connection: Connection, key: str, now: Micros, who: Principal) -> None:
        archive_automation(connection, find_definition(connection, self.family, key), now, who)

    def publish(
        self, connection: Connection, key: str, now: Micros, how: PublishOptions
    ) -> PublishedDocument:
        row = find_definition(connection, self.family, key)
        return PublishedDocument(
            publish_automation(connection, row, now, keep_paused=True, by=how.by, who=how.who)
        )


class _Recipients(DocumentKind):
    name = "recipient"
    model = Recipient

    def form(self, model: Recipient) -> dict[str, Any]:
        return _recipient_form(model.key, model.name or model.key, model.channels)

    def stored(self, connection: Connection, key: str) -> StoredDocument | None:
        row = definitions.find_recipient(connection, key)
        if row is None:
            return None
        return _stored_recipient(row)

    def all_stored(self, connection: Connection) -> list[StoredDocument]:
        return [_stored_recipient(row) for row in definitions.all_recipients(connection)]

    def same(self, document: Any, other: Any) -> bool:
        return bool(document == other)

    def check(self, model: Recipient, known: Known) -> tuple[Sequence[Problem], Sequence[Problem]]:
        del known
        return [], [*recipient_warnings(model)]

    def save(
        self, connection: Connection, model: Recipient, now: Micros, source: str, who: Principal
    ) -> None:
        before = definitions.find_recipient(connection, model.key)
        form = self.form(model)
        definitions.save_recipient(
            connection, model.key, form["name"], model.channels, applied=form, source=source
        )
        was = None if before is None else {"name": before["name"], "channels": before["channels"]}
        told = {"name": form["name"], "channels": [*model.channels]}
        note_saved(connection, who, now, self.name, model.key, was, told)

    def remove(self, connection: Connection, key: str, now: Micros, who: Principal) -> None:
        definitions.remove_recipient(connection, key)
        note(connection, who, now, "delete", self.name, key)


def _stored_recipient(row: RowMapping) -> StoredDocument:
    form = _recipient_form(row["key"], row["name"], row["channels"])
    return StoredDocument(row["key"], form, row["applied"], row["source"])


def _recipient_form(key: str, name: str, channels: Sequence[str]) -> dict[str, Any]:
    return {"kind": "recipient", "key": key, "name": name, "channels": [*channels]}


class _SmartLists(DocumentKind):
    name = "smart_list"
    model = SmartList

    def form(self, model: SmartList) -> dict[str, Any]:
        return smart_list_document(model)

    def stored(self, connection: Connection, key: str) -> StoredDocument | None:
        row = smart_lists.find(connection, key)
        return None if row is None else _stored_list(row)

    def all_stored(self, connection: Connection) -> list[StoredDocument]:
        return [_stored_list(row) for row in smart_lists.find_all(connection, "", MOST)]

    def same(self, document: Any, other: Any) -> bool:
        return same_smart_list(document, other)

    def check(self, model: SmartList, known: Known) -> tuple[Sequence[Problem], Sequence[Problem]]:
        return check_smart_list(model, known)

    def save(
        self, connection: Connection, model: SmartList, now: Micros, source: str, who: Principal
    ) -> None:
        before = smart_lists.find(connection, model.key)
        smart_lists.save(connection, model.key, self.form(model), now, source=source)
        was = None if before is None else before["definition"]
        note_saved(connection, who, now, self.name, model.key, was, self.form(model))

    def remove(self, connection: Connection, key: str, now: Micros, who: Principal) -> None:
        smart_lists.remove(connection, key)
        note(connection, who, now, "delete", self.name, key)


def _stored_list(row: RowMapping) -> StoredDocument:
    return StoredDocument(row["key"], row["definition"], row["applied"], row["source"])


#: By their names; those that others refer to come first, and are saved and published first.
DOCUMENT_KINDS: Mapping[str, DocumentKind] = {
    kind.name: kind for kind in (_ScoreProfiles(), _Automations(), _Recipients(), _SmartLists())
}
MODELS: Mapping[str, type[BaseModel]] = {name: kind.model for name, kind in DOCUMENT_KINDS.items()}
"""The model of each `kind` of document, for `load_documents`."""
