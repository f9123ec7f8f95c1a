"""The activities of follow-ups: take them as far as they can go, and end them. Each is safe to run twice."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from typing import Any

import structlog
from temporalio import activity

from channels.outbound import Outbound
from conditions.times import Micros
from engine.admission.explaining import details, done_lines, failure, record_name, standing, summary, upcoming
from engine.published import PublishedCache
from engine.steps.advancing import Stand, advance, next_paths
from engine.steps.filling import fill, refuse
from engine.steps.situation import Situation, automation_of
from engine.steps.working_set import WorkingSet
from runtime.messages import ADVANCE, END_FOLLOW_UPS, Advance, Advanced, EndFollowUps, FailedMember
from runtime.registry import enrollment_of, follow_up_workflow_id, is_cohort
from runtime.statuses import OPEN, RETRIED, EnrollmentStatus
from runtime.wakes import Wakes
from store.connection import Connection, RowMapping
from store.database import Database, DatabaseUnavailable, OperationalError
from store.follow_ups import enrollments, starting

_log = structlog.get_logger()
#: Seconds after which those who are left are the next activity's, well before this one times out.
LONG = 3.0
#: So many are taken on in one transaction, unless that takes too many seconds: then it ends before the next.
AT_A_TIME, LONG_TRANSACTION = 50, 0.03
#: So many attempts may die while they fill in templates.
MOST_ENDLESS = 3


@dataclass
class _Tally:
    """What came of those of a workflow in one go. `missing`: by enrollment, the step whose templates are needed;
    `left`: those whose turn has not come yet.
    """

    stands: dict[str, Stand] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)
    shards: set[int] = field(default_factory=set)


class FollowUpActivities:
    """Given the database, the clock, what wakes shards, and the channels."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], Micros],
        wakes: Wakes,
        outbound: Outbound,
        published: PublishedCache,
    ) -> None:
        self._database = database
        self._clock = clock
        self._wakes = wakes
        self._outbound = outbound
        self._published = published
        #: One thread at a time: many that compute would leave scoring little of the interpreter.
        self._filling = Lock()
        #: One cohort of this process at a time waits for its turn to write: others wait behind each of them.
        self._in_line = Lock()

    @activity.defn(name=ADVANCE, no_thread_cancel_exception=True)
    def advance(self, request: Advance) -> Advanced:
        """Take everybody who is not over to the next wait, message or end, some at a time in one transaction.

        Templates are filled in before: they may take long, and a transaction holds everybody else up. Where a step
        has changed the record, the templates after it are filled in anew, in a further round.

        A step that failed for good ends its enrollment, unless it says `on_failure: continue`; what was done before it
        stays. One that cannot be taken on for another reason goes on in a workflow of its own.
        """
        with self._database.read() as connection:
            members = enrollments.members(connection, request.workflow_id)
        if not members and not self._database.run(partial(_take_on, workflow_id=request.workflow_id)):
            with self._database.read() as connection:
                return _nobody(connection, request.workflow_id)
        tally = _Tally()
        more = False
        began = time.monotonic()
        for shard, ids in _chunks([row for row in members if row["status"] in OPEN]):
            if more := time.monotonic() - began > LONG:
                break
            self._go_on(request, tally, shard, ids)
        if tally.shards:
            self._wakes.request(tally.shards)
        return self._told(request, tally, more=more)

    def _go_on(self, request: Advance, tally: _Tally, shard: int, ids: Sequence[str]) -> None:
        """One transaction, and further ones for those whose templates have still to be filled in."""
        left = list(ids)
        while left:
            tally.missing.clear()
            try:
                texts = self._texts(request, left, tally.missing)
                self._transact(request, tally, shard, left, texts)
            except (DatabaseUnavailable, OperationalError):
                raise
            except Exception:  # whatever it is of one of them, it concerns nobody else
                if len(ids) == 1 and not is_cohort(request.workflow_id):
                    raise
                if len(left) == 1:
                    _log.exception("a follow-up goes on by itself", enrollment=left[0])
                    self._database.run(partial(starting.let_go, ids=left, now=self._clock()), [shard])
                    tally.shards.add(shard)
                    return
                for one in left:
                    self._go_on(request, tally, shard, [one])
                return
            left = [*tally.missing, *tally.left]

    def _transact(
        self, request: Advance, tally: _Tally, shard: int, ids: Sequence[str], texts: Mapping[str, Any]
    ) -> None:
        def work(connection: Connection) -> _Tally:
            done, began = _Tally(), time.monotonic()
            here = enrollments.outcomes_here(connection, ids)
            rows = enrollments.load_enrollments(connection, ids)
            theirs = [row for row in rows if row["workflow_id"] == request.workflow_id]
            shared = WorkingSet(connection, theirs)
            for situation in self._situations(connection, theirs, shared, request.reached):
                row = situation.enrollment
                if time.monotonic() - began > LONG_TRANSACTION:
                    done.left.append(row["id"])
                    continue
                situation.texts = texts.get(row["id"], {})
                stand = advance(situation, here.get(row["id"]))
                done.stands[row["id"]] = stand
                if stand.missing:
                    done.missing[row["id"]] = stand.path or ""
                if stand.changed:
                    done.shards.add(row["shard"])
            shared.flush()
            return done

        with self._in_line if is_cohort(request.workflow_id) else nullcontext():
            done = self._database.run(work, [shard])
        tally.stands |= done.stands
        tally.missing, tally.left = done.missing, done.left
        tally.shards |= done.shards

    def _texts(
        self, request: Advance, ids: Sequence[str], missing: Mapping[str, str]
    ) -> dict[str, dict[str, Any]]:
        """What the templates of the steps that come next become now, by enrollment and path.

        An attempt after the first says before each that it begins to, and at the end that it has: where that did not
        end a few times, those steps fail for good.
        """
        endless, culprit = _endless()
        repeated = activity.info().attempt > 1
        texts = {}
        with self._filling, self._database.read() as connection:
            here = enrollments.outcomes_here(connection, ids)
            rows = [row for row in enrollments.load_enrollments(connection, ids) if not row["paused"]]
            shared = WorkingSet(connection, rows)
            for situation in self._situations(connection, rows, shared, request.reached):
                row = situation.enrollment
                paths = next_paths(situation, here.get(row["id"]), missing.get(row["id"]))
                steps = {path: situation.automation.course.stops[path].step for path in paths}
                guilty = culprit in (None, row["id"])
                if guilty and endless >= MOST_ENDLESS:
                    texts[row["id"]] = refuse(
                        steps, f"filling in its template did not end in at least {endless} attempts"
                    )
                    continue
                if repeated:
                    activity.heartbeat(endless + 1 if guilty else 1, row["id"])
                texts[row["id"]] = fill(situation, steps)
            if repeated and endless < MOST_ENDLESS:
                activity.heartbeat(0)
        return texts

    def _situations(
        self, connection: Connection, rows: Iterable[RowMapping], shared: WorkingSet, reached: Micros
    ) -> Iterator[Situation]:
        """Those that are not over, as their steps find them."""
        now, published = self._clock(), self._published.read(connection)
        reached = max(now, reached)
        for row in rows:
            if row["status"] in OPEN:
                yield Situation(
                    connection,
                    row,
                    automation_of(row),
                    now,
                    self._outbound,
                    published,
                    reached=reached,
                    shared=shared,
                )

    def _told(self, request: Advance, tally: _Tally, *, more: bool) -> Advanced:
        """Where they stand, for the workflow and for those who read its page."""
        with self._database.read() as connection:
            members = enrollments.members(connection, request.workflow_id)
            if not members:
                return _nobody(connection, request.workflow_id)
            if is_cohort(request.workflow_id):
                return _of_cohort(connection, members, tally, more=more)
            return _of_one(connection, members[0]["id"], tally, more=more)

    @activity.defn(name=END_FOLLOW_UPS, no_thread_cancel_exception=True)
    def end_follow_ups(self, end: EndFollowUps) -> str | None:
        """Give everybody of a workflow who has none a final status; that of the last. None: there is nobody."""
        with self._database.read() as connection:
            shards = {row["shard"] for row in enrollments.members(connection, end.workflow_id)}

        def work(connection: Connection) -> str | None:
            for row in enrollments.members(connection, end.workflow_id):
                enrollments.end_enrollment(connection, row["id"], end.status, self._clock(), end.reason)
            statuses = [row["status"] for row in enrollments.members(connection, end.workflow_id)]
            return statuses[-1] if statuses else None

        status = self._database.run(work)
        self._wakes.request(shards)  # others may come after them
        return status


