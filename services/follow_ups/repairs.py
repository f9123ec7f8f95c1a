"""What ops do to follow-ups: try again, skip a step, pause, resume, end."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from automations.model import Automation
from automations.steps.places import find_step
from conditions.times import Micros
from runtime.principals import SYSTEM, Principal
from runtime.statuses import OPEN, EnrollmentStatus
from services.follow_ups.answers import Enrollment
from services.follow_ups.listing import keys_of
from services.records.shard_locks import in_shards
from services.resources import Conflict, NotFound, Resources
from store.access.audit import note
from store.connection import Connection, RowMapping
from store.follow_ups import enrollments, repairs

Repair = Callable[[Connection, RowMapping, Micros], None]
"""What is done to the row of an enrollment."""


def is_enrollment_id(text: str) -> bool:
    """Whether this is the id of an enrollment rather than the key of an automation."""
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


class Repairs:
    """Changes enrollments, one transaction each; workflows are told by the shard's worker."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def retry(self, enrollment_id: str, *, who: Principal = SYSTEM) -> Enrollment:
        """Begin a failed follow-up again, as its next attempt, which passes over every step that is done."""

        def work(connection: Connection, row: RowMapping, now: Micros) -> None:
            del now
            if row["status"] != EnrollmentStatus.FAILED:
                raise Conflict(
                    f"the follow-up {enrollment_id} is {row['status']}; only a failed one is tried again"
                )
            repairs.retry(connection, row)

        return self._change(enrollment_id, "retry", work, who)

    def cancel(self, enrollment_id: str, *, who: Principal = SYSTEM) -> Enrollment:
        """End a follow-up that is queued or runs; what it has done stays."""

        def work(connection: Connection, row: RowMapping, now: Micros) -> None:
            if row["status"] not in OPEN:
                raise Conflict(f"the follow-up {enrollment_id} is {row['status']} already")
            repairs.cancel(connection, enrollment_id, now)

        return self._change(enrollment_id, "cancel", work, who)

    def skip(self, enrollment_id: str, *, who: Principal = SYSTEM) -> Enrollment:
        """Pass over the step where a follow-up is: the one it waits in, tries to send, or is paused before.

        A failed one goes on after the step that failed, as its next attempt.
        """

        def work(connection: Connection, row: RowMapping, now: Micros) -> None:
            if row["status"] not in (EnrollmentStatus.RUNNING, EnrollmentStatus.FAILED):
                raise Conflict(
                    f"the follow-up {enrollment_id} is {row['status']}; skip needs one that runs or failed"
                )
            automation = Automation.model_validate(row["definition"])
            step = find_step(automation, row["step"]) if row["step"] is not None else None
            branch = step.branch_if_skipped if step is not None else None
            if step is None or not repairs.skip(connection, row, step.kind, branch, now):
                remedy = (
                    "it moves on in a moment" if row["paused"] else "pause it, then skip the one it stops at"
                )
                if row["status"] == EnrollmentStatus.FAILED:
                    remedy = "the step that failed has been skipped already; retry it"
                raise Conflict(f"the follow-up {enrollment_id} is between two steps; {remedy}")

        return self._change(enrollment_id, "skip", work, who)

    def pause(self, enrollment_id: str, *, who: Principal = SYSTEM) -> Enrollment:
        """Let no further step of a follow-up begin. Pausing it twice is no error."""

        def work(connection: Connection, row: RowMapping, now: Micros) -> None:
            del now
            if row["status"] not in OPEN:
                raise Conflict(f"the follow-up {enrollment_id} is {row['status']} already")
            repairs.pause(connection, enrollment_id)

        return self._change(enrollment_id, "pause", work, who)

    def resume(self, enrollment_id: str, *, who: Principal = SYSTEM) -> Enrollment:
        """Let a paused follow-up go on."""

        def work(connection: Connection, row: RowMapping, now: Micros) -> None:
            del now
            if not row["paused"] or row["status"] not in OPEN:
                raise Conflict(f"the follow-up {enrollment_id} is not paused")
            repairs.resume(connection, enrollment_id)

        return self._change(enrollment_id, "resume", work, who)

    def _change(self, enrollment_id: str, action: str, work: Repair, who: Principal) -> Enrollment:
        def place(connection: Connection) -> list[int]:
            shard = enrollments.enrollment_shard(connection, enrollment_id)
            if shard is None:
                raise _unknown(enrollment_id)
            return [shard]

        def change(connection: Connection, now: Micros) -> Enrollment:
            before = _load(connection, enrollment_id)
            work(connection, before, now)
            after = _load(connection, enrollment_id)
            note(
                connection,
                who,
                now,
                action,
                "enrollment",
                enrollment_id,
                contact_id=after["contact_id"],
                before=_told(before),
                after=_told(after),
            )
            return Enrollment.of(after, keys_of(connection, [after]), self._resources.settings)

        return in_shards(self._resources, place, change)


def _told(row: RowMapping) -> dict[str, Any]:
    """What the audit keeps of an enrollment."""
    return {name: row[name] for name in ("automation", "status", "step", "attempt", "paused")}


def _load(connection: Connection, enrollment_id: str) -> RowMapping:
    """The enrollment as it is; raises NotFound."""
    row = enrollments.load_enrollment(connection, enrollment_id)
    if row is None:
        raise _unknown(enrollment_id)
    return row


def _unknown(enrollment_id: str) -> NotFound:
    return NotFound(f'there is no enrollment "{enrollment_id}"; GET /v1/enrollments lists them')
