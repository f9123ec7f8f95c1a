"""Saved questions about contacts or deals."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from conditions.times import Micros
from store.tables import SmartList, table

SMART_LISTS = table(SmartList)


def find(connection: Connection, key: str) -> RowMapping | None:
    return connection.execute(select(SMART_LISTS).where(SMART_LISTS.c.key == key)).mappings().one_or_none()


def find_all(connection: Connection, after: str, limit: int) -> list[RowMapping]:
    """Rows by key, those after `after`."""
    query = select(SMART_LISTS).where(SMART_LISTS.c.key > after).order_by(SMART_LISTS.c.key).limit(limit)
    return list(connection.execute(query).mappings())


def save(
    connection: Connection,
    key: str,
    definition: Mapping[str, Any],
    now: Micros,
    *,
    source: str | None = None,
) -> None:
    """Create or change a list; `source`: the text of the file that it is applied from."""
    make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    values = {"definition": dict(definition), "updated_at": now}
    if source is not None:
        values |= {"applied": dict(definition), "source": source}
    connection.execute(
        make(SMART_LISTS).values(key=key, **values).on_conflict_do_update(index_elements=["key"], set_=values)
    )


def remove(connection: Connection, key: str) -> bool:
    return connection.execute(delete(SMART_LISTS).where(SMART_LISTS.c.key == key)).rowcount > 0
