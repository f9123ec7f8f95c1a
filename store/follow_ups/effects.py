"""What steps read and write besides their enrollment: adjustments, scores, turns."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, insert, or_, select

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
    of_deal = and_(_SCORES.c.record_id == deal_id, _PROFILES.c.applies_to == "deal")
    of_contact = and_(_SCORES.c.record_id == contact_id, _PROFILES.c.applies_to == "contact")
    scores = connection.execute(
        select(_PROFILES.c.key, _PROFILES.c.id, _SCORES.c.score)
        .join(_SCORES, _SCORES.c.profile_id == _PROFILES.c.id)
        .where(
            or_(of_contact, of_deal) if deal_id is not None else of_contact,
            _PROFILES.c.version.is_not(None),
            _SCORES.c.version > _PROFILES.c.emptied,
        )
    )
    return {key: (profile_id, score) for key, profile_id, score in scores}


def load_event(connection: Connection, event_id: str) -> RowMapping | None:
    return connection.execute(select(_EVENTS).where(_EVENTS.c.id == event_id)).mappings().one_or_none()


def take_turn(connection: Connection, name: str) -> int:
    """A counter that goes round: 0, 1, 2, ... for each name."""
    turn = int(meta.get_fact(connection, name) or 0)
    meta.set_fact(connection, name, str(turn + 1))
    return turn
