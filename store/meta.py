"""Facts about the installation, kept in one small table."""

from sqlalchemy import Connection

from store.bulk import Bulk

DEFINITIONS = "definitions"
SHARDS = "shards"
HELD = "held"
#: When holding ended last, in microseconds.
RELEASED = "released"
#: Sets the cookies of this installation apart from those of others.
INSTALLATION = "installation"


def get_fact(connection: Connection, key: str) -> str | None:
    values = Bulk(connection).rows("SELECT value FROM meta WHERE key = ?", key)
    return values[0][0] if values else None


def set_fact(connection: Connection, key: str, value: str) -> None:
    Bulk(connection).run(
        "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        key,
        value,
    )


def settled_fact(connection: Connection, key: str, fresh: str) -> str:
    """The fact that stays as it was first; `fresh` becomes it if there is none yet."""
    settled = get_fact(connection, key)
    if settled is None:
        set_fact(connection, key, fresh)
    return settled or fresh


def bump_definitions(connection: Connection) -> None:
    """Let every process notice that the published definitions have changed."""
    Bulk(connection).run(
        "INSERT INTO meta (key, value) VALUES (?, '1') ON CONFLICT (key) DO UPDATE SET "
        "value = CAST(CAST(meta.value AS BIGINT) + 1 AS TEXT)",
        DEFINITIONS,
    )


def definitions_generation(connection: Connection) -> int:
    return int(get_fact(connection, DEFINITIONS) or 0)


def shard_count(connection: Connection) -> int:
    """How many shards the installation has; fixed at its first start."""
    return int(get_fact(connection, SHARDS) or 0)


def set_up_shards(connection: Connection, wanted: int) -> int:
    """Make the shards at the first start; later the stored number stays. Returns the number in force."""
    stored = shard_count(connection)
    if stored:
        return stored
    Bulk(connection).each("INSERT INTO shards (id) VALUES (?)", [(number,) for number in range(wanted)])
    set_fact(connection, SHARDS, str(wanted))
    return wanted
