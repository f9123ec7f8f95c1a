"""Who makes a version, and why: kept with it, and shown where versions are listed."""

from typing import Annotated

from pydantic import Field

from conditions.definition import Definition
from services.names import ShortText


class Authorship(Definition):
    """`author` is what the caller says until callers are known as people; then it is who they are."""

    author: Annotated[ShortText, Field(min_length=1)] | None = Field(
        default=None, description="Who makes the version"
    )
    comment: Annotated[ShortText, Field(min_length=1)] | None = Field(
        default=None, description="Why; shown in the list of versions"
    )


NOT_SAID = Authorship()
