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
DEEPEST = 100


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
    if any(category(character) in ("Cc", "Cs") for character in text):
        raise _plain("it cannot hold control characters")
    return text


def check_tag(text: str) -> str:
    """A tag: a text of 1 to 200 characters, not blank."""
    if not 1 <= len(text) <= LONGEST_NAME or not text.strip():
        raise _plain("a tag has 1 to 200 characters")
    return check_text(text)


Name = Annotated[str, AfterValidator(check_name)]
ShortText = Annotated[str, AfterValidator(check_text)]
Tag = Annotated[str, AfterValidator(check_tag)]


def _plain(message: str) -> PydanticCustomError:
    return PydanticCustomError("definition", "{reason}", {"reason": message})


def unstorable(value: Any, loc: Loc = (), depth: int = 0) -> Iterator[Problem]:
    """What no database takes: NUL, lone surrogates, NaN, integers that JSON readers round, bottomless nesting."""
    if isinstance(value, str):
        if "\x00" in value:
            yield Problem(loc, "a text cannot hold the character NUL")
        elif any("\ud800" <= character <= "\udfff" for character in value):
            yield Problem(loc, "a text cannot hold half of a surrogate pair")
    elif isinstance(value, bool):
        return
    elif isinstance(value, int):
        if abs(value) > LARGEST_INTEGER:
            yield Problem(loc, "an integer beyond 2^53 loses digits in JSON; send it as a text")
    elif isinstance(value, float):
        if not math.isfinite(value):
            yield Problem(loc, "a number must be finite; leave the field out or send null")
    elif isinstance(value, list | dict):
        if depth >= DEEPEST:
            yield Problem(loc[:3], f"it is nested more than {DEEPEST} levels deep")
        elif isinstance(value, list):
            for index, part in enumerate(value):
                yield from unstorable(part, (*loc, index), depth + 1)
        else:
            for key, part in value.items():
                yield from unstorable(key, (*loc, key))
                yield from unstorable(part, (*loc, key), depth + 1)
