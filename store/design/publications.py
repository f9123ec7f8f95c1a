"""Publishes and how far their re-scoring has come."""

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from conditions.times import Micros
from runtime.statuses import PublicationStatus
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
    supersede(connection, profile_id, now)
    total = count_records(connection, _kind_of(connection, profile_id))
    connection.execute(
        insert(PUBLICATIONS).values(
            id=publication_id,
            profile_id=profile_id,
            version=version,
            silent=silent,
            status=PublicationStatus.RUNNING,
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
    """End the profile's running publishes: it is being published anew, unpublished or archived."""
    connection.execute(
        update(PUBLICATIONS)
        .where(PUBLICATIONS.c.profile_id == profile_id, PUBLICATIONS.c.status == PublicationStatus.RUNNING)
        .values(status=PublicationStatus.SUPERSEDED, finished_at=now)
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
            .where(PUBLICATIONS.c.status == PublicationStatus.RUNNING)
            .order_by(PUBLICATIONS.c.started_at)
        ).scalars()
    )


def count_records(connection: Connection, kind: str) -> int:
    """How many contacts, or deals, there are."""
    records = f"{kind}s"
    count: int = Bulk(connection).rows(f"SELECT count(*) FROM {records} WHERE {_EXISTING[records]}")[0][0]
    return count


def next_records(
    connection: Connection, profile_id: int, publication_id: str, shard: int, limit: int, most_events: int
) -> list[int]:
    """The ids of the next records of the shard that the sweep has not passed; see `records_after`."""
    cursor = Bulk(connection).rows(
        "SELECT cursor FROM sweeps WHERE publication_id = ? AND shard = ?", publication_id, shard
    )[0][0]
    kind = _kind_of(connection, profile_id)
    return records_after(connection, kind, cursor, limit, most_events, shard=shard)


def records_after(
    connection: Connection,
    kind: str,
    cursor: int,
    limit: int,
    most_events: int,
    *,
    shard: int | None = None,
) -> list[int]:
    """The ids of the contacts or deals after `cursor`, of one shard or all.

    At least one where there is one, and not many more than hold `most_events` events together.
    """
    records = f"{kind}s"
    column = "contact_id" if records == "contacts" else "deal_id"
    of_shard, parameters = ("AND r.shard = ? ", [shard]) if shard is not None else ("", [])
    counts = Bulk(connection).rows(
        f"SELECT r.id, (SELECT count(*) FROM (SELECT 1 FROM events e WHERE e.{column} = r.id LIMIT ?) AS counted) "
        f"FROM {records} r WHERE r.id > ? {of_shard}AND {_EXISTING[records]} ORDER BY r.id LIMIT ?",
        most_events + 1,
        cursor,
        *parameters,
        limit,
    )
    ids: list[int] = []
    events = 0
    for record_id, count in counts:
        events += count
        if ids and events > most_events:
            break
        ids.append(record_id)
    return ids


_EXISTING = {"contacts": "merged_into IS NULL", "deals": "1 = 1"}


def _kind_of(connection: Connection, profile_id: int) -> str:
    """The kind of record that a profile scores."""
    query = select(_PROFILES.c.applies_to).where(_PROFILES.c.id == profile_id)
    kind: str = connection.execute(query).scalar_one()
    return kind


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
        .where(PUBLICATIONS.c.id == publication_id, PUBLICATIONS.c.status == PublicationStatus.RUNNING)
        .values(status=PublicationStatus.DONE, finished_at=now)
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
