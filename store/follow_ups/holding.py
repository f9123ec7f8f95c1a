"""Holding new starts of follow-ups back."""

from sqlalchemy import Connection

from store import meta
from store.bulk import Bulk


def set_held(connection: Connection, *, held: bool) -> None:
    """Hold all new starts back, or let them go on. While held, enrollments are made and stay queued."""
    if held:
        meta.set_fact(connection, meta.HELD, "yes")
    else:
        Bulk(connection).run("DELETE FROM meta WHERE key = ?", meta.HELD)
