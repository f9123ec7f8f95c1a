"""Scores that time alone may move before long."""

from typing import NamedTuple

from sqlalchemy import Connection

from conditions.times import Micros
from store.bulk import Bulk


class DuePlace(NamedTuple):
    """A place among scores by when they are due."""

    due_at: Micros
    record_id: int


def due_until(
    connection: Connection,
    profile_id: int,
    emptied: int,
    *,
    shards: int,
    until: Micros,
    after: DuePlace | None,
    limit: int,
) -> list[DuePlace]:
    """The scores of a profile that are due by then, the first ones first, those after a place.

    A score that is not among them stays as it is if nothing happens. Those of versions up to `emptied` are empty.
    """
    bulk = Bulk(connection)
    start, last = after or (-(2**62), 0)
    found: list[DuePlace] = []
    for shard in range(shards):
        found += [
            DuePlace(*row)
            for row in bulk.rows(
                "SELECT due_at, record_id FROM scores WHERE shard = ? AND due_at IS NOT NULL "
                "AND due_at BETWEEN ? AND ? AND (due_at > ? OR record_id > ?) AND profile_id = ? AND version > ? "
                "ORDER BY due_at, record_id LIMIT ?",
                shard,
                start,
                until,
                start,
                last,
                profile_id,
                emptied,
                limit,
            )
        ]
    return sorted(found)[:limit]
