"""Taking events back: one, or all that came with an import."""

from collections.abc import Collection

from sqlalchemy import Connection

from conditions.times import Micros
from runtime.statuses import EventStatus
from store.bulk import Bulk
from store.statuses import APPLIED, IS_REVOKED, NOT_REVOKED


def shards_of(connection: Connection, ids: Collection[str]) -> set[int]:
    """The shards that events are in."""
    bulk = Bulk(connection)
    test, parameter = bulk.among("id", ids)
    return {row[0] for row in bulk.rows(f"SELECT DISTINCT shard FROM events WHERE {test}", parameter)}


def revoke(connection: Connection, ids: Collection[str], now: Micros, *, silent: bool) -> int:
    """Take events back; how many were not taken back before. Their shards are locked.

    What is applied counts until the next batch has worked the revocation off; what is pending or set aside never will.
    """
    bulk = Bulk(connection)
    test, parameter = bulk.among("id", ids)
    status = EventStatus.REVOKING_SILENTLY if silent else EventStatus.REVOKING
    return bulk.run(
        f"UPDATE events SET status = CASE WHEN status = {APPLIED} THEN {status.value} ELSE 3 END, revoked_at = ?, "
        f"error = NULL WHERE {test} AND status IN {NOT_REVOKED}",
        now,
        parameter,
    )


def events_of_import(connection: Connection, source: str, after: str, limit: int) -> list[str]:
    """Ids of events of an import, those after `after`."""
    return [
        row[0]
        for row in Bulk(connection).rows(
            "SELECT id FROM events WHERE source = ? AND id > ? ORDER BY id LIMIT ?", source, after, limit
        )
    ]


def imports(connection: Connection, after: str, limit: int) -> list[tuple[str, int, int, Micros, Micros]]:
    """(name, events, of them taken back, first and last received at) by name, those after `after`."""
    return [
        (row[0], row[1], row[2], row[3], row[4])
        for row in Bulk(connection).rows(
            f"SELECT source, count(*), sum(CASE WHEN {IS_REVOKED} THEN 1 ELSE 0 END), min(received_at), "
            "max(received_at) FROM events WHERE source IS NOT NULL AND source > ? "
            "GROUP BY source ORDER BY source LIMIT ?",
            after,
            limit,
        )
    ]
