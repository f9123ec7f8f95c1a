"""Enrollments and skips of the batch path."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection

from conditions.times import Micros
from runtime.statuses import EnrollmentStatus
from store.bulk import Bulk
from store.follow_ups.enrollments import let_pass
from store.statuses import OPEN_LITERALS, QUEUED, REPLACED
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
    after_id: str | None = None
    started_by: str | None = None
    author: str | None = None
    chosen: str | None = None


class NewSkip(NamedTuple):
    automation_id: int
    origin: str
    version: int
    contact_id: int
    deal_id: int | None
    reason: str
    at: Micros


def save_enrollments(connection: Connection, enrollments: Sequence[NewEnrollment]) -> None:
    Bulk(connection).insert(
        table(Enrollment),
        (*NewEnrollment._fields, "status", "attempt", "closing"),
        [(*enrollment, EnrollmentStatus.QUEUED.value, 1, False) for enrollment in enrollments],
        "ON CONFLICT DO NOTHING",
    )


def save_skips(connection: Connection, skips: Sequence[NewSkip]) -> None:
    Bulk(connection).insert(table(Skip), NewSkip._fields, skips, "ON CONFLICT DO NOTHING")


def replace_running(connection: Connection, ids: Sequence[str], now: Micros) -> None:
    """End enrollments because the record entered the same automation anew; their workflows have still to be told."""
    bulk = Bulk(connection)
    let_pass(connection, *bulk.among("id", ids))
    bulk.each(
        f"UPDATE enrollments SET status = {REPLACED}, closing = ?, finished_at = ? "
        f"WHERE id = ? AND status IN {OPEN_LITERALS}",
        [(True, now, enrollment_id) for enrollment_id in ids],
    )


class Earlier(NamedTuple):
    """`start_at`: when it started or may start, which the storm limit may have put off."""

    automation_id: int
    contact_id: int
    deal_id: int | None
    id: str
    status: str
    created_at: Micros
    start_at: Micros
    profile_id: int | None
    change_seq: int | None
    cause: str


def load_earlier(
    connection: Connection,
    automations: Collection[int],
    contacts: Collection[int],
    since: Micros | None = None,
) -> list[Earlier]:
    """The enrollments there have been of these contacts and their deals in these automations, the oldest first.

    `since`: only those made after that.
    """
    bulk = Bulk(connection)
    of_automations, automations_parameter = bulk.among("automation_id", automations)
    of_contacts, contacts_parameter = bulk.among("contact_id", contacts)
    later = "" if since is None else " AND created_at > ?"
    return [
        Earlier(*row)
        for row in bulk.rows(
            f"SELECT {', '.join(Earlier._fields)} FROM enrollments "
            f"WHERE {of_contacts} AND {of_automations}{later} ORDER BY created_at, id",
            contacts_parameter,
            automations_parameter,
            *([] if since is None else [since]),
        )
    ]


def scores_between(
    connection: Connection,
    profile_id: int,
    record_id: int,
    after: int | None,
    since: Micros,
    before: int | None,
) -> list[int | None]:
    """The scores that changes with numbers above `after`, or made after `since`, reached, up to but not `before`."""
    test, parameter = ("seq > ?", after) if after is not None else ("at > ?", since)
    until = "" if before is None else " AND seq < ?"
    return [
        row[0]
        for row in Bulk(connection).rows(
            f"SELECT current FROM changes WHERE profile_id = ? AND record_id = ? AND {test}{until}",
            profile_id,
            record_id,
            parameter,
            *([] if before is None else [before]),
        )
    ]


def lock_paces(connection: Connection, automations: Collection[int]) -> dict[int, tuple[Micros, int]]:
    """(began at, used) of the windows of storm limits, by automation, for this transaction alone."""
    bulk = Bulk(connection)
    test, parameter = bulk.among("automation_id", automations)
    lock = "" if bulk.is_sqlite else " FOR UPDATE"
    paces = bulk.rows(
        f"SELECT automation_id, window_at, used FROM paces WHERE {test} ORDER BY automation_id{lock}",
        parameter,
    )
    return {pace[0]: (pace[1], pace[2]) for pace in paces}


def save_paces(connection: Connection, paces: Sequence[tuple[int, Micros, int]]) -> None:
    """(automation, began at, used)."""
    Bulk(connection).each(
        "INSERT INTO paces (automation_id, window_at, used) VALUES (?, ?, ?) ON CONFLICT (automation_id) "
        "DO UPDATE SET window_at = excluded.window_at, used = excluded.used",
        sorted(paces),
    )


def drop_queued(connection: Connection, automation_id: int, now: Micros) -> int:
    """Turn what waits for its start into skips; how many. All shards are locked."""
    count = _give_up(connection, "automation_id = ?", automation_id, "dropped", now)
    Bulk(connection).run("DELETE FROM paces WHERE automation_id = ?", automation_id)
    return count


def skip_stale(connection: Connection, ids: Collection[str], now: Micros) -> int:
    """The same for those whose filters do not hold any more. Their shard is locked."""
    test, parameter = Bulk(connection).among("id", ids)
    return _give_up(connection, test, parameter, "stale", now)


def _give_up(connection: Connection, test: str, parameter: Any, reason: str, now: Micros) -> int:
    bulk = Bulk(connection)
    queued = f"{test} AND status = {QUEUED} AND started_at IS NULL"
    let_pass(connection, test, parameter)
    bulk.run(
        "INSERT INTO skips (automation_id, origin, version, contact_id, deal_id, reason, at) "
        f"SELECT automation_id, origin, version, contact_id, deal_id, '{reason}', ? FROM enrollments "
        f"WHERE {queued} ON CONFLICT DO NOTHING",
        now,
        parameter,
    )
    return bulk.run(f"DELETE FROM enrollments WHERE {queued}", parameter)


def known_origins(connection: Connection, automation_id: int, origins: Collection[str]) -> set[str]:
    """Those of the origins that have enrolled or been skipped before."""
    bulk = Bulk(connection)
    test, parameter = bulk.among("origin", origins)
    known: set[str] = set()
    for name in ("enrollments", "skips"):
        taken = bulk.rows(
            f"SELECT origin FROM {name} WHERE automation_id = ? AND {test}", automation_id, parameter
        )
        known.update(row[0] for row in taken)
    return known


_RECORDS = {"contact": ("contacts", " AND merged_into IS NULL"), "deal": ("deals", "")}


def records_after(connection: Connection, kind: str, shard: int, cursor: int, limit: int) -> list[int]:
    """Ids of contacts or deals of a shard, those above `cursor`, in order."""
    name, existing = _RECORDS[kind]
    return [
        row[0]
        for row in Bulk(connection).rows(
            f"SELECT id FROM {name} WHERE shard = ? AND id > ?{existing} ORDER BY id LIMIT ?",
            shard,
            cursor,
            limit,
        )
    ]


def shards_of(connection: Connection, kind: str, ids: Collection[int]) -> dict[int, list[int]]:
    """The records that exist, by shard, in the order of their ids."""
    name, existing = _RECORDS[kind]
    bulk = Bulk(connection)
    test, parameter = bulk.among("id", ids)
    by_shard: dict[int, list[int]] = {}
    records = bulk.rows(f"SELECT shard, id FROM {name} WHERE {test}{existing} ORDER BY id", parameter)
    for shard, record_id in records:
        by_shard.setdefault(shard, []).append(record_id)
    return by_shard


def last_start(connection: Connection, automation_id: int) -> Micros | None:
    """When the last of those that wait for their start may; None when none waits."""
    starts = Bulk(connection).rows(
        f"SELECT max(start_at) FROM enrollments WHERE automation_id = ? AND status = {QUEUED}", automation_id
    )
    latest: Micros | None = starts[0][0]
    return latest
