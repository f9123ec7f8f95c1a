"""The audit: rows are added, read, trimmed by age, and lose what they say of somebody who is erased."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, delete, insert, null, select, update
from uuid_utils import uuid7

from conditions.times import Micros
from runtime.principals import Principal
from store.tables import Audit, table

AUDIT = table(Audit)


def note(
    connection: Connection,
    by: Principal,
    now: Micros,
    action: str,
    thing: str,
    subject: str | None,
    *,
    contact_id: int | None = None,
    before: Any = None,
    after: Any = None,
) -> None:
    """Note that somebody does something, in the transaction that does it.

    `contact_id`: whose data it tells of; that is removed when the contact is erased.
    """
    connection.execute(
        insert(AUDIT).values(
            id=str(uuid7()),
            at=now,
            kind=by.kind,
            actor=by.author,
            actor_id=by.id,
            address=by.address,
            action=action,
            thing=thing,
            subject=subject,
            contact_id=contact_id,
            before=before,
            after=after,
        )
    )


def find(
    connection: Connection,
    *,
    before: str | None,
    limit: int,
    equal: Mapping[str, Any],
    since: Micros | None = None,
    until: Micros | None = None,
) -> list[RowMapping]:
    """The newest first, those before the id `before`. `equal`: what columns have to hold."""
    query = select(AUDIT).order_by(AUDIT.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(AUDIT.c.id < before)
    if since is not None:
        query = query.where(AUDIT.c.at >= since)
    if until is not None:
        query = query.where(AUDIT.c.at < until)
    for name, value in equal.items():
        query = query.where(AUDIT.c[name] == value)
    return list(connection.execute(query).mappings())


def strip(connection: Connection, contact_ids: Collection[int]) -> None:
    """Remove what rows say of a contact that is erased; that something was done, by whom and when, stays."""
    _strip(connection, AUDIT.c.contact_id.in_(contact_ids))


def strip_subject(connection: Connection, thing: str, subject: str) -> None:
    """The same of one thing, such as a deal."""
    _strip(connection, (AUDIT.c.thing == thing) & (AUDIT.c.subject == subject))


def _strip(connection: Connection, test: ColumnElement[bool]) -> None:
    connection.execute(update(AUDIT).where(test).values(subject=None, before=null(), after=null()))


def trim(connection: Connection, before: Micros, most: int) -> int:
    """Delete up to `most` rows from before a time; how many it were."""
    old = select(AUDIT.c.id).where(AUDIT.c.at < before).order_by(AUDIT.c.at, AUDIT.c.id).limit(most)
    return connection.execute(delete(AUDIT).where(AUDIT.c.id.in_(old))).rowcount
