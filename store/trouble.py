"""What keeps the database from being used: told from mistakes in a statement, and said in words."""

from sqlalchemy.exc import DBAPIError

from runtime.errors import ReadableError

#: The low byte of SQLite's error codes: busy, locked; read-only, I/O, damaged, full, not opened, no database.
_LOCKED = (5, 6)
_UNUSABLE = (8, 10, 11, 13, 14, 26)
#: How both databases say that a statement was stopped, on our own request.
_INTERRUPTED, _CANCELLED = 9, "57014"
#: SQLSTATEs of PostgreSQL, classes: no connection, no room, its own trouble; states: a read-only copy, shutting down.
_CLASSES = ("08", "53", "58")
_STATES = ("25006", "55P03", "57P01", "57P02", "57P03")


class DatabaseUnavailable(ReadableError):
    """The database cannot be reached, opened or written to; the message names it (without password) and the remedy.

    What was to be done is not done, and may be tried again.
    """


class DatabaseLocked(DatabaseUnavailable):
    """Another program holds SQLite's lock, such as a backup or a shell."""


class CutOff(DatabaseUnavailable):
    """A statement took longer than it may where it was asked; the message says what to do instead."""


def trouble_of(
    error: DBAPIError, name: str, *, sqlite: bool, connecting: bool = False
) -> DatabaseUnavailable | None:
    """The error as trouble with the database of this name; None for what the database has against a statement."""
    reason = _first_line(error)
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
    state = getattr(error.orig, "sqlstate", None) or ""
    if state == _CANCELLED or (sqlite and code == _INTERRUPTED):
        return CutOff(
            "this asks for too much at once and was cut off; ask for less, such as by a narrower filter or a shorter "
            "time, or again when less is going on"
        )
    if not sqlite:
        if connecting or error.connection_invalidated or state[:2] in _CLASSES or state in _STATES:
            return DatabaseUnavailable(
                f"the database {name} cannot be reached ({reason}); start it, or correct DATABASE_URL"
            )
        return None
    if code in _LOCKED:
        return DatabaseLocked(
            f"the database {name} is locked by another program, such as a backup or a shell that has begun to write. "
            "Nothing was changed; it works again as soon as that program lets go of it"
        )
    if connecting or code in _UNUSABLE:
        return DatabaseUnavailable(
            f"the database {name} cannot be used ({reason}); check that there is room on the disk, that the file is a "
            "database and may be written, or change DATABASE_URL or KINDLING_HOME"
        )
    return None


def _first_line(error: DBAPIError) -> str:
    said = str(error.orig).strip()
    return said.splitlines()[0] if said else "no reason given"
