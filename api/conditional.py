"""Conditional calls (RFC 9110, 13): entity tags in answers, `If-Match` and `If-None-Match` in requests."""

import re
from typing import Annotated, TypeVar

from fastapi import Depends, Header, Response
from starlette.exceptions import HTTPException

from services.entity_tags import TaggedAnswer
from services.preconditions import Precondition, Tags

_MEMBER = re.compile(r'[ \t]*(?:(?P<weak>W/)?(?P<tag>"[\x21\x23-\x7e\x80-\xff]*"))?[ \t]*(?:,|\Z)')

A = TypeVar("A", bound=TaggedAnswer)


class NotModified(Exception):
    """The caller has just what a GET would answer."""

    def __init__(self, tag: str) -> None:
        self.tag = tag
        super().__init__()


def _precondition(
    if_match: Annotated[
        list[str] | None,
        Header(alias="If-Match", description="The `ETag` that the thing has to have still, else 412"),
    ] = None,
    if_none_match: Annotated[
        list[str] | None,
        Header(alias="If-None-Match", description="`*`: only where nothing is there yet, else 412"),
    ] = None,
) -> Precondition:
    return Precondition(read_tags("If-Match", if_match), read_tags("If-None-Match", if_none_match))


When = Annotated[Precondition, Depends(_precondition)]


def read_tags(header: str, lines: list[str] | None) -> Tags | None:
    """The tags of a header, which may stand in several lines; raises HTTPException 400."""
    if lines is None:
        return None
    text = ",".join(lines)
    if text.strip(" \t") == "*":
        return Tags(any=True)
    strong: list[str] = []
    weak: list[str] = []
    place = 0
    while place < len(text):
        member = _MEMBER.match(text, place)
        if member is None:
            break
        if member["tag"]:
            (weak if member["weak"] else strong).append(member["tag"])
        place = member.end()
    if place < len(text) or not (strong or weak):
        raise HTTPException(
            400, f'{header} is "*" or one or more tags; send an ETag as it came, with its quotes: "abc"'
        )
    return Tags(tuple(strong), tuple(weak))


def tagged(response: Response, answer: A) -> A:
    """The answer, with its tag in the header."""
    response.headers["ETag"] = answer.tag()
    return answer


def read(response: Response, answer: A, when: Precondition) -> A:
    """The answer to a GET, with its tag; raises NotModified when the caller has it, PreconditionFailed."""
    if when.match is not None:
        Precondition(match=when.match).check("it", answer)
    if when.hits(answer):
        raise NotModified(answer.tag())
    return tagged(response, answer)
