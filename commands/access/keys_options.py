"""`kindling keys`: its options. Commands import what they need when they run, so that help is quick."""

from enum import StrEnum
from typing import Annotated

import typer

from commands.options import Json
from runtime.permissions import needs

app = typer.Typer(help="Keys of other systems, each with what it may do.")


class May(StrEnum):
    """What a key may do."""

    ingest = "ingest"
    read = "read"
    edit = "edit"
    design = "design"
    operate = "operate"
    admin = "admin"


@app.command()
@needs("admin")
def add(
    name: Annotated[str, typer.Argument(help="Which system has it.")],
    *,
    may: Annotated[list[May], typer.Option("--may", help="What it may do; may be repeated.")],
    ends: Annotated[
        str | None, typer.Option(metavar="TIME", help="When it ends: 90d, 2027-01-01. Default: never.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make a key and show it, this once."""
    from commands.access import keys

    raise typer.Exit(keys.add(name, [one.value for one in may], ends, as_json=as_json))


@app.command("list")
@needs("admin")
def list_(*, limit: Annotated[int, typer.Option(min=1, max=500)] = 50, as_json: Json = False) -> None:
    """List keys, with what they may do and when they were used last."""
    from commands.access import keys

    raise typer.Exit(keys.find(limit=limit, as_json=as_json))


@app.command()
@needs("admin")
def revoke(
    key: Annotated[str, typer.Argument(help="Id of a key, its name, or how it begins.")],
    *,
    as_json: Json = False,
) -> None:
    """Refuse a key from its next call on."""
    from commands.access import keys

    raise typer.Exit(keys.revoke(key, as_json=as_json))
