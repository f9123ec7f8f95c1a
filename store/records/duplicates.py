"""Contacts that share an e-mail address, in the field or as the key, whatever case and composition it is written in."""

from typing import Any

from sqlalchemy import Connection, RowMapping, func, select

from store.bulk import Bulk
from store.records.contacts import CONTACTS

#: Folded addresses after one; each part reads one index from there on.
_SHARED = (
    "SELECT email_folded AS address FROM contacts WHERE email_folded > ? GROUP BY email_folded HAVING count(*) > 1 "
    "UNION SELECT key_folded FROM contacts WHERE key_folded > ? GROUP BY key_folded HAVING count(*) > 1 "
    "UNION SELECT other.key_folded FROM contacts AS other JOIN contacts ON contacts.email_folded = other.key_folded "
    "WHERE other.key_folded > ?"
)


def shared_addresses(connection: Connection, after: str, limit: int) -> list[str]:
    """Folded addresses that several contacts have, in their order, those after one."""
    statement = f"SELECT address FROM ({_SHARED}) AS shared ORDER BY address LIMIT ?"
    return [row[0] for row in Bulk(connection).rows(statement, after, after, after, limit)]


def count_shared(connection: Connection, newer_than: int = 0) -> int:
    """How many addresses several contacts have, of which one at least has a higher id."""
    statement = f"SELECT count(*) FROM ({_SHARED}) AS shared"
    parameters: list[Any] = ["", "", ""]
    if newer_than:
        statement += (
            " WHERE EXISTS (SELECT 1 FROM contacts WHERE email_folded = address AND id > ?)"
            " OR EXISTS (SELECT 1 FROM contacts WHERE key_folded = address AND id > ?)"
        )
        parameters += [newer_than, newer_than]
    count: int = Bulk(connection).rows(statement, *parameters)[0][0]
    return count


def newest_contact(connection: Connection) -> int:
    """The highest id of a contact; 0 without any."""
    newest: int = Bulk(connection).rows("SELECT coalesce(max(id), 0) FROM contacts")[0][0]
    return newest


def contacts_sharing(connection: Connection, address: str, limit: int) -> tuple[int, list[RowMapping]]:
    """How many contacts have the folded address, and the oldest of them."""
    of_field = select(CONTACTS.c.id).where(CONTACTS.c.email_folded == address)
    ids = of_field.union_all(select(CONTACTS.c.id).where(CONTACTS.c.key_folded == address)).subquery()
    query = select(CONTACTS).where(CONTACTS.c.id.in_(select(ids.c.id))).order_by(CONTACTS.c.id).limit(limit)
    total: int = connection.execute(select(func.count()).select_from(ids)).scalar_one()
    return total, list(connection.execute(query).mappings())
