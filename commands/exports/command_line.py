"""`kindling export`: its commands. They import what they need when they run, so that help is quick."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from runtime.permissions import needs


class FileFormat(StrEnum):
    """Formats that lists are exported in."""

    csv = "csv"
    ndjson = "ndjson"


Out = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Where to, whole or not at all. Default: standard output."),
]
Format = Annotated[FileFormat | None, typer.Option("--format", help="Default: by the file's name, else csv.")]
Filters = Annotated[
    list[str] | None,
    typer.Option(
        "--filter",
        metavar="NAME=VALUE",
        help="What the API's list is filtered by. Repeatable; all must hold.",
    ),
]
SmartList = Annotated[
    str | None, typer.Option("--list", metavar="KEY", help="Those of a smart list, instead of filters.")
]
Scores = Annotated[
    str | None,
    typer.Option(metavar="PROFILES", help="With the scores and bands of these, such as fit,engagement."),
]
Json = Annotated[bool, typer.Option("--json", help="With --out: print what was written as JSON.")]

app = typer.Typer(no_args_is_help=True)


@app.callback()
@needs("read")
def export() -> None:
    """Export a list as CSV or NDJSON. What is exported of contacts, deals and events can be imported again."""


@app.command()
@needs("read")
def contacts(
    *,
    out: Out = None,
    file_format: Format = None,
    filters: Filters = None,
    smart_list: SmartList = None,
    scores: Scores = None,
    as_json: Json = False,
) -> None:
    """Export contacts: all, those of a smart list, or by --filter stage, owner, tag, q, email, band and more."""
    from commands.exports import exporting

    raise typer.Exit(
        exporting.records(
            "contact", exporting.Target(out, file_format, as_json=as_json), filters or (), smart_list, scores
        )
    )


@app.command()
@needs("read")
def deals(
    *,
    out: Out = None,
    file_format: Format = None,
    filters: Filters = None,
    smart_list: SmartList = None,
    scores: Scores = None,
    as_json: Json = False,
) -> None:
    """Export deals: all, those of a smart list, or by --filter pipeline, stage, status, owner, contact and more."""
    from commands.exports import exporting

    raise typer.Exit(
        exporting.records(
            "deal", exporting.Target(out, file_format, as_json=as_json), filters or (), smart_list, scores
        )
    )


@app.command()
@needs("read")
def tasks(
    *, out: Out = None, file_format: Format = None, filters: Filters = None, as_json: Json = False
) -> None:
    """Export tasks, the newest first; by --filter contact, deal, status, assign_to."""
    from commands.exports import exporting

    raise typer.Exit(exporting.tasks(exporting.Target(out, file_format, as_json=as_json), filters or ()))


@app.command()
@needs("read")
def enrollments(
    *, out: Out = None, file_format: Format = None, filters: Filters = None, as_json: Json = False
) -> None:
    """Export enrollments, the newest first; by --filter contact, deal, automation, status."""
    from commands.exports import exporting

    raise typer.Exit(
        exporting.enrollments(exporting.Target(out, file_format, as_json=as_json), filters or ())
    )


@app.command()
@needs("read")
def changes(
    *, out: Out = None, file_format: Format = None, filters: Filters = None, as_json: Json = False
) -> None:
    """Export every change of scores with its cause; by --filter profile, contact, deal, since (2026-06-30, -7d)."""
    from commands.exports import exporting

    raise typer.Exit(exporting.changes(exporting.Target(out, file_format, as_json=as_json), filters or ()))


@app.command()
@needs("read")
def events(
    *,
    out: Out = None,
    filters: Filters = None,
    internal: Annotated[
        bool,
        typer.Option(
            "--internal",
            help="Also those that changes of records emitted: for an installation that is restored.",
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Export events as NDJSON that kindling import reads; by --filter contact, deal, type."""
    from commands.exports import exporting

    target = exporting.Target(out, FileFormat.ndjson, as_json=as_json)
    raise typer.Exit(exporting.events(target, filters or (), internal=internal))
