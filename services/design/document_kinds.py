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
from automations.warnings import recipient_warnings
from conditions.problems import Problem
from conditions.times import Micros
from runtime.messages import PublishInput
from scoring.checks import check_profile, publish_problems
from scoring.profile import ScoreProfile
from services.design.definitions import (
    find_definition,
    publish_automation,
    publish_profile,
    save_automation,
    save_profile,
)
from services.design.documents import automation_document, profile_document, same_automation, same_profile
from store.connection import Connection
from store.design import definitions


@dataclass(frozen=True)
class StoredDocument:
    """What is stored of a document: its draft, what was applied last, and what is published."""

    draft: Mapping[str, Any]
    applied: Mapping[str, Any] | None
    published: Mapping[str, Any] | None


@dataclass(frozen=True)
class PublishedDocument:
    """A version that was made; `message` starts a re-scoring, where there is one."""

    version: int
    message: PublishInput | None = None


class DocumentKind(ABC):
    """One kind. `model`: what its documents are read as; the methods take such models."""

    name: ClassVar[str]
    model: ClassVar[type[BaseModel]]

    @abstractmethod
    def form(self, model: Any) -> dict[str, Any]:
        """As it is stored and compared."""

    @abstractmethod
    def stored(self, connection: Connection, key: str) -> StoredDocument | None:
        """What there is of this key."""

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
    def save(self, connection: Connection, model: Any, now: Micros) -> None:
        """Save it as draft, as applied."""

    def publish(
        self, connection: Connection, key: str, now: Micros, *, shards: int, silent: bool
    ) -> PublishedDocument:
        """Make the draft a version. Only of kinds that have versions."""
        raise NotImplementedError(self.name)


class _Versioned(DocumentKind):
    """A kind whose drafts become versions."""

    family: ClassVar[definitions.Family]

    def stored(self, connection: Connection, key: str) -> StoredDocument | None:
        row = definitions.find(connection, self.family, key)
        if row is None:
            return None
        published = None
        if row["version"] is not None:
            published = definitions.version_definition(connection, self.family, row["id"], row["version"])
        return StoredDocument(row["draft"], row["applied"], published)


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

    def save(self, connection: Connection, model: ScoreProfile, now: Micros) -> None:
        save_profile(connection, model, now, applied=True)

    def publish(
        self, connection: Connection, key: str, now: Micros, *, shards: int, silent: bool
    ) -> PublishedDocument:
        row = find_definition(connection, self.family, key)
        publish = publish_profile(connection, row, now, shards=shards, silent=silent)
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

    def save(self, connection: Connection, model: Automation, now: Micros) -> None:
        save_automation(connection, model, now, applied=True)

    def publish(
        self, connection: Connection, key: str, now: Micros, *, shards: int, silent: bool
    ) -> PublishedDocument:
        del shards, silent
        row = find_definition(connection, self.family, key)
        return PublishedDocument(publish_automation(connection, row, now, keep_paused=True))


class _Recipients(DocumentKind):
    name = "recipient"
    model = Recipient

    def form(self, model: Recipient) -> dict[str, Any]:
        return _recipient_form(model.key, model.name or model.key, model.channels)

    def stored(self, connection: Connection, key: str) -> StoredDocument | None:
        row = definitions.find_recipient(connection, key)
        if row is None:
            return None
        return StoredDocument(_recipient_form(row["key"], row["name"], row["channels"]), row["applied"], None)

    def same(self, document: Any, other: Any) -> bool:
        return bool(document == other)

    def check(self, model: Recipient, known: Known) -> tuple[Sequence[Problem], Sequence[Problem]]:
        del known
        return [], [*recipient_warnings(model)]

    def save(self, connection: Connection, model: Recipient, now: Micros) -> None:
        del now
        form = self.form(model)
        definitions.save_recipient(connection, model.key, form["name"], model.channels, form)


def _recipient_form(key: str, name: str, channels: Sequence[str]) -> dict[str, Any]:
    return {"kind": "recipient", "key": key, "name": name, "channels": [*channels]}


#: By their names; those that others refer to come first, and are saved and published first.
DOCUMENT_KINDS: Mapping[str, DocumentKind] = {
    kind.name: kind for kind in (_ScoreProfiles(), _Automations(), _Recipients())
}
MODELS: Mapping[str, type[BaseModel]] = {name: kind.model for name, kind in DOCUMENT_KINDS.items()}
"""The model of each `kind` of document, for `load_documents`."""
