"""What brought events and enrollments about with many others; see `runtime.beginnings`."""

from collections.abc import Collection

from sqlalchemy import Connection

from runtime.beginnings import of_import
from store.bulk import Bulk


def of_events(connection: Connection, ids: Collection[str]) -> dict[str, str]:
    """By event id, of those that something brought with others."""
    if not ids:
        return {}
    bulk = Bulk(connection)
    test, parameter = bulk.among("id", ids)
    found = bulk.rows(
        f"SELECT id, brought_by, source FROM events WHERE {test} AND (brought_by IS NOT NULL OR source IS NOT NULL)",
        parameter,
    )
    return {event_id: brought_by or of_import(source) for event_id, brought_by, source in found}


def of_enrollments(connection: Connection, ids: Collection[str]) -> dict[str, str]:
    """The same by enrollment id."""
    if not ids:
        return {}
    bulk = Bulk(connection)
    test, parameter = bulk.among("id", ids)
    found = bulk.rows(
        f"SELECT id, started_by FROM enrollments WHERE {test} AND started_by IS NOT NULL", parameter
    )
    return dict(found)
