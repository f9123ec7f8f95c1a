"""Enrollments and what their steps did: outcomes, notifications, adjustments."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import (
    Connection,
    RowMapping,
    Select,
    and_,
    case,
    func,
    insert,
    null,
    select,
    update,
)

from conditions.times import Micros
from runtime.statuses import OPEN, EnrollmentStatus
from store.bulk import Bulk
from store.database import A_FEW
from store.follow_ups import messages
from store.statuses import QUEUED, RUNNING
from store.tables import (
    Automation,
    AutomationVersion,
    Enrollment,
    Outcome,
    Profile,
    table,
)

ENROLLMENTS = table(Enrollment)
OUTCOMES = table(Outcome)
_AUTOMATIONS = table(Automation)
_VERSIONS = table(AutomationVersion)
_PROFILES = table(Profile)

#: How the origin of those begins that a step started; then come the enrollment and the step's path.
STARTED = "start:"
#: Beside the statuses: it runs, and its present step failed and will be tried again.
RETRYING = "retrying"
IS_RETRYING = and_(
    ENROLLMENTS.c.status == EnrollmentStatus.RUNNING, ENROLLMENTS.c.next_attempt_at.is_not(None)
)

_WITH_DEFINITION = (
    select(
        ENROLLMENTS,
        _AUTOMATIONS.c.key.label("automation"),
        _VERSIONS.c.definition,
        _PROFILES.c.key.label("profile"),
        _PROFILES.c.applies_to,
    )
    .join(_AUTOMATIONS, _AUTOMATIONS.c.id == ENROLLMENTS.c.automation_id)
    .join(
        _VERSIONS,
        and_(_VERSIONS.c.automation_id == _AUTOMATIONS.c.id, _VERSIONS.c.version == ENROLLMENTS.c.version),
    )
    .outerjoin(_PROFILES, _PROFILES.c.id == ENROLLMENTS.c.profile_id)
)


def with_definition() -> Select[Any]:
    """Enrollments with `automation` key, `profile` key, what that `applies_to`, and `definition`."""
    return _WITH_DEFINITION


def load_enrollment(connection: Connection, enrollment_id: str) -> RowMapping | None:
    """One enrollment with `automation` key, `profile` key, what that `applies_to`, and `definition`."""
    return (
        connection.execute(_WITH_DEFINITION.where(ENROLLMENTS.c.id == enrollment_id)).mappings().one_or_none()
    )


def members(connection: Connection, workflow_id: str) -> list[RowMapping]:
    """Everybody whom a workflow carries out, over or not, by id: `id`, `status`, `shard`, `step`, `last_error`."""
    columns = (ENROLLMENTS.c[name] for name in ("id", "status", "shard", "step", "last_error"))
    query = select(*columns).where(ENROLLMENTS.c.workflow_id == workflow_id).order_by(ENROLLMENTS.c.id)
    return list(connection.execute(query).mappings())


def load_enrollments(connection: Connection, ids: Collection[str]) -> list[RowMapping]:
    """Enrollments by id, each as `load_enrollment` gives it."""
    query = _WITH_DEFINITION.where(ENROLLMENTS.c.id.in_(list(ids))).order_by(ENROLLMENTS.c.id)
    return list(connection.execute(query).mappings())


def starter_of(row: RowMapping) -> str | None:
    """The enrollment whose step `start` made this one."""
    origin: str = row["origin"]
    return origin.removeprefix(STARTED).partition("/")[0] if origin.startswith(STARTED) else None


def enrollment_shard(connection: Connection, enrollment_id: str) -> int | None:
    shard: int | None = connection.execute(
        select(ENROLLMENTS.c.shard).where(ENROLLMENTS.c.id == enrollment_id)
    ).scalar_one_or_none()
    return shard


def change_enrollment(connection: Connection, enrollment_id: str, **values: Any) -> None:
    connection.execute(update(ENROLLMENTS).where(ENROLLMENTS.c.id == enrollment_id).values(**values))


def waited_for(connection: Connection, ids: Collection[str]) -> dict[str, str]:
    """Those of the enrollments that others come after, each with one of those."""
    behind = select(ENROLLMENTS.c.after_id, ENROLLMENTS.c.id).where(ENROLLMENTS.c.after_id.in_(list(ids)))
    return {row.after_id: row.id for row in connection.execute(behind)}


def reach_step(connection: Connection, enrollment_id: str, path: str) -> None:
    """Note where an enrollment is; tries that failed belong to the step before."""
    change_enrollment(connection, enrollment_id, step=path, tries=0, last_error=None, next_attempt_at=None)


def settle_tries(connection: Connection, enrollment_id: str, path: str) -> None:
    """Note that the step has come to its end, whatever failed before, unless the follow-up has gone on."""
    connection.execute(
        update(ENROLLMENTS)
        .where(*_at_step(enrollment_id, path))
        .values(tries=0, last_error=None, next_attempt_at=None)
    )


def note_try(
    connection: Connection, enrollment_id: str, path: str, tries: int, reason: str, next_at: Micros
) -> None:
    """Note a try of the step that failed, unless the follow-up has gone on."""
    connection.execute(
        update(ENROLLMENTS)
        .where(*_at_step(enrollment_id, path))
        .values(
            tries=tries,
            last_error=reason,
            next_attempt_at=case((ENROLLMENTS.c.paused, null()), else_=next_at),
        )
    )


def _at_step(enrollment_id: str, path: str) -> tuple[Any, ...]:
    return ENROLLMENTS.c.id == enrollment_id, ENROLLMENTS.c.step == path, ENROLLMENTS.c.status.in_(OPEN)


def progress_of(connection: Connection, enrollment_id: str) -> RowMapping | None:
    """`paused`, `step`, `tries`, `last_error` and `next_attempt_at` of an enrollment."""
    columns = (ENROLLMENTS.c[name] for name in ("paused", "step", "tries", "last_error", "next_attempt_at"))
    query = select(*columns).where(ENROLLMENTS.c.id == enrollment_id)
    return connection.execute(query).mappings().one_or_none()


def let_pass(connection: Connection, test: str, parameter: Any) -> None:
    """Let those that come after enrollments that will not start any more come after whom these came after."""
    ended = f"SELECT id FROM enrollments WHERE {test} AND status = {QUEUED} AND started_at IS NULL"
    statement = (
        "UPDATE enrollments SET after_id = (SELECT b.after_id FROM enrollments b WHERE b.id = enrollments.after_id) "
        f"WHERE after_id IN ({ended})"
    )
    while Bulk(connection).run(statement, parameter):
        pass


def end_enrollment(
    connection: Connection, enrollment_id: str, status: str, now: Micros, error: str | None = None
) -> None:
    """Give an enrollment that is still open its final status. What it had still to send will not be sent."""
    if status != EnrollmentStatus.COMPLETED:
        let_pass(connection, "id = ?", enrollment_id)
        messages.fail_pending(connection, enrollment_id, f"the follow-up ended before it was sent ({status})")
    connection.execute(
        update(ENROLLMENTS)
        .where(ENROLLMENTS.c.id == enrollment_id, ENROLLMENTS.c.status.in_(OPEN))
        .values(
            status=status,
            finished_at=now,
            **({"last_error": error} if error else {}),
        )
    )


def workflows_running(connection: Connection, before: Micros) -> list[str]:
    """The workflows of enrollments that run since before a moment."""
    return [
        row[0]
        for row in Bulk(connection).rows(
            f"SELECT DISTINCT workflow_id FROM enrollments WHERE status = {RUNNING} AND started_at < ? "
            "AND workflow_id IS NOT NULL ORDER BY workflow_id",
            before,
        )
    ]


def start_again(connection: Connection, workflow_id: str) -> None:
    """Queue those whose workflow is lost as their next attempt; stored outcomes are passed over."""
    connection.execute(
        update(ENROLLMENTS)
        .where(ENROLLMENTS.c.workflow_id == workflow_id, ENROLLMENTS.c.status == EnrollmentStatus.RUNNING)
        .values(status=EnrollmentStatus.QUEUED, attempt=ENROLLMENTS.c.attempt + 1, workflow_id=None)
    )


def outcomes(connection: Connection, enrollment_id: str, paths: Collection[str]) -> dict[str, RowMapping]:
    """What the steps came to, by path; steps without an outcome are missing."""
    of_steps = connection.execute(
        select(OUTCOMES).where(OUTCOMES.c.enrollment_id == enrollment_id, OUTCOMES.c.path.in_(paths))
    ).mappings()
    return {row["path"]: row for row in of_steps}


def outcomes_here(connection: Connection, ids: Collection[str]) -> dict[str, RowMapping]:
    """What the steps where enrollments are came to, by enrollment; those without an outcome are missing."""
    here = and_(OUTCOMES.c.enrollment_id == ENROLLMENTS.c.id, OUTCOMES.c.path == ENROLLMENTS.c.step)
    query = select(OUTCOMES).join(ENROLLMENTS, here).where(ENROLLMENTS.c.id.in_(list(ids)))
    return {row["enrollment_id"]: row for row in connection.execute(query).mappings()}


def outcomes_of(connection: Connection, ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """What all steps of enrollments came to, by enrollment and path."""
    query = select(OUTCOMES.c.enrollment_id, OUTCOMES.c.path, OUTCOMES.c.result)
    results: dict[str, dict[str, Any]] = {}
    for row in connection.execute(query.where(OUTCOMES.c.enrollment_id.in_(list(ids)))):
        results.setdefault(row.enrollment_id, {})[row.path] = row.result
    return results


def outcomes_in_turn(connection: Connection, enrollment_id: str) -> list[RowMapping]:
    """What the steps of an enrollment came to, in the order in which they were done."""
    query = select(OUTCOMES).where(OUTCOMES.c.enrollment_id == enrollment_id)
    return list(connection.execute(query.order_by(OUTCOMES.c.at, OUTCOMES.c.path)).mappings())


def change_outcome(connection: Connection, enrollment_id: str, path: str, result: Mapping[str, Any]) -> None:
    """What a step came to is another."""
    of_step = OUTCOMES.c.enrollment_id == enrollment_id, OUTCOMES.c.path == path
    connection.execute(update(OUTCOMES).where(*of_step).values(result=dict(result)))


def note_failure(connection: Connection, enrollment_id: str, path: str, reason: str) -> None:
    """Note why the step has failed for good, unless the follow-up has gone on."""
    connection.execute(
        update(ENROLLMENTS)
        .where(*_at_step(enrollment_id, path))
        .values(last_error=reason, next_attempt_at=None)
    )


def skipped_paths(connection: Connection, enrollment_ids: Collection[str]) -> dict[str, list[str]]:
    """The paths of the steps that were skipped by hand, by enrollment, in that order."""
    bulk = Bulk(connection)
    test, parameter = bulk.among("enrollment_id", enrollment_ids)
    skipped = f"{test} AND result -> 'skipped' = 'true'"
    statement = f"SELECT enrollment_id, path FROM outcomes WHERE {skipped} ORDER BY at, path"
    paths: dict[str, list[str]] = {}
    for enrollment_id, path in bulk.rows(statement, parameter):
        paths.setdefault(enrollment_id, []).append(path)
    return paths


def add_outcome(
    connection: Connection,
    enrollment_id: str,
    path: str,
    kind: str,
    result: Mapping[str, Any],
    attempt: int,
    now: Micros,
) -> None:
    connection.execute(
        insert(OUTCOMES).values(
            enrollment_id=enrollment_id, path=path, kind=kind, result=dict(result), attempt=attempt, at=now
        )
    )


def newest_first(
    connection: Connection,
    of: str,
    filters: Mapping[str, Any],
    after: str | None,
    limit: int,
) -> Iterable[RowMapping]:
    """Enrollments, notifications or webhooks, the newest first, those before the id `after`.

    Enrollments of the status `retrying` are those that run and try their present step again.
    """
    listed = {
        "enrollments": ENROLLMENTS,
        "notifications": messages.NOTIFICATIONS,
        "webhooks": messages.WEBHOOKS,
    }[of]
    tests = [
        IS_RETRYING if (name, value) == ("status", RETRYING) else listed.c[name] == value
        for name, value in filters.items()
        if value is not None
    ]
    if after is not None:
        tests.append(listed.c.id < after)
    query = (
        select(listed, _AUTOMATIONS.c.key.label("automation"))
        .outerjoin(_AUTOMATIONS, _AUTOMATIONS.c.id == listed.c.automation_id)
        .where(*tests)
        .order_by(listed.c.id.desc())
        .limit(limit)
    )
    return connection.execute(query).yield_per(A_FEW).mappings()


def count_by_status(connection: Connection) -> dict[str, int]:
    """Enrollments by status; those that are `retrying` are not among the `running`."""
    counts = connection.execute(select(ENROLLMENTS.c.status, func.count()).group_by(ENROLLMENTS.c.status))
    by_status = {row[0]: row[1] for row in counts}
    retrying: int = connection.execute(select(func.count()).where(IS_RETRYING)).scalar_one()
    running = by_status.get(EnrollmentStatus.RUNNING, 0)
    return by_status | {EnrollmentStatus.RUNNING: running - retrying, RETRYING: retrying}
