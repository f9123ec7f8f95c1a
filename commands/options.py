"""Options that commands of several wings have."""

from enum import StrEnum
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


class Triggers(StrEnum):
    """Whether what is published or imported starts follow-ups."""

    silent = "silent"
    fire = "fire"


class FileFormat(StrEnum):
    """Formats of files that are imported and exported."""

    csv = "csv"
    ndjson = "ndjson"
