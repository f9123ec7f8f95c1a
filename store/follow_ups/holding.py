"""Holding new starts of follow-ups back."""

from sqlalchemy import Connection

from conditions.times import Micros
from store import meta
from store.bulk import Bulk


def set_held(connection: Connection, now: Micros, *, held: bool) -> None:
    """Hold all new starts back, or let them go on. While held, enrollments are made and stay queued."""
    if held:
        meta.set_fact(connection, meta.HELD, "yes")
    elif Bulk(connection).run("DELETE FROM meta WHERE key = ?", meta.HELD):
        meta.set_fact(connection, meta.RELEASED, str(now))


def is_held(connection: Connection) -> bool:
    return meta.get_fact(connection, meta.HELD) is not None
