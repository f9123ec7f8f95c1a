"""The histories of records, as the batch path reads them: events that count, and applied adjustments."""

from collections.abc import Collection

from sqlalchemy import Connection

from scoring.entries import Adjustment, Event, Place
from store.bulk import Bulk
from store.scoring.facts import Properties
from store.statuses import APPLIED, COUNTING


def load_applied_events(
    connection: Connection, kind: str, ids: Collection[int], types: Collection[str] | None = None
) -> dict[int, list[Event]]:
    """Every event of the records that counts, by record, in the order (occurred_at, id); of these types only."""
    bulk = Bulk(connection)
    column = f"{kind}_id"
    test, parameter = bulk.among(column, ids)
    parameters = [parameter]
    if types is not None:
        of_types, types_parameter = bulk.among("type", types)
        test += f" AND {of_types}"
        parameters.append(types_parameter)
    by_record: dict[int, list[Event]] = {}
    for row in bulk.rows(
        f"SELECT {column}, id, type, occurred_at, properties, deal_id FROM events "
        f"WHERE {test} AND status IN {COUNTING} ORDER BY {column}, occurred_at, id",
        *parameters,
    ):
        by_record.setdefault(row[0], []).append(Event(row[1], row[2], row[3], Properties(row[4]), row[5]))
    return by_record


_EVENT = "id, type, occurred_at, properties, deal_id"


def events_after(connection: Connection, kind: str, record_id: int, place: Place, limit: int) -> list[Event]:
    """Events of a record that count, those after a place in its history, in the order (occurred_at, id)."""
    return [
        Event(row[0], row[1], row[2], Properties(row[3]), row[4])
        for row in Bulk(connection).rows(
            f"SELECT {_EVENT} FROM events WHERE {kind}_id = ? AND (occurred_at, id) > (?, ?) "
            f"AND status IN {COUNTING} ORDER BY occurred_at, id LIMIT ?",
            record_id,
            *place,
            limit,
        )
    ]


def events_before(
    connection: Connection, kind: str, record_id: int, place: Place, types: Collection[str], limit: int
) -> list[Event]:
    """Events of a record that count and are of these types, those before a place in its history, the latest first."""
    bulk = Bulk(connection)
    of_types, parameter = bulk.among("type", types)
    return [
        Event(row[0], row[1], row[2], Properties(row[3]), row[4])
        for row in bulk.rows(
            f"SELECT {_EVENT} FROM events WHERE {kind}_id = ? AND (occurred_at, id) < (?, ?) "
            f"AND status IN {COUNTING} AND {of_types} ORDER BY occurred_at DESC, id DESC LIMIT ?",
            record_id,
            *place,
            parameter,
            limit,
        )
    ]


def load_applied_adjustments(
    connection: Connection, profile_id: int, ids: Collection[int]
) -> dict[int, list[Adjustment]]:
    """Every applied adjustment of the records under one profile."""
    bulk = Bulk(connection)
    test, parameter = bulk.among("record_id", ids)
    by_record: dict[int, list[Adjustment]] = {}
    for row in bulk.rows(
        f"SELECT record_id, id, points, at, ends_at FROM adjustments WHERE profile_id = ? AND {test} "
        f"AND status = {APPLIED} ORDER BY at, id",
        profile_id,
        parameter,
    ):
        by_record.setdefault(row[0], []).append(Adjustment(*row[1:]))
    return by_record
