"""Bulk jobs: one action on many records or tasks, in slices, each of which is done once."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from conditions.times import Micros
from runtime.statuses import BulkStatus
from store.bulk import Bulk
from store.database import dump_json
from store.tables import BulkJob, BulkSlice, table

JOBS, SLICES = table(BulkJob), table(BulkSlice)
#: How many records or tasks one transaction acts on.
SLICE = 100


class Tally(NamedTuple):
    """What became of some: `skipped` by reason."""

    changed: int = 0
    unchanged: int = 0
    gone: int = 0
    skipped: Mapping[str, int] = {}

    @property
    def total(self) -> int:
        return self.changed + self.unchanged + self.gone + sum(self.skipped.values())


def begin(connection: Connection, members: Sequence[int | str], now: Micros, **values: Any) -> None:
    """Store a job that runs, for these records or tasks; one for nobody is done."""
    status = BulkStatus.RUNNING if members else BulkStatus.DONE
    connection.execute(
        insert(JOBS).values(
            total=len(members),
            **dict.fromkeys(("done", "changed", "unchanged", "gone"), 0),
            skipped={},
            status=status,
            created_at=now,
            finished_at=None if members else now,
            **values,
        )
    )
    Bulk(connection).insert(
        SLICES,
        ("job_id", "place", "ids"),
        [
            (values["id"], place, dump_json(members[start : start + SLICE]))
            for place, start in enumerate(range(0, len(members), SLICE))
        ],
    )


def find(connection: Connection, job_id: str) -> RowMapping | None:
    return connection.execute(select(JOBS).where(JOBS.c.id == job_id)).mappings().one_or_none()


def find_request(connection: Connection, request: str) -> RowMapping | None:
    """The job that was asked for by this name."""
    return connection.execute(select(JOBS).where(JOBS.c.request == request)).mappings().one_or_none()


def newest_first(connection: Connection, before: str | None, limit: int) -> list[RowMapping]:
    query = select(JOBS).order_by(JOBS.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(JOBS.c.id < before)
    return list(connection.execute(query).mappings())


def running(connection: Connection) -> list[RowMapping]:
    """The jobs that are not over."""
    return list(connection.execute(select(JOBS).where(JOBS.c.status == BulkStatus.RUNNING)).mappings())


def next_slice(connection: Connection, job_id: str) -> tuple[int, list[Any]] | None:
    """The place and the members of the first slice that is left."""
    query = select(SLICES.c.place, SLICES.c.ids).where(SLICES.c.job_id == job_id)
    row = connection.execute(query.order_by(SLICES.c.place).limit(1)).first()
    return (row[0], row[1]) if row is not None else None


def take_slice(connection: Connection, job_id: str, place: int) -> bool:
    """Take a slice out of those that are left; False where somebody else has, or the job is over.

    Whoever comes at the same time waits for the end of this transaction: what is done with it is done once.
    """
    row = connection.execute(
        update(JOBS).where(JOBS.c.id == job_id, JOBS.c.status == BulkStatus.RUNNING).values(done=JOBS.c.done)
    )
    if not row.rowcount:
        return False
    here = (SLICES.c.job_id == job_id, SLICES.c.place == place)
    return connection.execute(delete(SLICES).where(*here)).rowcount > 0


def count(connection: Connection, job_id: str, tally: Tally) -> None:
    """Note what became of a slice that was taken in this transaction."""
    skipped = dict(connection.execute(select(JOBS.c.skipped).where(JOBS.c.id == job_id)).scalar_one())
    for reason, number in tally.skipped.items():
        skipped[reason] = skipped.get(reason, 0) + number
    connection.execute(
        update(JOBS)
        .where(JOBS.c.id == job_id)
        .values(
            done=JOBS.c.done + tally.total,
            changed=JOBS.c.changed + tally.changed,
            unchanged=JOBS.c.unchanged + tally.unchanged,
            gone=JOBS.c.gone + tally.gone,
            skipped=skipped,
        )
    )


def end(
    connection: Connection, job_id: str, status: BulkStatus, now: Micros, error: str | None = None
) -> bool:
    """End a job that runs, with what is left of it; False where it is over already."""
    ended = connection.execute(
        update(JOBS)
        .where(JOBS.c.id == job_id, JOBS.c.status == BulkStatus.RUNNING)
        .values(status=status, error=error, finished_at=now)
    )
    connection.execute(delete(SLICES).where(SLICES.c.job_id == job_id))
    return ended.rowcount > 0


class Member(NamedTuple):
    """A record or task that is there: `id` is that of the contact that has taken over where it was merged."""

    id: Any
    shard: int


def members(connection: Connection, kind: str, ids: Collection[Any]) -> dict[Any, Member]:
    """Those of these contacts, deals or tasks that are there, by the id that they were known by."""
    bulk = Bulk(connection)
    test, parameter = bulk.among("r.id", ids)
    if kind == "contact":
        statement = (
            "SELECT r.id, s.id, s.shard FROM contacts r JOIN contacts s ON s.id = coalesce(r.merged_into, r.id) "
            f"WHERE {test}"
        )
    else:
        statement = f"SELECT r.id, r.id, r.shard FROM {kind}s r WHERE {test}"
    return {row[0]: Member(row[1], row[2]) for row in bulk.rows(statement, parameter)}
