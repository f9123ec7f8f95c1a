"""What a copy of one contact holds after something has been tried in it."""

from sqlalchemy import Connection

from store.bulk import Bulk


def scores(connection: Connection) -> dict[tuple[int, int], tuple[int, int | None]]:
    """(version, score) of all scores, by profile and record."""
    rows = Bulk(connection).rows("SELECT profile_id, record_id, version, score FROM scores")
    return {(row[0], row[1]): (row[2], row[3]) for row in rows}


def statuses(connection: Connection) -> dict[str, tuple[int, str]]:
    """(automation, status) of all enrollments, by id."""
    rows = Bulk(connection).rows("SELECT id, automation_id, status FROM enrollments")
    return {row[0]: (row[1], row[2]) for row in rows}


def skips(connection: Connection) -> list[tuple[int, str]]:
    """(automation, reason) of all matches that did not enroll."""
    return [(row[0], row[1]) for row in Bulk(connection).rows("SELECT automation_id, reason FROM skips")]
