"""Profiles, automations and recipients: drafts, versions, what is published."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, RowMapping, Table, and_, delete, desc, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from conditions.times import Micros
from store import meta
from store.tables import (
    Automation,
    AutomationVersion,
    Profile,
    ProfileVersion,
    Publication,
    Recipient,
    SmartList,
    table,
)

_PROFILES, _PROFILE_VERSIONS = table(Profile), table(ProfileVersion)
_AUTOMATIONS, _AUTOMATION_VERSIONS = table(Automation), table(AutomationVersion)
RECIPIENTS = table(Recipient)
PUBLICATIONS = table(Publication)
_OF_KIND: Mapping[str, Table] = {
    "score_profile": _PROFILES,
    "automation": _AUTOMATIONS,
    "recipient": RECIPIENTS,
    "smart_list": table(SmartList),
}


@dataclass(frozen=True)
class Family:
    """What profiles and automations have in common: drafts that become versions, of which one is published.

    `versions` point to their definition by the column `owner`. `first`: what a new row has besides its draft;
    `published`: what it has once a version is published.
    """

    name: str
    table: Table
    versions: Table
    owner: str
    first: Mapping[str, Any]
    published: Mapping[str, Any]


PROFILES = Family("profile", _PROFILES, _PROFILE_VERSIONS, "profile_id", first={"emptied": 0}, published={})
AUTOMATIONS = Family(
    "automation",
    _AUTOMATIONS,
    _AUTOMATION_VERSIONS,
    "automation_id",
    first={"paused": False},
    published={"paused": False},
)


class PublishedProfile(NamedTuple):
    """`silent`: whether re-scoring to this version fires no triggers. Scores of versions up to `emptied` are empty."""

    id: int
    version: int
    definition: Mapping[str, Any]
    published_at: Micros
    silent: bool
    emptied: int


class PublishedAutomation(NamedTuple):
    id: int
    key: str
    version: int
    definition: Mapping[str, Any]
    paused: bool


def find(connection: Connection, family: Family, key: str) -> RowMapping | None:
    """The profile's or automation's row; None when there is none of this key, or it is archived."""
    return (
        connection.execute(
            select(family.table).where(family.table.c.key == key, family.table.c.archived.is_(False))
        )
        .mappings()
        .one_or_none()
    )


def find_many(connection: Connection, family: Family, keys: Collection[str]) -> dict[str, dict[str, Any]]:
    """The same for many, by key."""
    known = family.table.c.key.in_(list(keys)), family.table.c.archived.is_(False)
    query = select(family.table).where(*known)
    return {row["key"]: dict(row) for row in connection.execute(query).mappings()}


def find_even_archived(connection: Connection, family: Family, key: str) -> RowMapping | None:
    return connection.execute(select(family.table).where(family.table.c.key == key)).mappings().one_or_none()


def all_definitions(
    connection: Connection, family: Family, after: str = "", limit: int = 500
) -> list[RowMapping]:
    """Rows by key, those after `after`."""
    return list(
        connection.execute(
            select(family.table)
            .where(family.table.c.archived.is_(False), family.table.c.key > after)
            .order_by(family.table.c.key)
            .limit(limit)
        ).mappings()
    )


def kinds(connection: Connection) -> dict[int, str]:
    """By profile id, the kind of record that it scores, published or not."""
    query = select(_PROFILES.c.id, _PROFILES.c.applies_to)
    return {row.id: row.applies_to for row in connection.execute(query)}


def all_keys(connection: Connection, family: Family) -> set[str]:
    """The keys of all that are not archived."""
    query = select(family.table.c.key).where(family.table.c.archived.is_(False))
    return set(connection.execute(query).scalars())


def all_drafts(connection: Connection) -> list[dict[str, Any]]:
    """The drafts of all automations that are not archived."""
    query = select(_AUTOMATIONS.c.draft).where(_AUTOMATIONS.c.archived.is_(False))
    return list(connection.execute(query).scalars())


def save_draft(
    connection: Connection,
    family: Family,
    key: str,
    draft: Mapping[str, Any],
    now: Micros,
    *,
    source: str | None = None,
    extra: Mapping[str, Any] | None = None,
) -> None:
    """Create or change a draft; a key that was archived comes back as a draft with its versions.

    `source`: the text of the file that it is applied from.
    """
    values: dict[str, Any] = {"draft": dict(draft), "updated_at": now, "archived": False, **(extra or {})}
    if source is not None:
        values |= {"applied": dict(draft), "source": source}
    changed = connection.execute(update(family.table).where(family.table.c.key == key).values(**values))
    if changed.rowcount == 0:
        connection.execute(insert(family.table).values(key=key, latest=0, **values, **family.first))


def publish_version(
    connection: Connection,
    family: Family,
    row: RowMapping,
    definition: Any,
    now: Micros,
    *,
    author: str | None = None,
    comment: str | None = None,
) -> int:
    """Make the next immutable version and switch to it; the version's number."""
    version = int(row["latest"]) + 1
    connection.execute(
        insert(family.versions).values(
            {
                family.owner: row["id"],
                "version": version,
                "definition": definition,
                "published_at": now,
                "author": author,
                "comment": comment,
            }
        )
    )
    values = {"version": version, "latest": version, "updated_at": now, **family.published}
    connection.execute(update(family.table).where(family.table.c.id == row["id"]).values(**values))
    meta.bump_definitions(connection)
    return version


