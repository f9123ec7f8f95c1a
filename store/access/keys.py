"""API keys: a hash of each, never the key."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from conditions.times import Micros
from store.tables import ApiKey, table

KEYS = table(ApiKey)


def add(connection: Connection, row: Mapping[str, Any]) -> None:
    connection.execute(insert(KEYS).values(**row))


def by_prefix(connection: Connection, prefix: str) -> RowMapping | None:
    return connection.execute(select(KEYS).where(KEYS.c.prefix == prefix)).mappings().one_or_none()


def by_id(connection: Connection, key_id: str) -> RowMapping | None:
    return connection.execute(select(KEYS).where(KEYS.c.id == key_id)).mappings().one_or_none()


def named(connection: Connection, name: str) -> list[RowMapping]:
    """Those of this name or readable beginning that are not revoked."""
    query = select(KEYS).where((KEYS.c.name == name) | (KEYS.c.prefix == name), KEYS.c.revoked_at.is_(None))
    return list(connection.execute(query).mappings())


def find_all(connection: Connection, before: str | None, limit: int) -> list[RowMapping]:
    """The newest first, those before `before`."""
    query = select(KEYS).order_by(KEYS.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(KEYS.c.id < before)
    return list(connection.execute(query).mappings())


def revoke(connection: Connection, key_id: str, now: Micros) -> None:
    connection.execute(update(KEYS).where(KEYS.c.id == key_id).values(revoked_at=now))


def note_use(connection: Connection, key_id: str, now: Micros) -> None:
    connection.execute(update(KEYS).where(KEYS.c.id == key_id).values(last_used_at=now))


def any_ever(connection: Connection) -> bool:
    """Whether there has been one, revoked ones among them."""
    return connection.execute(select(KEYS.c.id).limit(1)).first() is not None
