"""Publishes and how far their re-scoring has come."""

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from conditions.times import Micros
from store.bulk import Bulk
from store.tables import Profile, Publication, Sweep, table

PUBLICATIONS = table(Publication)
SWEEPS = table(Sweep)
_PROFILES = table(Profile)


def begin(
    connection: Connection,
    publication_id: str,
    profile_id: int,
    version: int,
    shards: int,
    now: Micros,
    *,
    silent: bool,
) -> None:
    """Record a publish; earlier ones of the profile that still run are superseded."""
    connection.execute(
        update(PUBLICATIONS)
        .where(PUBLICATIONS.c.profile_id == profile_id, PUBLICATIONS.c.status == "running")
        .values(status="superseded", finished_at=now)
    )
    total = Bulk(connection).rows("SELECT count(*) FROM contacts")[0][0]
    connection.execute(
        insert(PUBLICATIONS).values(
            id=publication_id,
            profile_id=profile_id,
            version=version,
            silent=silent,
            status="running",
            total=total,
            started_at=now,
        )
    )
    connection.execute(
        insert(SWEEPS),
        [
            {"publication_id": publication_id, "shard": shard, "cursor": 0, "done": 0}
            for shard in range(shards)
        ],
    )


def supersede(connection: Connection, profile_id: int, now: Micros) -> None:
    """End the profile's running publishes: it is being unpublished or archived."""
    connection.execute(
        update(PUBLICATIONS)
        .where(PUBLICATIONS.c.profile_id == profile_id, PUBLICATIONS.c.status == "running")
        .values(status="superseded", finished_at=now)
    )


def load(connection: Connection, publication_id: str) -> RowMapping | None:
    return (
        connection.execute(select(PUBLICATIONS).where(PUBLICATIONS.c.id == publication_id))
        .mappings()
        .one_or_none()
    )


def unfinished(connection: Connection) -> list[str]:
    """Publishes whose re-scoring has not ended."""
    return list(
        connection.execute(
            select(PUBLICATIONS.c.id)
            .where(PUBLICATIONS.c.status == "running")
            .order_by(PUBLICATIONS.c.started_at)
        ).scalars()
    )


def next_contacts(connection: Connection, publication_id: str, shard: int, limit: int) -> list[int]:
    """The ids of the next contacts of the shard that the sweep has not passed."""
    return [
        row[0]
        for row in Bulk(connection).rows(
            "SELECT c.id FROM contacts c JOIN sweeps s ON s.shard = c.shard WHERE s.publication_id = ? "
            "AND s.shard = ? AND c.id > s.cursor ORDER BY c.id LIMIT ?",
            publication_id,
            shard,
            limit,
        )
    ]


def advance(connection: Connection, publication_id: str, shard: int, cursor: int, count: int) -> None:
    Bulk(connection).run(
        "UPDATE sweeps SET cursor = ?, done = done + ? WHERE publication_id = ? AND shard = ?",
        cursor,
        count,
        publication_id,
        shard,
    )


def finish(connection: Connection, publication_id: str, now: Micros) -> None:
    connection.execute(
        update(PUBLICATIONS)
        .where(PUBLICATIONS.c.id == publication_id, PUBLICATIONS.c.status == "running")
        .values(status="done", finished_at=now)
    )


def latest(connection: Connection, profile_id: int) -> RowMapping | None:
    """The profile's newest publish with `done`, the records re-scored so far."""
    return (
        connection.execute(
            select(PUBLICATIONS, func.coalesce(func.sum(SWEEPS.c.done), 0).label("done"))
            .outerjoin(SWEEPS, SWEEPS.c.publication_id == PUBLICATIONS.c.id)
            .where(PUBLICATIONS.c.profile_id == profile_id)
            .group_by(PUBLICATIONS.c.id)
            .order_by(PUBLICATIONS.c.version.desc())
            .limit(1)
        )
        .mappings()
        .one_or_none()
    )
