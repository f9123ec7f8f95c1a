"""What every channel may say about a message that did not get there."""


class DeliveryFailed(Exception):
    """`reason` says what happened, in words that hold no address and no secret.

    `permanent`: another try would not help. `retry_after`: seconds that the other side asks to wait, if it did.
    """

    def __init__(self, reason: str, *, permanent: bool, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent
        self.retry_after = retry_after
