"""Which custom fields records have, and how many contacts lack a name."""

from collections.abc import Collection

from sqlalchemy import Connection

from store.bulk import Bulk

_TABLES = {"contact": "contacts", "deal": "deals"}


def has(connection: Connection, kind: str, name: str) -> bool:
    """Whether some contact or deal has this field. Looks through all of them where none has."""
    statement = f"SELECT 1 FROM {_TABLES[kind]} WHERE fields -> CAST(? AS text) IS NOT NULL LIMIT 1"
    return bool(Bulk(connection).rows(statement, name))


def names(connection: Connection, kind: str, newest: int) -> Collection[str]:
    """The fields that so many of the newest records have."""
    bulk = Bulk(connection)
    keys = (
        "json_each(newest.fields) AS each"
        if bulk.is_sqlite
        else "jsonb_object_keys(newest.fields) AS each(key)"
    )
    records = f"(SELECT fields FROM {_TABLES[kind]} ORDER BY id DESC LIMIT ?) AS newest"
    rows = bulk.rows(f"SELECT DISTINCT each.key FROM {records}, {keys}", newest)
    return {row[0] for row in rows}


def nameless(connection: Connection, newest: int) -> tuple[int, int]:
    """How many of so many of the newest contacts have no name, and how many these were."""
    [(without, looked_at)] = Bulk(connection).rows(
        "SELECT count(*) - count(name), count(*) FROM (SELECT name FROM contacts WHERE merged_into IS NULL "
        "ORDER BY id DESC LIMIT ?) AS newest",
        newest,
    )
    return without, looked_at