def _chunks(members: Sequence[RowMapping]) -> Iterator[tuple[int, list[str]]]:
    """Ids that are taken on together, with their shard: a merge may have moved some of a cohort to another."""
    by_shard: dict[int, list[str]] = {}
    for row in members:
        by_shard.setdefault(row["shard"], []).append(row["id"])
    for shard, ids in by_shard.items():
        for start in range(0, len(ids), AT_A_TIME):
            yield shard, ids[start : start + AT_A_TIME]


def _nobody(connection: Connection, workflow_id: str) -> Advanced:
    """How a workflow ends that carries out nobody any more: another attempt does, or they are erased."""
    enrollment_id = enrollment_of(workflow_id)
    row = enrollments.load_enrollment(connection, enrollment_id) if enrollment_id is not None else None
    if row is not None:
        return Advanced(ended=RETRIED, reason=f"attempt {row['attempt']} has taken over")
    return Advanced(ended=EnrollmentStatus.CANCELLED, reason="the database has no such enrollment")


def _of_one(connection: Connection, enrollment_id: str, tally: _Tally, *, more: bool) -> Advanced:
    row = enrollments.load_enrollment(connection, enrollment_id)
    if row is None:
        return Advanced(ended=EnrollmentStatus.CANCELLED, reason="the database has no such enrollment")
    automation = automation_of(row)
    stand = tally.stands.get(enrollment_id, Stand(row["step"]))
    over = row["status"] not in OPEN
    outcomes = enrollments.outcomes_in_turn(connection, enrollment_id)
    done = done_lines(automation, outcomes, None if over else stand.path, row["attempt"])
    if over:
        failed = row["status"] == EnrollmentStatus.FAILED
        reason = row["last_error"] if failed else stand.reason
        return Advanced(ended=row["status"], reason=reason, now=failure(row) if failed else "", done=done)
    course = automation.course
    return Advanced(
        due_at=stand.due_at,
        sending=stand.sending,
        more=more or stand.missing,
        paused=stand.paused,
        now=stand.now,
        done=done,
        upcoming=upcoming(automation, course.group(stand.path)) if stand.path is not None else "",
    )


