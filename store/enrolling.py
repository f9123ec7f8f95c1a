"""Enrollments and skips of the batch path."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from conditions.times import Micros
from store.bulk import Bulk
from store.tables import Enrollment, Skip, table


class NewEnrollment(NamedTuple):
    id: str
    automation_id: int
    version: int
    contact_id: int
    deal_id: int | None
    shard: int
    origin: str
    profile_id: int | None
    change_seq: int | None
    event_id: str | None
    cause: str
    previous: int | None
    current: int | None
    depth: int
    created_at: Micros
    watching: int
    start_at: Micros


class NewSkip(NamedTuple):
    automation_id: int
    origin: str
    version: int
    contact_id: int
    deal_id: int | None
    reason: str
    at: Micros


def save_enrollments(connection: Connection, rows: Sequence[NewEnrollment]) -> None:
    Bulk(connection).insert(
        table(Enrollment),
        (*NewEnrollment._fields, "status", "attempt", "closing"),
        [(*row, "queued", 1, False) for row in rows],
        "ON CONFLICT DO NOTHING",
    )


def save_skips(connection: Connection, rows: Sequence[NewSkip]) -> None:
    Bulk(connection).insert(table(Skip), NewSkip._fields, rows, "ON CONFLICT DO NOTHING")


def replace_running(connection: Connection, ids: Sequence[str], now: Micros) -> None:
    """End enrollments because the record entered the same automation anew; their workflows have still to be told."""
    Bulk(connection).each(
        "UPDATE enrollments SET status = 'replaced', closing = ?, finished_at = ? "
        "WHERE id = ? AND status IN ('queued', 'running')",
        [(True, now, enrollment_id) for enrollment_id in ids],
    )


class Earlier(NamedTuple):
    automation_id: int
    contact_id: int
    deal_id: int | None
    id: str
    status: str
    created_at: Micros
    profile_id: int | None
    change_seq: int | None


def load_earlier(
    connection: Connection, automations: Collection[int], contacts: Collection[int]
) -> list[Earlier]:
    """The enrollments there have been of these contacts and their deals in these automations, the oldest first."""
    bulk = Bulk(connection)
    of_automations, automations_parameter = bulk.among("automation_id", automations)
    of_contacts, contacts_parameter = bulk.among("contact_id", contacts)
    return [
        Earlier(*row)
        for row in bulk.rows(
            f"SELECT {', '.join(Earlier._fields)} FROM enrollments "
            f"WHERE {of_contacts} AND {of_automations} ORDER BY created_at, id",
            contacts_parameter,
            automations_parameter,
        )
    ]


def scores_between(
    connection: Connection, profile_id: int, record_id: int, after: int | None, since: Micros, before: int
) -> list[int | None]:
    """The scores that changes with numbers above `after`, or made after `since`, reached, up to but not `before`."""
    test, parameter = ("seq > ?", after) if after is not None else ("at > ?", since)
    return [
        row[0]
        for row in Bulk(connection).rows(
            f"SELECT current FROM changes WHERE profile_id = ? AND record_id = ? AND {test} AND seq < ?",
            profile_id,
            record_id,
            parameter,
            before,
        )
    ]


def lock_paces(connection: Connection, automations: Collection[int]) -> dict[int, tuple[Micros, int]]:
    """(began at, used) of the windows of storm limits, by automation, for this transaction alone."""
    bulk = Bulk(connection)
    test, parameter = bulk.among("automation_id", automations)
    lock = "" if bulk.is_sqlite else " FOR UPDATE"
    rows = bulk.rows(
        f"SELECT automation_id, window_at, used FROM paces WHERE {test} ORDER BY automation_id{lock}",
        parameter,
    )
    return {row[0]: (row[1], row[2]) for row in rows}


def save_paces(connection: Connection, paces: Sequence[tuple[int, Micros, int]]) -> None:
    """(automation, began at, used)."""
    Bulk(connection).each(
        "INSERT INTO paces (automation_id, window_at, used) VALUES (?, ?, ?) ON CONFLICT (automation_id) "
        "DO UPDATE SET window_at = excluded.window_at, used = excluded.used",
        sorted(paces),
    )


def drop_queued(connection: Connection, automation_id: int, now: Micros) -> int:
    """Turn what waits for its start into skips; how many. All shards are locked."""
    bulk = Bulk(connection)
    bulk.run(
        "INSERT INTO skips (automation_id, origin, version, contact_id, deal_id, reason, at) "
        "SELECT automation_id, origin, version, contact_id, deal_id, 'dropped', ? FROM enrollments "
        "WHERE automation_id = ? AND status = 'queued' AND started_at IS NULL ON CONFLICT DO NOTHING",
        now,
        automation_id,
    )
    count = bulk.run(
        "DELETE FROM enrollments WHERE automation_id = ? AND status = 'queued' AND started_at IS NULL",
        automation_id,
    )
    bulk.run("DELETE FROM paces WHERE automation_id = ?", automation_id)
    return count
