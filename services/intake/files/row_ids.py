"""Ids of rows that bring none: by the name of their import, what they say, and how often that stood there before."""

from base64 import b64encode
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import orjson

from conditions.times import SECOND, Micros
from services.intake.moments import moment_of

#: Stands before the rest, where imports of the first version had the number of a line.
MARK = "r"
_SORTED = orjson.OPT_SORT_KEYS
_SIGNS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
#: The same signs in an order that is that of the numbers, and none that an id may not have.
_IN_ORDER = bytes.maketrans(_SIGNS, b"-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")
_DIGEST_BITS = 60
_DIGEST = (1 << _DIGEST_BITS) - 1
_TIME = (1 << 36) - 1
_FROM_1900 = 2_208_988_800


class RowIds:
    """Counts how often each content stood in a file: about 100 bytes of memory for each that is different.

    An id begins with the row's second, so that rows of one time stand side by side in the database: that makes storing
    them twice as fast.
    """

    def __init__(self, name: str) -> None:
        self._start = f"{name}:{MARK}"
        self._seen: dict[int, int] = {}

    def id_of(self, content: bytes, moment: Micros | None) -> str:
        """The id of the next row with this content."""
        key = int.from_bytes(blake2b(content, digest_size=8).digest(), "big")
        seen = self._seen
        count = seen[key] = seen.get(key, 0) + 1
        if count > 1:
            key = int.from_bytes(blake2b(b"%b#%d" % (content, count), digest_size=8).digest(), "big")
        second = 0 if moment is None else (moment // SECOND + _FROM_1900) & _TIME
        number = (second << _DIGEST_BITS) | (key & _DIGEST)
        return self._start + b64encode(number.to_bytes(12, "big")).translate(_IN_ORDER).decode()


def content_of(event: Mapping[str, Any]) -> tuple[bytes | None, Micros | None]:
    """What an event says, in one form, and when: two that say the same have the same. None where that cannot be said.

    The same moment, however written, is the same, and so is 12 and 12.0; the order of properties does not matter.
    """
    at = event.get("occurred_at")
    moment: Micros | None = None
    if isinstance(at, str):
        try:
            at = moment = moment_of(at)
        except ValueError:
            moment = None
    return packed(
        event.get("contact"), event.get("deal"), event.get("type"), at, event.get("properties")
    ), moment


def packed(*said: Any) -> bytes | None:
    """Values as one text, the last of which are properties. None where there is no such text."""
    try:
        return orjson.dumps((*said[:-1], plain(said[-1] or {})), option=_SORTED)
    except (TypeError, orjson.JSONEncodeError):
        return None


def plain(value: Any) -> Any:
    """A value with whole numbers as integers."""
    if isinstance(value, dict):
        for part in value.values():
            kind = type(part)
            if kind is dict or kind is list or (kind is float and part.is_integer()):
                return {name: plain(part) for name, part in value.items()}
        return value
    if isinstance(value, list):
        return [plain(part) for part in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value