def _of_cohort(
    connection: Connection, members: Sequence[RowMapping], tally: _Tally, *, more: bool
) -> Advanced:
    left = [row for row in members if row["status"] in OPEN]
    failed = [row["id"] for row in members if row["status"] == EnrollmentStatus.FAILED]
    parting = [_failed(row) for row in enrollments.load_enrollments(connection, failed)]
    ended = Counter(row["status"] for row in members if row["status"] not in (*OPEN, EnrollmentStatus.FAILED))
    if not left:
        reason = ", ".join(f"{count} {status}" for status, count in sorted(ended.items()))
        return Advanced(ended=EnrollmentStatus.COMPLETED, reason=reason, failed=parting)
    first = enrollments.load_enrollments(connection, [left[0]["id"]])
    stands = [tally.stands[row["id"]] for row in left if row["id"] in tally.stands]
    dues = [stand.due_at for stand in stands if stand.due_at is not None]
    places = Counter(row["step"] for row in left)
    return Advanced(
        due_at=min(dues, default=None),
        sending=any(stand.sending for stand in stands),
        more=more or any(stand.missing for stand in stands),
        now=f"{len(left)} go on",
        done=standing(automation_of(first[0]), places, ended) if first else "",
        upcoming=f"{len(left)} follow-ups",
        failed=parting,
    )


def _failed(row: RowMapping) -> FailedMember:
    automation = automation_of(row)
    return FailedMember(
        workflow_id=follow_up_workflow_id(row["automation"], row["id"], row["attempt"]),
        record=record_name(row),
        summary=summary(row, automation),
        details=details(row, automation),
    )


def _take_on(connection: Connection, workflow_id: str) -> bool:
    """Whether somebody who failed in a cohort is this workflow's from now on."""
    enrollment_id = enrollment_of(workflow_id)
    row = enrollments.load_enrollment(connection, enrollment_id) if enrollment_id is not None else None
    if row is None or row["status"] != EnrollmentStatus.FAILED or not is_cohort(row["workflow_id"] or ""):
        return False
    if workflow_id != follow_up_workflow_id(row["automation"], row["id"], row["attempt"]):
        return False
    enrollments.change_enrollment(connection, row["id"], workflow_id=workflow_id)
    return True


def _endless() -> tuple[int, str | None]:
    """How many attempts before this one began to fill in templates and were not heard of again, and whose."""
    details = [*activity.info().heartbeat_details, 0, None]
    return details[0], details[1] if len(activity.info().heartbeat_details) > 1 else None
