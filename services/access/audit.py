"""The audit, read and trimmed."""

from dataclasses import dataclass
from typing import Any

from conditions.times import DAY, Micros
from runtime.principals import Principal
from services import cursors
from services.access.answers import AuditEntry
from services.answers import Page
from services.resources import Resources
from store.access import audit
from store.database import Database

#: Rows that one transaction deletes.
_TRIMMED_AT_ONCE = 1_000


@dataclass(frozen=True)
class AuditQuery:
    """Filters, all of which must hold; `since` and `until` in microseconds."""

    by: str | None = None
    action: str | None = None
    thing: str | None = None
    subject: str | None = None
    since: Micros | None = None
    until: Micros | None = None


class AuditLog:
    """Reads and trims the audit."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def find(self, query: AuditQuery, *, cursor: str | None, limit: int) -> Page[AuditEntry]:
        """A page of what was done, the newest first."""
        before = cursors.decode_one(cursor, "audit", str)
        named = {
            "actor": query.by,
            "action": query.action,
            "thing": query.thing,
            "subject": query.subject,
        }
        equal = {name: value for name, value in named.items() if value is not None}
        with self._resources.database.read() as connection:
            rows = audit.find(
                connection,
                before=before,
                limit=limit + 1,
                equal=equal,
                since=query.since,
                until=query.until,
            )
        taken, following = cursors.cut(rows, limit, "audit", lambda row: [row["id"]])
        return Page[AuditEntry](items=[AuditEntry.of(row) for row in taken], next=following)

    def add(self, by: Principal, action: str, thing: str, subject: str | None, *, after: Any = None) -> None:
        """Note what was done in many transactions, or in none of ours."""
        now = self._resources.clock()
        self._resources.database.run(
            lambda connection: audit.note(connection, by, now, action, thing, subject, after=after)
        )


def trim(database: Database, now: Micros, days: int) -> int:
    """Delete what is older than so many days; how many rows it were. 0 days: nothing."""
    trimmed, some = 0, _TRIMMED_AT_ONCE if days else 0
    while some == _TRIMMED_AT_ONCE:
        some = database.run(lambda connection: audit.trim(connection, now - days * DAY, _TRIMMED_AT_ONCE))
        trimmed += some
    return trimmed
