"""Definitions on the command line: checked, planned, applied, pulled, gone back on."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from commands.options import Json, Triggers, Yes
from runtime.permissions import needs

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="Folder (or file) of definitions in YAML.")]
Comment = Annotated[str | None, typer.Option(help="Why; kept with the versions that this makes.")]


class Kind(StrEnum):
    """What has versions."""

    profile = "profile"
    automation = "automation"


OfKind = Annotated[
    Kind | None, typer.Option("--kind", help="Where a profile and an automation have the same key.")
]
VersionedKey = Annotated[str, typer.Argument(metavar="KEY", help="Key of a profile or an automation.")]


@needs("anybody")
def check(folder: Folder, *, as_json: Json = False) -> None:
    """Check definitions without a database: every mistake with file and line. Exit status 1 if there are any."""
    from commands.design import definitions

    raise typer.Exit(definitions.check(folder, as_json=as_json))


@needs("design")
def plan(
    folder: Folder,
    *,
    brief: Annotated[bool, typer.Option("--brief", help="Leave out whom it would touch.")] = False,
    everybody: Annotated[
        Path | None,
        typer.Option("--all", metavar="FILE", help="Write everybody whom it would touch into this CSV file."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show what `apply` would change, and whom that would touch."""
    from commands.design import definitions

    raise typer.Exit(definitions.plan(folder, brief=brief, everybody=everybody, as_json=as_json))


@needs("anybody")
def schema() -> None:
    """Print the JSON Schema of definitions, for editors."""
    from commands.design import definitions

    raise typer.Exit(definitions.schema())


@needs("design")
def apply(
    folder: Folder,
    *,
    force: Annotated[bool, typer.Option("--force", help="Overwrite edits made elsewhere since.")] = False,
    draft: Annotated[
        bool,
        typer.Option(
            "--draft", help="Save drafts and publish nothing: for preview, backtest and enroll --draft."
        ),
    ] = False,
    prune: Annotated[
        bool, typer.Option("--prune", help="Archive what is in no file; profiles' scores are empty then.")
    ] = False,
    triggers: Annotated[
        Triggers, typer.Option(help="Whether re-scoring after a publish fires triggers.")
    ] = Triggers.silent,
    comment: Comment = None,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait for re-scoring.")] = True,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Save and publish definitions. What is unchanged publishes nothing."""
    from commands.design import definitions

    options = definitions.ApplyOptions(
        force=force,
        silent=triggers == "silent",
        draft=draft,
        prune=prune,
        comment=comment,
        wait=wait,
        yes=yes,
    )
    raise typer.Exit(definitions.apply(folder, options, as_json=as_json))


@needs("read")
def pull(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to write into.")],
    *,
    force: Annotated[bool, typer.Option("--force", help="Overwrite edits of files made since.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Write what the installation has as files; comments stay where their part has not changed."""
    from commands.design import pulling

    raise typer.Exit(pulling.pull(folder, force=force, dry_run=dry_run, as_json=as_json))


@needs("read")
def versions(key: VersionedKey, *, kind: OfKind = None, as_json: Json = False) -> None:
    """List the versions of a profile or an automation, with who made them and why."""
    from commands.design import versions as known_versions

    raise typer.Exit(known_versions.versions(key, kind=kind, as_json=as_json))


@needs("design")
def rollback(
    key: VersionedKey,
    version: Annotated[
        int | None, typer.Argument(min=1, help="The version to go back to; the one before that in force.")
    ] = None,
    *,
    kind: OfKind = None,
    comment: Comment = None,
    as_json: Json = False,
) -> None:
    """Publish an earlier version anew; it becomes the draft, too. Re-scores silently."""
    from commands.design import versions as known_versions

    raise typer.Exit(known_versions.rollback(key, version, kind=kind, comment=comment, as_json=as_json))


COMMANDS = (check, plan, schema, apply, pull, versions, rollback)
"""In the order of the help."""
