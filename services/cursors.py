"""Cursors: where a list goes on, opaque to callers."""

import base64
import binascii
from collections.abc import Sequence
from typing import Any

import orjson

from conditions.values import LARGEST_INTEGER
from services.resources import BadParameter

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
        found = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError):
        found = None
    if not isinstance(found, list) or found[:1] != [of] or len(found) != len(types) + 1:
        raise wrong()
    if not all(_fits(value, kind) for value, kind in zip(found[1:], types, strict=True)):
        raise wrong()
    return found[1:]


def _fits(value: Any, kind: type) -> bool:
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST_INTEGER
    return isinstance(value, str) and "\x00" not in value


def wrong() -> BadParameter:
    """What to raise for a cursor that is not of this list."""
    return BadParameter(
        "cursor", 'the cursor is not one of this list; send "next" of its last page as it was'
    )


def page(items: list[Any], following: str | None) -> dict[str, Any]:
    """A page of a list, as the API shows it."""
    return {"items": items, "next": following}
