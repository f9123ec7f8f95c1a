"""Steps that reach out and fail for now: noted where users see it, and tried again with growing patience."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.heartbeats import beating
from activities.messages import Delivered
from channels.delivery import DeliveryFailed
from conditions.times import SECOND, Micros
from store import follow_ups
from store.connection import Connection

T = TypeVar("T")
_FIRST, _LONGEST = 1.0, 600.0
#: Ten pauses that double, and then ten minutes each: about a day.
MOST_TRIES = 150
GAVE_UP = "gave up after a day of tries"


def try_again(
    connection: Connection, enrollment_id: str, path: str, failure: DeliveryFailed, now: Micros
) -> Delivered | None:
    """Note that a try of a step failed and when the next begins; None when there have been enough.

    Where the follow-up has gone on meanwhile, nothing is noted.
    """
    tries = follow_ups.count_try(connection, enrollment_id)
    if tries + 1 >= MOST_TRIES:
        return None
    delay = max(min(_FIRST * 2.0 ** min(tries, 20), _LONGEST), failure.retry_after or 0.0)
    again_at = now + int(delay * SECOND)
    follow_ups.note_try(connection, enrollment_id, path, tries + 1, failure.reason, again_at)
    return Delivered(again_at=again_at, reason=failure.reason)


def given_up(failure: DeliveryFailed) -> ApplicationError:
    """The error that ends the step."""
    reason = failure.reason if failure.permanent else f"{GAVE_UP}: {failure.reason}"
    return ApplicationError(reason, type="DeliveryFailed", non_retryable=True)


async def to_the_end(sending: Awaitable[T]) -> T:
    """Send beside heartbeats. A try that is under way is not broken off by a cancel, but by the worker's end."""
    task = asyncio.ensure_future(sending)
    async with beating():
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            details = activity.cancellation_details()
            if details is not None and details.worker_shutdown:
                task.cancel()
                raise
            return await task
