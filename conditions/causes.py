"""Why a score moves."""

from enum import StrEnum


class Cause(StrEnum):
    """What moved a score: something that was sent or done, a field of the record, time, or a new way to score."""

    EVENT = "event"
    ATTRIBUTE = "attribute"
    ADJUSTMENT = "adjustment"
    EXPIRY = "expiry"
    DECAY = "decay"
    INACTIVITY = "inactivity"
    REVOKE = "revoke"
    MERGE = "merge"
    PUBLISH = "publish"
