"""Profiles, automations and recipients: drafts, versions, what is published."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection, RowMapping, Table, and_, desc, func, insert, select, update
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
    table,
)

PROFILES = table(Profile)
PROFILE_VERSIONS = table(ProfileVersion)
AUTOMATIONS = table(Automation)
AUTOMATION_VERSIONS = table(AutomationVersion)
RECIPIENTS = table(Recipient)
PUBLICATIONS = table(Publication)


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


def find(connection: Connection, definitions: Table, key: str) -> RowMapping | None:
    """The profile's or automation's row; None when there is none of this key, or it is archived."""
    return (
        connection.execute(
            select(definitions).where(definitions.c.key == key, definitions.c.archived.is_(False))
        )
        .mappings()
        .one_or_none()
    )


def find_even_archived(connection: Connection, definitions: Table, key: str) -> RowMapping | None:
    return connection.execute(select(definitions).where(definitions.c.key == key)).mappings().one_or_none()


def all_definitions(
    connection: Connection, definitions: Table, after: str = "", limit: int = 500
) -> list[RowMapping]:
    """Rows by key, those after `after`."""
    return list(
        connection.execute(
            select(definitions)
            .where(definitions.c.archived.is_(False), definitions.c.key > after)
            .order_by(definitions.c.key)
            .limit(limit)
        ).mappings()
    )


def kinds(connection: Connection) -> dict[int, str]:
    """By profile id, the kind of record that it scores, published or not."""
    query = select(PROFILES.c.id, PROFILES.c.applies_to)
    return {row.id: row.applies_to for row in connection.execute(query)}


def all_keys(connection: Connection, definitions: Table) -> set[str]:
    """The keys of all that are not archived."""
    query = select(definitions.c.key).where(definitions.c.archived.is_(False))
    return set(connection.execute(query).scalars())


def all_drafts(connection: Connection) -> list[dict[str, Any]]:
    """The drafts of all automations that are not archived."""
    query = select(AUTOMATIONS.c.draft).where(AUTOMATIONS.c.archived.is_(False))
    return list(connection.execute(query).scalars())


def save_draft(
    connection: Connection,
    definitions: Table,
    key: str,
    draft: Mapping[str, Any],
    now: Micros,
    *,
    applied: bool = False,
    extra: Mapping[str, Any] | None = None,
) -> None:
    """Create or change a draft; a key that was archived comes back as a draft with its versions."""
    values: dict[str, Any] = {"draft": dict(draft), "updated_at": now, "archived": False, **(extra or {})}
    if applied:
        values["applied"] = dict(draft)
    changed = connection.execute(update(definitions).where(definitions.c.key == key).values(**values))
    if changed.rowcount == 0:
        more = {"paused": False} if definitions is AUTOMATIONS else {"emptied": 0}
        connection.execute(insert(definitions).values(key=key, latest=0, **values, **more))


def publish_version(
    connection: Connection, definitions: Table, versions: Table, row: RowMapping, definition: Any, now: Micros
) -> int:
    """Make the next immutable version and switch to it; the version's number."""
    version = int(row["latest"]) + 1
    owner = versions.c[0].name
    connection.execute(
        insert(versions).values(
            {owner: row["id"], "version": version, "definition": definition, "published_at": now}
        )
    )
    values: dict[str, Any] = {"version": version, "latest": version, "updated_at": now}
    if definitions is AUTOMATIONS:
        values["paused"] = False
    connection.execute(update(definitions).where(definitions.c.id == row["id"]).values(**values))
    meta.bump_definitions(connection)
    return version


def change_definition(connection: Connection, definitions: Table, row_id: int, **values: Any) -> None:
    """Unpublish, pause, resume, archive."""
    connection.execute(update(definitions).where(definitions.c.id == row_id).values(**values))
    meta.bump_definitions(connection)


def versions_of(connection: Connection, versions: Table, owner_id: int) -> list[RowMapping]:
    """All versions, the newest first."""
    return list(
        connection.execute(
            select(versions).where(versions.c[0] == owner_id).order_by(desc(versions.c.version))
        ).mappings()
    )


def version_definition(
    connection: Connection, versions: Table, owner_id: int, version: int
) -> dict[str, Any] | None:
    """The definition of one version."""
    found: dict[str, Any] | None = connection.execute(
        select(versions.c.definition).where(versions.c[0] == owner_id, versions.c.version == version)
    ).scalar_one_or_none()
    return found


def published_profiles(connection: Connection) -> list[PublishedProfile]:
    silent = (
        select(PUBLICATIONS.c.silent)
        .where(
            PUBLICATIONS.c.profile_id == PROFILES.c.id,
            PUBLICATIONS.c.version == PROFILES.c.version,
        )
        .limit(1)
        .scalar_subquery()
    )
    rows = connection.execute(
        select(
            PROFILES.c.id,
            PROFILES.c.version,
            PROFILE_VERSIONS.c.definition,
            PROFILE_VERSIONS.c.published_at,
            func.coalesce(silent, True),
            PROFILES.c.emptied,
        )
        .join(
            PROFILE_VERSIONS,
            and_(
                PROFILE_VERSIONS.c.profile_id == PROFILES.c.id,
                PROFILE_VERSIONS.c.version == PROFILES.c.version,
            ),
        )
        .where(PROFILES.c.archived.is_(False))
        .order_by(PROFILES.c.id)
    )
    return [PublishedProfile(*row) for row in rows]


def published_automations(connection: Connection) -> list[PublishedAutomation]:
    rows = connection.execute(
        select(
            AUTOMATIONS.c.id,
            AUTOMATIONS.c.key,
            AUTOMATIONS.c.version,
            AUTOMATION_VERSIONS.c.definition,
            AUTOMATIONS.c.paused,
        )
        .join(
            AUTOMATION_VERSIONS,
            and_(
                AUTOMATION_VERSIONS.c.automation_id == AUTOMATIONS.c.id,
                AUTOMATION_VERSIONS.c.version == AUTOMATIONS.c.version,
            ),
        )
        .where(AUTOMATIONS.c.archived.is_(False))
        .order_by(AUTOMATIONS.c.id)
    )
    return [PublishedAutomation(*row) for row in rows]


def save_recipient(
    connection: Connection, key: str, name: str, channels: list[str], applied: dict[str, Any] | None = None
) -> None:
    make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement = make(RECIPIENTS).values(key=key, name=name, channels=channels, applied=applied)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["key"], set_={"name": name, "channels": channels, "applied": applied}
        )
    )


def find_recipient(connection: Connection, key: str) -> RowMapping | None:
    return connection.execute(select(RECIPIENTS).where(RECIPIENTS.c.key == key)).mappings().one_or_none()


def all_recipients(connection: Connection) -> list[RowMapping]:
    return list(connection.execute(select(RECIPIENTS).order_by(RECIPIENTS.c.key)).mappings())


def profile_key(connection: Connection, profile_id: int) -> str | None:
    found: str | None = connection.execute(
        select(PROFILES.c.key).where(PROFILES.c.id == profile_id)
    ).scalar_one_or_none()
    return found
