"""What every channel may say about a message that did not get there, and when another try comes."""

from conditions.times import SECOND, Micros

_FIRST, _LONGEST = 1.0, 600.0
#: Ten pauses that double, and then ten minutes each: about a day.
MOST_TRIES = 150


class DeliveryFailed(Exception):
    """`reason` says what happened, in words that hold no address and no secret.

    `permanent`: another try would not help. `retry_after`: seconds that the other side asks to wait, if it did.
    """

    def __init__(self, reason: str, *, permanent: bool, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent
        self.retry_after = retry_after


def pause_after(tries: int, failure: DeliveryFailed) -> Micros:
    """How long to wait after a try that failed, where so many failed before it."""
    return int(max(min(_FIRST * 2.0 ** min(tries, 20), _LONGEST), failure.retry_after or 0.0) * SECOND)
