"""What steps read and write besides their enrollment: adjustments, scores, turns."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select

from conditions.fields import CONTACT, DEAL
from store import meta
from store.bulk import Bulk
from store.tables import Adjustment, Event, Profile, Score, table

ADJUSTMENTS = table(Adjustment)
_PROFILES, _SCORES, _EVENTS = table(Profile), table(Score), table(Event)


def add_adjustment(connection: Connection, **values: Any) -> None:
    connection.execute(insert(ADJUSTMENTS).values(**values))


def add_adjustments(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
    """The same for many; how many there were not yet, by their ids."""
    bulk = Bulk(connection)
    test, parameter = bulk.among("id", [row["id"] for row in rows])
    known = {row[0] for row in bulk.rows(f"SELECT id FROM adjustments WHERE {test}", parameter)}
    new = [dict(row) for row in rows if row["id"] not in known]
    if new:
        connection.execute(insert(ADJUSTMENTS), new)
    return len(new)


def find_adjustment(connection: Connection, adjustment_id: str) -> RowMapping | None:
    return (
        connection.execute(select(ADJUSTMENTS).where(ADJUSTMENTS.c.id == adjustment_id))
        .mappings()
        .one_or_none()
    )


def present_scores(
    connection: Connection, contact_id: int, deal_id: int | None
) -> dict[str, tuple[int, int | None]]:
    """(profile id, score) by profile key, of the published profiles that have scored the contact or the deal."""
    scores = dict(scores_of(connection, CONTACT, [contact_id]).get(contact_id, {}))
    if deal_id is not None:
        scores |= scores_of(connection, DEAL, [deal_id]).get(deal_id, {})
    return scores


def scores_of(
    connection: Connection, kind: str, ids: Collection[int]
) -> dict[int, dict[str, tuple[int, int | None]]]:
    """The same by record, of contacts or of deals."""
    scores = connection.execute(
        select(_SCORES.c.record_id, _PROFILES.c.key, _PROFILES.c.id, _SCORES.c.score)
        .join(_SCORES, _SCORES.c.profile_id == _PROFILES.c.id)
        .where(
            _SCORES.c.record_id.in_(list(ids)),
            _PROFILES.c.applies_to == kind,
            _PROFILES.c.version.is_not(None),
            _SCORES.c.version > _PROFILES.c.emptied,
        )
    )
    by_record: dict[int, dict[str, tuple[int, int | None]]] = {}
    for record_id, key, profile_id, score in scores:
        by_record.setdefault(record_id, {})[key] = profile_id, score
    return by_record


def load_event(connection: Connection, event_id: str) -> RowMapping | None:
    return connection.execute(select(_EVENTS).where(_EVENTS.c.id == event_id)).mappings().one_or_none()


def load_events(connection: Connection, ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """Events by id."""
    query = select(_EVENTS).where(_EVENTS.c.id.in_(list(ids)))
    return {row["id"]: dict(row) for row in connection.execute(query).mappings()}


def take_turn(connection: Connection, name: str) -> int:
    """A counter that goes round: 0, 1, 2, ... for each name."""
    turn = int(meta.get_fact(connection, name) or 0)
    meta.set_fact(connection, name, str(turn + 1))
    return turn
