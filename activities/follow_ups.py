"""The activities of follow-ups: run adjacent steps, and end. Each is safe to run twice."""

import time
from collections.abc import Callable, Mapping
from functools import partial
from threading import Lock
from typing import Any

import structlog
from temporalio import activity

from automations.steps.places import find_step
from channels.outbound import Outbound
from conditions.times import Micros
from engine.filling import fill, refuse
from engine.published import PublishedCache
from engine.running import Ran, cancelled, run_steps
from engine.situation import Situation, automation_of
from runtime.messages import (
    END_FOLLOW_UP,
    RUN_STEPS,
    EndFollowUp,
    RunSteps,
    StepsResult,
)
from runtime.statuses import OPEN
from runtime.wakes import Wakes
from store.connection import Connection, RowMapping
from store.database import Database
from store.follow_ups import enrollments

_log = structlog.get_logger()
#: Seconds after which the steps that are left are the next activity's, well before this one times out.
LONG = 3
#: So many attempts may die while they fill in templates.
MOST_ENDLESS = 3


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

    @activity.defn(name=RUN_STEPS, no_thread_cancel_exception=True)
    def run_steps(self, request: RunSteps) -> StepsResult:
        """Do steps that have no outcome yet and pass over those that have, each in one transaction with its outcome.

        Templates are filled in before: they may take long, and a transaction holds everybody else up. Where a step
        has changed the record, the templates after it are filled in anew, in a further round.

        Stops early after a notification that has to be sent, and when it has taken long. A step that failed for good
        ends the enrollment, unless it says `on_failure: continue`; what was done before it stays.
        """
        with self._database.read() as connection:
            shard = enrollments.enrollment_shard(connection, request.enrollment_id)
        if shard is None:
            return cancelled("the database has no such enrollment")
        began = time.monotonic()
        while True:
            texts = self._texts(request)
            ran = self._database.run(partial(self._run, request=request, texts=texts), [shard])
            if ran.changed:
                self._wakes.request([shard])
            if not ran.missing or (ran.result.done and time.monotonic() - began > LONG):
                return ran.result

    def _texts(self, request: RunSteps) -> dict[str, Any]:
        """What the templates of the steps that are still to be done become now, of as many as are filled in at once.

        An attempt after the first says before that it begins to, and after that it has: where that did not end a few
        times, those steps fail for good.
        """
        endless = _endless()
        repeated = activity.info().attempt > 1
        with self._filling, self._database.read() as connection:
            row = enrollments.load_enrollment(connection, request.enrollment_id)
            if row is None or row["status"] not in OPEN or row["paused"]:
                return {}
            paths = [step.path for step in request.steps]
            known = enrollments.outcomes(connection, row["id"], paths)
            situation = self._situation(connection, row)
            steps = {path: find_step(situation.automation, path) for path in paths if path not in known}
            if endless >= MOST_ENDLESS:
                return refuse(steps, f"filling in its template did not end in at least {endless} attempts")
            if repeated:
                activity.heartbeat(endless + 1)
            filled = fill(situation, steps)
        if repeated:
            activity.heartbeat(0)
        return filled

    def _situation(
        self, connection: Connection, row: RowMapping, texts: Mapping[str, Any] | None = None
    ) -> Situation:
        return Situation(
            connection,
            row,
            automation_of(row),
            self._clock(),
            self._outbound,
            self._published.read(connection),
            texts=texts or {},
        )

    def _run(self, connection: Connection, request: RunSteps, texts: Mapping[str, Any]) -> Ran:
        return run_steps(connection, request, lambda row: self._situation(connection, row, texts))

    @activity.defn(name=END_FOLLOW_UP, no_thread_cancel_exception=True)
    def end_follow_up(self, end: EndFollowUp) -> str | None:
        """Give the enrollment its final status, unless it has one or another attempt has taken over; the status."""

        def work(connection: Connection) -> str | None:
            row = enrollments.load_enrollment(connection, end.enrollment_id)
            if row is not None and row["attempt"] == end.attempt:
                enrollments.end_enrollment(
                    connection, end.enrollment_id, end.status, self._clock(), end.reason
                )
            row = enrollments.load_enrollment(connection, end.enrollment_id)
            return row["status"] if row is not None else None

        with self._database.read() as connection:
            shard = enrollments.enrollment_shard(connection, end.enrollment_id)
        status = self._database.run(work)
        if shard is not None:
            self._wakes.request([shard])  # another may come after it
        return status


def _endless() -> int:
    """How many attempts before this one, in a row, began to fill in templates and were not heard of again."""
    details = activity.info().heartbeat_details
    return details[0] if details else 0
