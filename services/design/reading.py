"""Reading profiles and automations: drafts, versions, and what lies between them."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Generic, TypeVar

from conditions.times import to_iso
from services import cursors
from services.answers import Page
from services.design.answers import Comparison, Version
from services.design.definitions import find_definition
from services.design.differences import difference
from services.design.documents import with_bands_in_order
from services.entity_tags import TaggedAnswer
from services.preconditions import Precondition
from services.resources import NotFound, Resources
from store.connection import Connection, RowMapping
from store.design import definitions

Shown = TypeVar("Shown", bound=TaggedAnswer)


class Definitions(ABC, Generic[Shown]):
    """One family of definitions, as it is read."""

    family: ClassVar[definitions.Family]

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    @abstractmethod
    def shown(self, connection: Connection, row: RowMapping) -> Shown:
        """The draft as its author wrote it, and how it stands."""

    def check(self, when: Precondition, connection: Connection, key: str, row: RowMapping | None) -> None:
        """Raise PreconditionFailed unless one is as the caller wants it; `row`: None when there is none."""
        if when:
            present = None if row is None else self.shown(connection, row)
            when.check(f'the {self.family.name} "{key}"', present)

    def checked(self, when: Precondition, connection: Connection, key: str) -> RowMapping:
        """The row of one that is as the caller wants it; raises NotFound, PreconditionFailed."""
        row = find_definition(connection, self.family, key)
        self.check(when, connection, key, row)
        return row

    def get(self, key: str) -> Shown:
        """One of them; raises NotFound."""
        with self._resources.database.read() as connection:
            return self.shown(connection, find_definition(connection, self.family, key))

    def keys(self) -> list[str]:
        """The keys of all of them, in order."""
        with self._resources.database.read() as connection:
            return sorted(definitions.all_keys(connection, self.family))

    def find(self, *, cursor: str | None, limit: int) -> Page[Shown]:
        """A page of them, by key."""
        of = f"{self.family.name}s"
        after = cursors.decode_one(cursor, of, str) or ""
        with self._resources.database.read() as connection:
            drafts = definitions.all_definitions(connection, self.family, after, limit + 1)
            taken, following = cursors.cut(drafts, limit, of, lambda row: [row["key"]])
            return Page(items=[self.shown(connection, row) for row in taken], next=following)

    def versions(self, key: str) -> Page[Version]:
        """All versions of one, the newest first."""
        with self._resources.database.read() as connection:
            row = find_definition(connection, self.family, key)
            versions = definitions.versions_of(connection, self.family, row["id"])
        return Page[Version](
            items=[
                Version(
                    version=version["version"],
                    published_at=to_iso(version["published_at"]),
                    current=version["version"] == row["version"],
                    author=version["author"],
                    comment=version["comment"],
                    definition=with_bands_in_order(version["definition"]),
                )
                for version in versions
            ],
            next=None,
        )

    def compare(self, key: str, before: int | None, after: int | None) -> Comparison:
        """What changed from one version to another; by default from the published one to the draft."""
        with self._resources.database.read() as connection:
            row = find_definition(connection, self.family, key)
            return compare_versions(connection, self.family, row, before, after)


def compare_versions(
    connection: Connection, family: definitions.Family, row: RowMapping, before: int | None, after: int | None
) -> Comparison:
    """What changed from one version to another, as a diff of YAML. By default from the published one to the draft."""
    before = before if before is not None else row["version"]

    def content(version: int) -> dict[str, Any]:
        definition = definitions.version_definition(connection, family, row["id"], version)
        if definition is None:
            had = f"its versions are 1 to {row['latest']}" if row["latest"] else "it has not been published"
            raise NotFound(f'"{row["key"]}" has no version {version}; {had}')
        return definition

    old = content(before) if before is not None else None
    new = content(after) if after is not None else row["draft"]
    names = (
        f"version {before}" if before is not None else "nothing",
        f"version {after}" if after else "draft",
    )
    return Comparison(from_=before, to=after, diff=difference(old, new, names))
