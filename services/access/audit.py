"""The audit: noting what is done, in the transaction that does it, and reading it."""

from dataclasses import dataclass
from typing import Any

from uuid_utils import uuid7

from conditions.times import DAY, Micros
from runtime.principals import Principal
from services import cursors
from services.access.answers import AuditEntry
from services.answers import Page
from services.resources import Resources
from store.access import audit
from store.connection import Connection

#: Rows that one transaction deletes.
_TRIMMED_AT_ONCE = 1_000


def note(
    connection: Connection,
    by: Principal,
    now: Micros,
    action: str,
    thing: str,
    subject: str | None,
    *,
    contact_id: int | None = None,
    before: Any = None,
    after: Any = None,
) -> None:
    """Note that somebody does something. `contact_id`: whose data it tells of; erased with that contact."""
    audit.add(
        connection,
        {
            "id": str(uuid7()),
            "at": now,
            "kind": by.kind,
            "actor": by.author,
            "actor_id": by.id,
            "address": by.address,
            "action": action,
            "thing": thing,
            "subject": subject,
            "contact_id": contact_id,
            "before": before,
            "after": after,
        },
    )


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
            lambda connection: note(connection, by, now, action, thing, subject, after=after)
        )

    def trim(self) -> int:
        """Delete what is older than the setting keeps; how many rows it were."""
        days = self._resources.settings.audit_days
        if days == 0:
            return 0
        oldest = self._resources.clock() - days * DAY
        trimmed, some = 0, _TRIMMED_AT_ONCE
        while some == _TRIMMED_AT_ONCE:
            some = self._resources.database.run(
                lambda connection: audit.trim(connection, oldest, _TRIMMED_AT_ONCE)
            )
            trimmed += some
        return trimmed