def change_definition(connection: Connection, family: Family, row_id: int, **values: Any) -> None:
    """Unpublish, pause, resume, archive."""
    connection.execute(update(family.table).where(family.table.c.id == row_id).values(**values))
    meta.bump_definitions(connection)


def versions_of(connection: Connection, family: Family, owner_id: int) -> list[RowMapping]:
    """All versions, the newest first."""
    versions = family.versions.c
    query = select(family.versions).where(versions[family.owner] == owner_id).order_by(desc(versions.version))
    return list(connection.execute(query).mappings())


def note_applied(
    connection: Connection, kind: str, key: str, applied: Mapping[str, Any], source: str
) -> None:
    """Note that a definition, as it is stored, is what a file says, too."""
    of_kind = _OF_KIND[kind]
    values = {"applied": dict(applied), "source": source}
    connection.execute(update(of_kind).where(of_kind.c.key == key).values(**values))


def version_definition(
    connection: Connection, family: Family, owner_id: int, version: int
) -> dict[str, Any] | None:
    """The definition of one version."""
    versions = family.versions.c
    query = select(versions.definition).where(versions[family.owner] == owner_id, versions.version == version)
    definition: dict[str, Any] | None = connection.execute(query).scalar_one_or_none()
    return definition


def published_profiles(connection: Connection) -> list[PublishedProfile]:
    silent = (
        select(PUBLICATIONS.c.silent)
        .where(
            PUBLICATIONS.c.profile_id == _PROFILES.c.id,
            PUBLICATIONS.c.version == _PROFILES.c.version,
        )
        .limit(1)
        .scalar_subquery()
    )
    published = connection.execute(
        select(
            _PROFILES.c.id,
            _PROFILES.c.version,
            _PROFILE_VERSIONS.c.definition,
            _PROFILE_VERSIONS.c.published_at,
            func.coalesce(silent, True),
            _PROFILES.c.emptied,
        )
        .join(
            _PROFILE_VERSIONS,
            and_(
                _PROFILE_VERSIONS.c.profile_id == _PROFILES.c.id,
                _PROFILE_VERSIONS.c.version == _PROFILES.c.version,
            ),
        )
        .where(_PROFILES.c.archived.is_(False))
        .order_by(_PROFILES.c.id)
    )
    return [PublishedProfile(*row) for row in published]


def published_automations(connection: Connection) -> list[PublishedAutomation]:
    published = connection.execute(
        select(
            _AUTOMATIONS.c.id,
            _AUTOMATIONS.c.key,
            _AUTOMATIONS.c.version,
            _AUTOMATION_VERSIONS.c.definition,
            _AUTOMATIONS.c.paused,
        )
        .join(
            _AUTOMATION_VERSIONS,
            and_(
                _AUTOMATION_VERSIONS.c.automation_id == _AUTOMATIONS.c.id,
                _AUTOMATION_VERSIONS.c.version == _AUTOMATIONS.c.version,
            ),
        )
        .where(_AUTOMATIONS.c.archived.is_(False))
        .order_by(_AUTOMATIONS.c.id)
    )
    return [PublishedAutomation(*row) for row in published]


def save_recipient(
    connection: Connection,
    key: str,
    name: str,
    channels: list[str],
    *,
    applied: Mapping[str, Any] | None = None,
    source: str | None = None,
) -> None:
    """Create or change a recipient; `applied` and `source`: the document of a file, and its text."""
    make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    values: dict[str, Any] = {"name": name, "channels": channels}
    if applied is not None:
        values |= {"applied": dict(applied), "source": source}
    statement = make(RECIPIENTS).values(key=key, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_=values))


def remove_recipient(connection: Connection, key: str) -> None:
    connection.execute(delete(RECIPIENTS).where(RECIPIENTS.c.key == key))


def find_recipient(connection: Connection, key: str) -> RowMapping | None:
    return connection.execute(select(RECIPIENTS).where(RECIPIENTS.c.key == key)).mappings().one_or_none()


def find_recipients(connection: Connection, keys: Collection[str]) -> dict[str, dict[str, Any]]:
    """Recipients by key."""
    query = select(RECIPIENTS).where(RECIPIENTS.c.key.in_(list(keys)))
    return {row["key"]: dict(row) for row in connection.execute(query).mappings()}


def all_recipients(connection: Connection) -> list[RowMapping]:
    return list(connection.execute(select(RECIPIENTS).order_by(RECIPIENTS.c.key)).mappings())


def profile_keys(connection: Connection) -> dict[int, str]:
    """By id, those of archived ones, too."""
    query = select(_PROFILES.c.id, _PROFILES.c.key)
    return {row.id: row.key for row in connection.execute(query)}


def profile_key(connection: Connection, profile_id: int) -> str | None:
    key: str | None = connection.execute(
        select(_PROFILES.c.key).where(_PROFILES.c.id == profile_id)
    ).scalar_one_or_none()
    return key
