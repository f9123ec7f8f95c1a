"""Entity tags: short texts that stand for what is stored under an address, part by part.

A tag is `"whole.parts"` or `"whole.parts.passing"`. Tags with one `whole` stand for one and the same state. `parts` has
some bits of each part of it, so that of a tag that a caller has kept it can be told what has changed since. `passing`
is there where an answer tells what is no state too, such as how far a publish has come: no change depends on that.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, ClassVar

import orjson
from pydantic import BaseModel

_PART_BYTES = 2


class TaggedAnswer(BaseModel):
    """An answer that has a tag. `STATE`: the parts of what is stored; `PASSING`: what is told besides."""

    STATE: ClassVar[Sequence[str]] = ()
    PASSING: ClassVar[Sequence[str]] = ()

    def tag(self) -> str:
        """The tag of what is stored and told, in its quotes; it changes whenever the answer to a GET does."""
        shown = self.model_dump(mode="json", by_alias=True)
        state = [_text(name, shown.get(name)) for name in self.STATE]
        passing = [_text(name, shown[name]) for name in self.PASSING if shown.get(name) is not None]
        sections = [_digest(b"\n".join(state), 12), b"".join(_digest(part, _PART_BYTES) for part in state)]
        if passing:
            sections.append(_digest(b"\n".join(passing), 6))
        return f'"{".".join(_base64(section) for section in sections)}"'

    def is_state_of(self, tag: str) -> bool:
        """Whether a tag stands for what is stored now, whatever is told besides."""
        return _sections(tag)[:2] == _sections(self.tag())[:2]

    def changed_since(self, tag: str) -> list[str]:
        """The parts that are not as they were at an earlier tag; empty where that cannot be known."""
        before, now = _parts(tag), _parts(self.tag())
        if len(before) != len(now):
            return []
        return [name for name, old, new in zip(self.STATE, before, now, strict=True) if old != new]


def _text(name: str, value: Any) -> bytes:
    return orjson.dumps([name, value], option=orjson.OPT_SORT_KEYS)


def _digest(text: bytes, size: int) -> bytes:
    return blake2b(text, digest_size=size).digest()


def _base64(section: bytes) -> str:
    return urlsafe_b64encode(section).rstrip(b"=").decode()


def _sections(tag: str) -> list[str]:
    return tag.strip('"').split(".")


def _parts(tag: str) -> list[bytes]:
    """Each part's bits; none of a tag that is not ours."""
    sections = _sections(tag)
    try:
        section = sections[1]
        bits = urlsafe_b64decode(section + "=" * (-len(section) % 4))
    except (IndexError, ValueError):
        return []
    return [bits[start : start + _PART_BYTES] for start in range(0, len(bits), _PART_BYTES)]
