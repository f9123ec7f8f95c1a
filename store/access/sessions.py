"""Sessions of people: the hash of each token, never the token."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from conditions.times import Micros
from store.tables import Person, PersonSession, table

SESSIONS, PEOPLE = table(PersonSession), table(Person)


def add(connection: Connection, row: Mapping[str, Any]) -> None:
    connection.execute(insert(SESSIONS).values(**row))


def with_person(connection: Connection, hash_: str) -> RowMapping | None:
    """The session, and of its person what says who that is and what they may do."""
    of_person = (PEOPLE.c.key, PEOPLE.c.name, PEOPLE.c.role, PEOPLE.c.language, PEOPLE.c.disabled)
    query = select(SESSIONS, *of_person).join(PEOPLE, PEOPLE.c.key == SESSIONS.c.person)
    return connection.execute(query.where(SESSIONS.c.hash == hash_)).mappings().one_or_none()


def of_person(connection: Connection, person: str) -> list[RowMapping]:
    """The newest first."""
    query = select(SESSIONS).where(SESSIONS.c.person == person).order_by(SESSIONS.c.created_at.desc())
    return list(connection.execute(query).mappings())


def note_seen(connection: Connection, hash_: str, now: Micros) -> None:
    connection.execute(update(SESSIONS).where(SESSIONS.c.hash == hash_).values(seen_at=now))


def end(connection: Connection, hash_: str) -> bool:
    """False when there is none."""
    return connection.execute(delete(SESSIONS).where(SESSIONS.c.hash == hash_)).rowcount > 0


def end_all(connection: Connection, person: str, besides: str | None = None) -> int:
    """End those of a person; how many there were."""
    query = delete(SESSIONS).where(SESSIONS.c.person == person)
    if besides is not None:
        query = query.where(SESSIONS.c.hash != besides)
    return connection.execute(query).rowcount


def forget_ended(connection: Connection, now: Micros, idle_before: Micros) -> int:
    """Delete what cannot be used any more."""
    query = delete(SESSIONS).where((SESSIONS.c.ends_at <= now) | (SESSIONS.c.seen_at <= idle_before))
    return connection.execute(query).rowcount


def was_at(connection: Connection, person: str, address: str) -> bool:
    """Whether the person is signed in from this address."""
    query = select(SESSIONS.c.hash).where(SESSIONS.c.person == person, SESSIONS.c.address == address)
    return connection.execute(query.limit(1)).first() is not None
