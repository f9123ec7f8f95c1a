"""What imports look up: rows of earlier imports, and what contacts have of what a file says."""

import re
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from conditions.times import Micros
from store.bulk import Bulk

_PAGE = 2_000
_DIGITS = ", ".join(f"'{digit}'" for digit in range(10))
#: Ids that were given to lines of NDJSON without one.
_GIVEN = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")


class EarlierRow(NamedTuple):
    """An event that an import brought; `properties` is JSON text."""

    contact_id: int
    deal_id: int | None
    type: str
    occurred_at: Micros
    received_at: Micros
    properties: str


class Like(NamedTuple):
    """An event that came with a file before: what is alike, its properties as JSON text, and its import."""

    contact: str
    occurred_at: Micros
    type: str
    properties: str
    source: str


class Address(NamedTuple):
    """A contact as the key of a file finds it, and its e-mail address."""

    id: int
    shard: int
    email: str | None


def rows_by_line(connection: Connection, source: str) -> Iterator[EarlierRow]:
    """The rows that an import brought when their ids were made of the numbers of their lines, or were random."""
    bulk = Bulk(connection)
    prefix = f"{source}:"
    numbered = re.compile(rf"{re.escape(prefix)}[0-9]{{1,12}}")
    after = ""
    while True:
        page = bulk.rows(
            "SELECT id, contact_id, deal_id, type, occurred_at, received_at, properties FROM events "
            f"WHERE source = ? AND id > ? AND (substr(id, ?, 1) IN ({_DIGITS}) OR length(id) = 36) ORDER BY id LIMIT ?",
            source,
            after,
            len(prefix) + 1,
            _PAGE,
        )
        for row in page:
            if numbered.fullmatch(row[0]) or _GIVEN.fullmatch(row[0]):
                yield EarlierRow(*row[1:])
        if len(page) < _PAGE:
            return
        after = page[-1][0]


def known_ids(connection: Connection, ids: Collection[str]) -> set[str]:
    """Those of the ids that are taken."""
    bulk = Bulk(connection)
    test, parameter = bulk.among("id", ids)
    return {row[0] for row in bulk.rows(f"SELECT id FROM events WHERE {test}", parameter)}


def like(connection: Connection, rows: Sequence[tuple[str, Micros, str]], before: Micros) -> list[Like]:
    """Events of imports, received before a moment, with the same contact, time and type as one of the rows."""
    bulk = Bulk(connection)
    wanted, parameters = bulk.table(("key", "at", "type"), rows)
    return [
        Like(*row)
        for row in bulk.rows(
            f"SELECT w.key, e.occurred_at, e.type, e.properties, e.source FROM {wanted} AS w "
            "JOIN contacts AS c ON c.key = w.key "
            "JOIN events AS e ON e.contact_id = coalesce(c.merged_into, c.id) AND e.occurred_at = w.at "
            "AND e.type = w.type WHERE e.source IS NOT NULL AND e.received_at < ?",
            *parameters,
            before,
        )
    ]


def addresses(connection: Connection, keys: Collection[str]) -> dict[str, Address]:
    """The contacts that there are, by key; the key of a merged contact finds the one that took over."""
    bulk = Bulk(connection)
    test, parameter = bulk.among("k.key", keys)
    return {
        row[0]: Address(*row[1:])
        for row in bulk.rows(
            "SELECT k.key, c.id, c.shard, c.email FROM contacts AS k "
            f"JOIN contacts AS c ON c.id = coalesce(k.merged_into, k.id) WHERE {test}",
            parameter,
        )
    }
