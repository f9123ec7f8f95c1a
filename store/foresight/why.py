"""What became of matches, and the events that a trigger looked at."""

from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import Connection, RowMapping, select

from conditions.times import Micros
from runtime.statuses import EventStatus
from store.bulk import Bulk
from store.intake.event_reads import EVENTS


class Life(NamedTuple):
    """An enrollment from its making to its end; `started` is when it started or may start."""

    id: str
    created_at: Micros
    start_at: Micros
    finished_at: Micros | None
    change_seq: int | None

    @property
    def started(self) -> Micros:
        return max(self.created_at, self.start_at)


def lives(connection: Connection, automation_id: int, kind: str, record_id: int) -> list[Life]:
    """All enrollments of a contact, or of a deal, in an automation, the oldest first."""
    return [
        Life(*row)
        for row in Bulk(connection).rows(
            f"SELECT {', '.join(Life._fields)} FROM enrollments WHERE automation_id = ? AND {kind}_id = ? "
            "ORDER BY created_at, id",
            automation_id,
            record_id,
        )
    ]


def besides(
    connection: Connection, automation_id: int, kind: str, record_id: int, profile_id: int | None, limit: int
) -> list[dict[str, Any]]:
    """Enrollments and skips that no event and no change of the profile's score caused, the newest first.

    `cause`: `manual`, `start`, `attribute` where fields of the record changed, `score` where another score did.
    """
    bulk = Bulk(connection)
    elsewhere = f"automation_id = ? AND {kind}_id = ? AND origin NOT LIKE ? AND origin NOT LIKE ?"
    parameters = (automation_id, record_id, f"{profile_id}:%", "event:%", limit)
    enrolled = bulk.rows(
        f"SELECT created_at, origin, id, NULL FROM enrollments WHERE {elsewhere} ORDER BY created_at DESC LIMIT ?",
        *parameters,
    )
    skipped = bulk.rows(
        f"SELECT at, origin, NULL, reason FROM skips WHERE {elsewhere} ORDER BY at DESC LIMIT ?", *parameters
    )
    causes = {"enroll": "manual", "start": "start", "attribute": "attribute"}
    others = [
        {
            "at": at,
            "cause": causes.get(origin.partition(":")[0], "score"),
            "enrollment": enrollment,
            "reason": reason,
        }
        for at, origin, enrollment, reason in (*enrolled, *skipped)
    ]
    return sorted(others, key=lambda one: -one["at"])[:limit]


def fates(connection: Connection, automation_id: int, origins: Collection[str]) -> dict[str, dict[str, Any]]:
    """By origin, the `enrollment` made and its `workflow_id`, or the `reason` of a skip, and when; else missing."""
    bulk = Bulk(connection)
    test, parameter = bulk.among("origin", origins)
    by_origin: dict[str, dict[str, Any]] = {}
    for origin, enrollment, workflow_id, at in bulk.rows(
        f"SELECT origin, id, workflow_id, created_at FROM enrollments WHERE automation_id = ? AND {test}",
        automation_id,
        parameter,
    ):
        by_origin[origin] = {"enrollment": enrollment, "workflow_id": workflow_id, "reason": None, "at": at}
    for origin, reason, at in bulk.rows(
        f"SELECT origin, reason, at FROM skips WHERE automation_id = ? AND {test}", automation_id, parameter
    ):
        by_origin[origin] = {"enrollment": None, "reason": reason, "at": at}
    return by_origin


def events_of(
    connection: Connection, kind: str, record_id: int, event_type: str, limit: int
) -> list[RowMapping]:
    """Events of a type of a contact or deal, the newest first; those that scoring has not reached are left out."""
    query = (
        select(EVENTS)
        .where(
            EVENTS.c[f"{kind}_id"] == record_id,
            EVENTS.c.type == event_type,
            EVENTS.c.status != EventStatus.PENDING,
        )
        .order_by(EVENTS.c.occurred_at.desc(), EVENTS.c.id.desc())
        .limit(limit)
    )
    return list(connection.execute(query).mappings())
