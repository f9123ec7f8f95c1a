"""Holding new starts of follow-ups back, and resuming them."""

from runtime.statuses import EnrollmentStatus
from services.resources import Resources
from store.connection import Connection
from store.follow_ups import enrollments, holding


def set_held(resources: Resources, *, held: bool) -> int:
    """Hold or resume; how many follow-ups are queued."""

    def work(connection: Connection) -> int:
        holding.set_held(connection, resources.clock(), held=held)
        return enrollments.count_by_status(connection).get(EnrollmentStatus.QUEUED, 0)

    queued = resources.database.run(work)
    if not held:
        resources.wakes.request(range(resources.shards))
    return queued
