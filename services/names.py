"""What callers may name things, and the texts and free values that every database takes."""

import math
from collections.abc import Iterator
from typing import Annotated, Any
from unicodedata import category

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from conditions.problems import Loc, Problem
from conditions.values import LARGEST_INTEGER

LONGEST_NAME = 200
LONGEST_TEXT = 1_000
#: As deep as orjson writes.
DEEPEST = 250


def check_name(text: str) -> str:
    """A key or id of the caller's: 1 to 200 characters, no `/`, nothing unprintable."""
    if not 1 <= len(text) <= LONGEST_NAME:
        raise _plain("it has 1 to 200 characters")
    if "/" in text:
        raise _plain('it cannot hold a "/"')
    if not text.isprintable() or not text.strip():
        raise _plain("it cannot be blank or hold control characters")
    return text


def check_text(text: str) -> str:
    """A short text such as a name, a stage or a tag: up to 1,000 characters, no control characters."""
    if len(text) > LONGEST_TEXT:
        raise _plain("it has at most 1,000 characters")
    if not text.isprintable() and any(category(character) in ("Cc", "Cs") for character in text):
        raise _plain("it cannot hold control characters")
    return text


def check_tag(text: str) -> str:
    """A tag: a text of 1 to 200 characters, not blank. Blanks around it are no part of it."""
    tag = text.strip()
    if not 1 <= len(tag) <= LONGEST_NAME:
        raise _plain("a tag has 1 to 200 characters")
    return check_text(tag)


Name = Annotated[str, AfterValidator(check_name)]
ShortText = Annotated[str, AfterValidator(check_text)]
Tag = Annotated[str, AfterValidator(check_tag)]


def _plain(message: str) -> PydanticCustomError:
    return PydanticCustomError("definition", "{reason}", {"reason": message})


def unstorable(value: Any, loc: Loc = (), levels: int = DEEPEST) -> Iterator[Problem]:
    """What no database takes: NUL, lone surrogates, NaN, integers that JSON readers round, bottomless nesting."""
    if isinstance(value, list | dict):
        if levels == 0:
            yield Problem(loc[:3], "it is nested too deeply")
            return
        parts = value.items() if isinstance(value, dict) else enumerate(value)
        for key, part in parts:
            if isinstance(key, str) and (message := _fault(key)):
                yield Problem((*loc, key), message)
            yield from unstorable(part, (*loc, key), levels - 1)
    elif message := _fault(value):
        yield Problem(loc, message)


def _fault(value: Any) -> str | None:
    """What is wrong with a text or number."""
    if isinstance(value, str):
        if "\x00" in value:
            return "a text cannot hold the character NUL"
        if any("\ud800" <= character <= "\udfff" for character in value):
            return "a text cannot hold half of a surrogate pair"
    elif isinstance(value, int) and abs(value) > LARGEST_INTEGER:
        return "an integer beyond 2^53 loses digits in JSON; send it as a text"
    elif isinstance(value, float) and not math.isfinite(value):
        return "a number must be finite; leave the field out or send null"
    return None
