"""Steps that reach out and fail for now: noted where users see it, and tried again with growing patience."""

from datetime import timedelta

from temporalio.exceptions import ApplicationError

from channels.delivery import DeliveryFailed
from conditions.times import SECOND, Micros
from store import follow_ups
from store.connection import Connection
from store.database import Database

_FIRST, _LONGEST = 1.0, 600.0


def try_again(
    database: Database, enrollment_id: str, failure: DeliveryFailed, now: Micros
) -> ApplicationError:
    """Note that a try failed and when the next begins; the error that has Temporal begin it then."""

    def work(connection: Connection) -> float:
        tries = follow_ups.count_try(connection, enrollment_id)
        delay = max(min(_FIRST * 2.0 ** min(tries, 20), _LONGEST), failure.retry_after or 0.0)
        follow_ups.change_enrollment(
            connection,
            enrollment_id,
            tries=tries + 1,
            last_error=failure.reason,
            next_attempt_at=now + int(delay * SECOND),
        )
        return delay

    delay = database.run(work)
    return ApplicationError(failure.reason, type="DeliveryFailed", next_retry_delay=timedelta(seconds=delay))
