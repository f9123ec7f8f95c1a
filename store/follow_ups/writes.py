"""What steps of many follow-ups write in one transaction: each kind of row in one statement."""

from collections.abc import Mapping
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Table, insert

from conditions.times import Micros
from runtime.statuses import EnrollmentStatus
from store.bulk import Bulk
from store.follow_ups import tasks
from store.statuses import OPEN_LITERALS


class Writes:
    """Rows that are kept until `flush`. Within a kind they are written in the order in which they came.

    Nobody may read or change such rows in the database before that.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._inserts: dict[Table, list[dict[str, Any]]] = {}
        self._tasks: list[tuple[Micros, int, dict[str, Any]]] = []
        self._watching: list[tuple[Any, ...]] = []
        self._reached: list[tuple[Any, ...]] = []
        self._settled: list[tuple[Any, ...]] = []
        self._completed: list[tuple[Any, ...]] = []

    def insert(self, target: Table, **values: Any) -> None:
        """A row of a table that nothing else depends on; all of them name the same columns."""
        self._inserts.setdefault(target, []).append(values)

    def task(self, now: Micros, depth: int, values: Mapping[str, Any]) -> str:
        """An open task, as `tasks.add_task` makes it; its id."""
        row = tasks.new_task(now, values)
        self._tasks.append((now, depth, row))
        return str(row["id"])

    def watch(self, enrollment_id: str, bit: int) -> None:
        """Something that changes of its record may bring about concerns an enrollment."""
        self._watching.append((bit, enrollment_id))

    def reach_step(self, enrollment_id: str, path: str) -> None:
        """Where an enrollment is; tries that failed belong to the step before."""
        self._reached.append((path, enrollment_id))

    def settle(self, enrollment_id: str) -> None:
        """The first steps of an enrollment are done."""
        self._settled.append((True, enrollment_id))

    def complete(self, enrollment_id: str, now: Micros) -> None:
        """An enrollment that is still open has come to its end."""
        self._completed.append((EnrollmentStatus.COMPLETED.value, now, enrollment_id))

    def flush(self) -> None:
        """Write all that has come."""
        inserts, self._inserts = self._inserts, {}
        for target, rows in inserts.items():
            self._connection.execute(insert(target), rows)
        made, self._tasks = self._tasks, []
        for (now, depth), group in groupby(made, key=lambda one: one[:2]):
            tasks.add_tasks(self._connection, [row for *_, row in group], now, depth=depth)
        self._flush_enrollments()

    def _flush_enrollments(self) -> None:
        bulk = Bulk(self._connection)
        of_enrollment = "UPDATE enrollments SET {} WHERE id = ?"
        bulk.each(of_enrollment.format("watching = watching | ?"), self._watching)
        reached = "step = ?, tries = 0, last_error = NULL, next_attempt_at = NULL"
        bulk.each(of_enrollment.format(reached), self._reached)
        bulk.each(of_enrollment.format("settled = ?"), self._settled)
        completed = of_enrollment.format("status = ?, finished_at = ?")
        bulk.each(f"{completed} AND status IN {OPEN_LITERALS}", self._completed)
        self._watching, self._reached, self._settled, self._completed = [], [], [], []
