"""What a field can hold, and when it counts as empty."""

from enum import StrEnum
from typing import Any, Literal, TypeAlias, get_args

Scalar: TypeAlias = str | int | float | bool
Value: TypeAlias = str | int | float | bool | list[Any] | None


class FieldType(StrEnum):
    """What a field holds. `channels` is a list of channels or "all"; `any` is known at run time only."""

    number = "number"
    text = "text"
    boolean = "boolean"
    list = "list"
    channels = "channels"
    moment = "moment"
    any = "any"


BLANK = " \t\n\r\f\v"
"""The characters that make a text blank. Only these: both databases can trim them alike."""

Channel = Literal["email", "sms", "call", "chat"]
CHANNELS: tuple[Channel, ...] = get_args(Channel)
ALL_CHANNELS = "all"
"""What a DND field holds when every channel is off."""

LARGEST_INTEGER = 2**53


def is_empty(value: Value) -> bool:
    """Missing, null, blank text or an empty list. 0 and False are not empty."""
    if value is None:
        return True
    if isinstance(value, str):
        return not value.strip(BLANK)
    return isinstance(value, list) and not value


def is_number(value: object) -> bool:
    """Booleans are not numbers."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def same(value: object, other: object) -> bool:
    """Whether two scalars are equal and of one type: number, text or boolean. 1 equals 1.0 but not True."""
    if isinstance(value, bool) or isinstance(other, bool):
        return value is other
    if isinstance(value, str):
        return isinstance(other, str) and value == other
    return is_number(value) and is_number(other) and value == other


def shown_score(score: int | None) -> str:
    """A score as people read it."""
    return "empty" if score is None else str(score)
