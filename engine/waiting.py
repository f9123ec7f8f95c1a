"""The step `wait_for`: registered with its first check, settled by what has happened or by time."""

from typing import NamedTuple

from automations.step_models import WaitForStep
from conditions.times import Micros, micros_of
from conditions.tree import compile_conditions
from engine.situation import Situation
from store.follow_ups import watching

MET, TIMEOUT = "met", "timeout"


class Waiting(NamedTuple):
    """How a wait stands: `branch` None while it goes on, at most until `deadline_at`."""

    branch: str | None
    deadline_at: Micros | None


def wait_for(situation: Situation, path: str, step: WaitForStep, *, timed_out: bool) -> Waiting:
    """Begin to wait, or see whether the wait is over. The shard's lock is held."""
    connection, enrollment_id, spec = situation.connection, situation.enrollment["id"], step.wait_for
    known = watching.find_wait(connection, enrollment_id, path)
    if known is None:
        if spec.filters is not None and compile_conditions(spec.filters)(situation.lookup, situation.now):
            return Waiting(MET, None)
        deadline = situation.now + micros_of(spec.timeout) if spec.timeout else None
        watching.register_wait(connection, enrollment_id, path, spec.event, deadline, situation.now)
        return Waiting(None, deadline)
    deadline = known["deadline_at"]
    if known["met_at"] is not None:
        return Waiting(MET, None)
    if timed_out or (deadline is not None and situation.now >= deadline):
        return Waiting(TIMEOUT, None)
    return Waiting(None, deadline)
