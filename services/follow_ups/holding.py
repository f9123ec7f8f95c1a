"""Holding new starts of follow-ups back, and resuming them."""

from runtime.principals import SYSTEM, Principal
from runtime.statuses import EnrollmentStatus
from services.resources import Resources
from store.access.audit import note
from store.connection import Connection
from store.follow_ups import enrollments, holding


def set_held(resources: Resources, *, held: bool, who: Principal = SYSTEM) -> int:
    """Hold or resume; how many follow-ups are queued."""

    def work(connection: Connection) -> int:
        now = resources.clock()
        before = {"held": holding.is_held(connection)}
        holding.set_held(connection, now, held=held)
        action = "hold" if held else "release"
        note(connection, who, now, action, "setting", "held", before=before, after={"held": held})
        return enrollments.count_by_status(connection).get(EnrollmentStatus.QUEUED, 0)

    queued = resources.database.run(work)
    if not held:
        resources.wakes.request(range(resources.shards))
    return queued
