"""The follow-ups that something started with many others, and what they have left behind."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, RowMapping, select

from conditions.times import Micros
from runtime.statuses import MessageStatus
from store.bulk import Bulk
from store.follow_ups.enrollments import ENROLLMENTS
from store.statuses import OPEN_LITERALS, PENDING


class Begun(NamedTuple):
    """What started follow-ups: how many, how many of them are still open, and when the first and the last were made."""

    started_by: str
    follow_ups: int
    open: int
    first_at: Micros
    last_at: Micros


_BEGUN = (
    f"SELECT started_by, count(*), sum(CASE WHEN status IN {OPEN_LITERALS} THEN 1 ELSE 0 END), min(created_at), "
    "max(created_at) FROM enrollments WHERE started_by IS NOT NULL"
)


def recent(connection: Connection, limit: int) -> list[Begun]:
    """What started follow-ups last; of single calls only those that started several."""
    rows = Bulk(connection).rows(
        f"{_BEGUN} GROUP BY started_by HAVING count(*) > 1 OR started_by NOT LIKE ? "
        "ORDER BY max(created_at) DESC, started_by LIMIT ?",
        "request:%",
        limit,
    )
    return [Begun(*row) for row in rows]


def begun_by(connection: Connection, names: Collection[str]) -> list[Begun]:
    """Those of these that started some, the newest first."""
    bulk = Bulk(connection)
    test, parameter = bulk.among("started_by", names)
    rows = bulk.rows(f"{_BEGUN} AND {test} GROUP BY started_by ORDER BY max(created_at) DESC", parameter)
    return [Begun(*row) for row in rows]


def begun_like(connection: Connection, start: str, end: str = "") -> list[Begun]:
    """Those whose names begin and end so, the newest first."""
    pattern = "%".join(
        part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") for part in (start, end)
    )
    rows = Bulk(connection).rows(
        f"{_BEGUN} AND started_by LIKE ? ESCAPE ? GROUP BY started_by ORDER BY max(created_at) DESC",
        pattern,
        "\\",
    )
    return [Begun(*row) for row in rows]


def shards_of(connection: Connection, started_by: str) -> list[int]:
    """The shards in which there are follow-ups of it."""
    rows = Bulk(connection).rows(
        "SELECT DISTINCT shard FROM enrollments WHERE started_by = ? ORDER BY shard", started_by
    )
    return [row[0] for row in rows]


def ids_of(connection: Connection, started_by: str, shard: int, after: str, limit: int) -> list[str]:
    """Ids of its enrollments in a shard, those after one, in order."""
    rows = Bulk(connection).rows(
        "SELECT id FROM enrollments WHERE started_by = ? AND shard = ? AND id > ? ORDER BY id LIMIT ?",
        started_by,
        shard,
        after,
        limit,
    )
    return [row[0] for row in rows]


def load(connection: Connection, ids: Collection[str]) -> list[RowMapping]:
    """These enrollments, as far as they are there."""
    query = select(ENROLLMENTS).where(ENROLLMENTS.c.id.in_(ids)).order_by(ENROLLMENTS.c.id)
    return list(connection.execute(query).mappings())


class OpenTask(NamedTuple):
    """`touched`: somebody has changed it since it was made."""

    id: str
    touched: bool


def open_tasks(connection: Connection, ids: Collection[str]) -> list[OpenTask]:
    """The tasks of these enrollments that are open."""
    bulk = Bulk(connection)
    test, parameter = bulk.among("enrollment_id", ids)
    rows = bulk.rows(
        f"SELECT id, updated_at <> created_at FROM tasks WHERE {test} AND status = 'open' ORDER BY id",
        parameter,
    )
    return [OpenTask(task_id, bool(touched)) for task_id, touched in rows]


class TagStep(NamedTuple):
    """A step `add_tag` that was done, by a follow-up of this version. `changed`: the record did not have the tag."""

    automation_id: int
    version: int
    path: str
    contact_id: int
    deal_id: int | None
    started_by: str | None
    at: Micros
    changed: bool


_TAG_STEPS = (
    "SELECT e.automation_id, e.version, o.path, e.contact_id, e.deal_id, e.started_by, o.at, o.result FROM outcomes o "
    "JOIN enrollments e ON e.id = o.enrollment_id WHERE o.kind = 'add_tag'"
)


def tag_steps(connection: Connection, ids: Collection[str]) -> list[TagStep]:
    """The steps of these enrollments that added tags."""
    bulk = Bulk(connection)
    test, parameter = bulk.among("o.enrollment_id", ids)
    return [step for step in _steps(bulk.rows(f"{_TAG_STEPS} AND {test}", parameter)) if step.changed]


def tag_steps_about(connection: Connection, contacts: Collection[int], since: Micros) -> list[TagStep]:
    """The steps `add_tag` of all follow-ups of these contacts after a moment."""
    bulk = Bulk(connection)
    test, parameter = bulk.among("e.contact_id", contacts)
    return _steps(bulk.rows(f"{_TAG_STEPS} AND {test} AND o.at > ?", parameter, since))


def _steps(rows: Iterable[Sequence[Any]]) -> list[TagStep]:
    steps = []
    for row in rows:
        result = orjson.loads(row[7]) if isinstance(row[7], str) else row[7]
        steps.append(TagStep._make([*row[:7], bool(result.get("changed"))]))
    return steps


class TagMove(NamedTuple):
    """A contact, or a deal of it, got a tag, or lost it."""

    contact_id: int
    deal_id: int | None
    tag: str
    at: Micros


def tag_moves(connection: Connection, contacts: Collection[int], since: Micros) -> list[TagMove]:
    """The changes of the tags of these contacts and their deals after a moment.

    What clients send under these types changes none.
    """
    bulk = Bulk(connection)
    test, parameter = bulk.among("contact_id", contacts)
    rows = bulk.rows(
        f"SELECT contact_id, deal_id, properties, occurred_at FROM events WHERE {test} AND occurred_at > ? "
        "AND type IN ('tag.added', 'tag.removed') AND id LIKE ?",
        parameter,
        since,
        "tag.%/%",
    )
    return [
        TagMove(contact_id, deal_id, orjson.loads(properties)["tag"], at)
        for contact_id, deal_id, properties, at in rows
    ]


def count_sent(connection: Connection, ids: Collection[str]) -> int:
    """How many messages and webhooks of these enrollments have gone out."""
    bulk = Bulk(connection)
    test, parameter = bulk.among("enrollment_id", ids)
    count = 0
    for name, status in (("notifications", MessageStatus.SENT), ("webhooks", MessageStatus.DELIVERED)):
        rows = bulk.rows(f"SELECT count(*) FROM {name} WHERE {test} AND status = ?", parameter, status.value)
        count += rows[0][0]
    return count


def pending_events(connection: Connection, source: str) -> int:
    """How many events of an import are still to be looked at."""
    rows = Bulk(connection).rows(
        f"SELECT count(*) FROM events WHERE source = ? AND status = {PENDING}", source
    )
    count: int = rows[0][0]
    return count
