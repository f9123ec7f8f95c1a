"""What a form of ours sends, and that it is one of ours."""

from collections.abc import Mapping, Sequence
from typing import Annotated
from urllib.parse import parse_qsl, urlsplit

from fastapi import Depends, Request
from starlette.exceptions import HTTPException

_TYPE = "application/x-www-form-urlencoded"
#: How many fields a form may have, and how long it may be, in bytes.
MOST_FIELDS, LONGEST = 20_000, 2_000_000


class Form:
    """The fields of a form, in the order in which they were sent."""

    def __init__(self, fields: Sequence[tuple[str, str]]) -> None:
        self.fields = fields

    def __contains__(self, name: str) -> bool:
        return any(name == given for given, _ in self.fields)

    def text(self, name: str) -> str:
        """The value of a field without blanks around it; empty where there is none."""
        return next((value for given, value in self.fields if given == name), "").strip()

    def raw(self, name: str) -> str:
        """The value as it was typed, with the line ends of this machine."""
        typed = next((value for given, value in self.fields if given == name), "")
        return typed.replace("\r\n", "\n")

    def optional(self, name: str) -> str | None:
        """The same; None where nothing was typed."""
        return self.text(name) or None

    def every(self, name: str) -> list[str]:
        """All values of a field that may be there more than once."""
        return [value for given, value in self.fields if given == name]


async def read_form(request: Request) -> Form:
    """The form in a request; raises HTTPException for one of another site, and for anything else."""
    check_origin(request.headers, request.headers.get("host", ""))
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _TYPE:
        raise HTTPException(415, f"send a form as {_TYPE}")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST:
            raise HTTPException(413, f"the form is longer than {LONGEST:,} bytes; nothing was changed")
    try:
        fields = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError:
        raise HTTPException(
            400, "the form is not UTF-8, or has too many fields; nothing was changed"
        ) from None
    return Form(fields)


Sent = Annotated[Form, Depends(read_form)]


def check_origin(headers: Mapping[str, str], host: str) -> None:
    """Raise HTTPException 403 unless a page of this very address sends the form.

    Browsers say so in `Sec-Fetch-Site`; those that do not, in `Origin`. Who says neither is refused.
    """
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        own = site == "same-origin"
    else:
        own = origin is not None and bool(host) and urlsplit(origin).netloc.lower() == host.lower()
    if not own:
        raise HTTPException(
            403, "this form does not come from a page of this console; open the page here and send it again"
        )
