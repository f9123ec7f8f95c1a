"""`kindling undo` on the command line."""

from typing import Annotated

import typer

from commands.options import Json, Yes
from runtime.permissions import needs

app = typer.Typer(
    help="Undo what one publish, import, list or call has started: its follow-ups end, all at once.",
    invoke_without_command=True,
)

DryRun = Annotated[bool, typer.Option("--dry-run", help="Only show what would be undone.")]


@app.callback()
@needs("operate")
def undo(
    context: typer.Context,
    *,
    limit: Annotated[int, typer.Option(min=1, max=500)] = 20,
    as_json: Json = False,
) -> None:
    """Undo what one publish, import, list or call has started: its follow-ups end, all at once.

    Their open tasks are closed and their tags removed where nobody has touched them since. Shows that first, and asks.
    Without anything behind it, lists what has started follow-ups.
    """
    if context.invoked_subcommand is None:
        from commands.follow_ups import undoing

        raise typer.Exit(undoing.started(limit=limit, as_json=as_json))


@app.command()
@needs("operate")
def publish(
    profile: Annotated[str, typer.Argument(help="Key of the profile.")],
    *,
    version: Annotated[
        int | None, typer.Option(min=1, help="The version; the last one that started some.")
    ] = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """What publishing a profile with --triggers fire has started."""
    from commands.follow_ups import undoing

    wanted = {"publish": profile, "version": version}
    raise typer.Exit(undoing.undo(wanted, dry_run=dry_run, yes=yes, as_json=as_json))


@app.command("import")
@needs("operate")
def import_(
    name: Annotated[str, typer.Argument(help="Name of the import: kindling imports lists them.")],
    *,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """What an import with --triggers fire has started. Its events stay; kindling revoke takes them back."""
    from commands.follow_ups import undoing

    raise typer.Exit(undoing.undo({"import": name}, dry_run=dry_run, yes=yes, as_json=as_json))


@app.command("list")
@needs("operate")
def smart_list(
    key: Annotated[str, typer.Argument(help="Key of the smart list that was enrolled.")],
    *,
    request: Annotated[
        str | None, typer.Option(help="Of enrolling it; the last time it was enrolled.")
    ] = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """What enrolling a smart list has started."""
    from commands.follow_ups import undoing

    wanted = {"smart_list": key, "request": request}
    raise typer.Exit(undoing.undo(wanted, dry_run=dry_run, yes=yes, as_json=as_json))


@app.command()
@needs("operate")
def request(
    request: Annotated[str, typer.Argument(help="The `request` in the answer of the call.")],
    *,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """What a call of the API that sent events or enrolled has started."""
    from commands.follow_ups import undoing

    raise typer.Exit(undoing.undo({"request": request}, dry_run=dry_run, yes=yes, as_json=as_json))
