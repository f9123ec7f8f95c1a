"""The step `wait_for`: registered with its first check, settled by what has happened or by time."""

from typing import Any

from automations.steps.waits import WaitForStep
from conditions.times import Micros, micros_of
from conditions.tree import compile_conditions
from engine.situation import Situation
from store.follow_ups import watching

_MET, _TIMEOUT = "met", "timeout"


class StillWaiting(Exception):
    """What is waited for has not come about; it is waited until `deadline_at` at most, or for ever."""

    def __init__(self, deadline_at: Micros | None) -> None:
        super().__init__(deadline_at)
        self.deadline_at = deadline_at


def wait_for(situation: Situation, path: str, step: Any) -> dict[str, Any]:
    """Begin to wait, or see whether the wait is over; raises StillWaiting. The shard's lock is held."""
    awaiting: WaitForStep = step
    connection, enrollment_id, spec = situation.connection, situation.enrollment["id"], awaiting.wait_for
    known = watching.find_wait(connection, enrollment_id, path)
    if known is None:
        if spec.filters is not None and compile_conditions(spec.filters)(situation.lookup, situation.now):
            return {"branch": _MET}
        deadline = situation.now + micros_of(spec.timeout) if spec.timeout else None
        watching.register_wait(connection, enrollment_id, path, spec.event, deadline, situation.now)
        raise StillWaiting(deadline)
    deadline = known["deadline_at"]
    if known["met_at"] is not None:
        return {"branch": _MET}
    if situation.timed_out == path or (deadline is not None and situation.now >= deadline):
        return {"branch": _TIMEOUT}
    raise StillWaiting(deadline)
