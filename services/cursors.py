"""Cursors: where a list goes on, opaque to callers."""

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import orjson

from conditions.limits import PAGE
from conditions.values import LARGEST_INTEGER
from services.resources import BadParameter

Row = TypeVar("Row")
Part = TypeVar("Part", int, str)

MOST_PER_PAGE = 500
PER_PAGE = 50


def encode(of: str, key: Sequence[Any]) -> str:
    """A cursor after the row with this key, of the list called `of`."""
    return base64.urlsafe_b64encode(orjson.dumps([of, *key])).rstrip(b"=").decode()


def decode(cursor: str | None, of: str, types: Sequence[type]) -> list[Any] | None:
    """The key in a cursor of the list `of`; None without a cursor. Raises BadParameter for any other text."""
    if cursor is None:
        return None
    try:
        place = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError):
        place = None
    if not isinstance(place, list) or place[:1] != [of] or len(place) != len(types) + 1:
        raise wrong()
    if not all(_fits(value, kind) for value, kind in zip(place[1:], types, strict=True)):
        raise wrong()
    return place[1:]


def decode_one(cursor: str | None, of: str, kind: type[Part]) -> Part | None:
    """The key in a cursor of the list `of` whose keys have one part."""
    key = decode(cursor, of, (kind,))
    return None if key is None else key[0]


def _fits(value: Any, kind: type) -> bool:
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST_INTEGER
    return isinstance(value, str) and "\x00" not in value


def wrong() -> BadParameter:
    """What to raise for a cursor that is not of this list."""
    return BadParameter(
        "cursor", 'the cursor is not one of this list; send "next" of its last page as it was'
    )


def cut(
    rows: Iterable[Row], limit: int, of: str, key_of: Callable[[Row], Sequence[Any]]
) -> tuple[list[Row], str | None]:
    """The rows of one page, and the cursor of the next; None at the end.

    `rows` has one more than `limit` where there are more. A page of long rows ends early, at
    `limits.PAGE` bytes, though not before its first row. Where `rows` comes straight from the database, the rest is not
    read.
    """
    taken: list[Row] = []
    size = 0
    for row in rows:
        size += _size(row)
        if len(taken) == limit or (taken and size > PAGE.most):
            return taken, encode(of, key_of(taken[-1]))
        taken.append(row)
    return taken, None


def _size(value: Any) -> int:
    """About how many bytes of text a row holds."""
    if isinstance(value, str | bytes):
        return len(value)
    if isinstance(value, Mapping):
        return sum(map(_size, value.values()))
    if isinstance(value, Sequence):
        return sum(map(_size, value))
    return 8
