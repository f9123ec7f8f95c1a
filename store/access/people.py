"""People who may sign in."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, or_, select, update

from conditions.search import folded, folded_address
from store.tables import Person, table

PEOPLE = table(Person)


def add(connection: Connection, row: Mapping[str, Any]) -> None:
    connection.execute(insert(PEOPLE).values(**row, **_folded(row)))


def change(connection: Connection, key: str, row: Mapping[str, Any]) -> None:
    more = {"email_folded": folded_address(row["email"])} if "email" in row else {}
    connection.execute(update(PEOPLE).where(PEOPLE.c.key == key).values(**row, **more))


def by_key(connection: Connection, key: str) -> RowMapping | None:
    return connection.execute(select(PEOPLE).where(PEOPLE.c.key == key)).mappings().one_or_none()


def by_name(connection: Connection, name: str) -> RowMapping | None:
    """Who signs in with this key or e-mail address, without case; a key comes first."""
    tests = PEOPLE.c.key_folded == folded(name), PEOPLE.c.email_folded == (folded_address(name) or "")
    found = connection.execute(select(PEOPLE).where(or_(*tests))).mappings().all()
    return next((row for row in found if row["key_folded"] == folded(name)), found[0] if found else None)


def find_all(connection: Connection, after: str | None, limit: int) -> list[RowMapping]:
    """By key, those after `after`."""
    query = select(PEOPLE).order_by(PEOPLE.c.key).limit(limit)
    if after is not None:
        query = query.where(PEOPLE.c.key > after)
    return list(connection.execute(query).mappings())


def any_ever(connection: Connection) -> bool:
    return connection.execute(select(PEOPLE.c.key).limit(1)).first() is not None


def _folded(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"key_folded": folded(row["key"]), "email_folded": folded_address(row.get("email"))}
