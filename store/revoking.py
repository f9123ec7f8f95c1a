"""Taking events back: one, or all that came with an import."""

from collections.abc import Collection

from sqlalchemy import Connection

from conditions.times import Micros
from store.bulk import Bulk
from store.scoring import fold_anew
from store.tables import EventStatus


def shards_concerned(connection: Connection, ids: Collection[str]) -> set[int]:
    """The shards of events, and of the deals that they name."""
    bulk = Bulk(connection)
    test, parameter = bulk.among("e.id", ids)
    rows = bulk.rows(
        f"SELECT e.shard, d.shard FROM events e LEFT JOIN deals d ON d.id = e.deal_id WHERE {test}", parameter
    )
    return {shard for row in rows for shard in row if shard is not None}


def revoke(connection: Connection, ids: Collection[str], now: Micros, *, silent: bool) -> int:
    """Take events back; how many were not taken back before. The shards concerned are locked.

    What is applied counts until the next batch has worked the revocation off; what is pending or set aside never will.
    """
    bulk = Bulk(connection)
    test, parameter = bulk.among("id", ids)
    moved = _of_moved_deals(bulk, ids)
    for event_id, contact_id, deal_id in moved:
        bulk.run("UPDATE events SET status = 3, revoked_at = ? WHERE id = ?", now, event_id)
        fold_anew(connection, "contact", contact_id, "revoke", now)
        fold_anew(connection, "deal", deal_id, "revoke", now)
    status = EventStatus.REVOKING_SILENTLY if silent else EventStatus.REVOKING
    count = bulk.run(
        f"UPDATE events SET status = CASE WHEN status = 1 THEN {status.value} ELSE 3 END, revoked_at = ?, "
        f"error = NULL WHERE {test} AND status IN (0, 1, 2)",
        now,
        parameter,
    )
    return count + len(moved)


def _of_moved_deals(bulk: Bulk, ids: Collection[str]) -> list[tuple[str, int, int]]:
    """Applied events whose deal has gone to a contact of another shard since: no one batch sees both records."""
    test, parameter = bulk.among("e.id", ids)
    return [
        (row[0], row[1], row[2])
        for row in bulk.rows(
            "SELECT e.id, e.contact_id, e.deal_id FROM events e JOIN deals d ON d.id = e.deal_id "
            f"WHERE {test} AND e.status = 1 AND d.shard <> e.shard",
            parameter,
        )
    ]


def events_of_import(connection: Connection, source: str, limit: int) -> list[str]:
    """Ids of events of an import that have not been taken back yet."""
    return [
        row[0]
        for row in Bulk(connection).rows(
            "SELECT id FROM events WHERE source = ? AND status IN (0, 1, 2) ORDER BY id LIMIT ?",
            source,
            limit,
        )
    ]


def imports(connection: Connection, after: str, limit: int) -> list[tuple[str, int, int, Micros, Micros]]:
    """(name, events, of them taken back, first and last received at) by name, those after `after`."""
    return [
        (row[0], row[1], row[2], row[3], row[4])
        for row in Bulk(connection).rows(
            "SELECT source, count(*), sum(CASE WHEN status >= 3 THEN 1 ELSE 0 END), min(received_at), "
            "max(received_at) FROM events WHERE source IS NOT NULL AND source > ? "
            "GROUP BY source ORDER BY source LIMIT ?",
            after,
            limit,
        )
    ]


def import_known(connection: Connection, source: str) -> bool:
    """Whether any event came with an import of this name."""
    return bool(Bulk(connection).rows("SELECT 1 FROM events WHERE source = ? LIMIT 1", source))
