"""`kindling people`: its options. Commands import what they need when they run, so that help is quick."""

from enum import StrEnum
from typing import Annotated

import typer

from commands.options import Json
from runtime.permissions import needs

app = typer.Typer(
    help="People who may sign in. This works whoever is locked out: it opens the database itself."
)

Key = Annotated[str, typer.Argument(metavar="KEY", help="The person's key.")]
FromInput = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input instead of asking.")
]


class OfRole(StrEnum):
    """What a person may do."""

    viewer = "viewer"
    sales = "sales"
    designer = "designer"
    operator = "operator"
    admin = "admin"


@app.command()
@needs("admin")
def add(
    key: Key,
    *,
    role: Annotated[OfRole, typer.Option(help="What they may do.")],
    name: Annotated[str | None, typer.Option(help="How they are called; default: the key.")] = None,
    email: Annotated[str | None, typer.Option(help="To sign in with, besides the key.")] = None,
    language: Annotated[str, typer.Option(help="Such as en or de.")] = "en",
    password_stdin: FromInput = False,
    no_password: Annotated[
        bool, typer.Option("--no-password", help="Nobody can sign in as them before there is one.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Add a person, and ask for a password."""
    from commands.access import people

    body = {"key": key, "name": name or key, "role": role.value, "email": email, "language": language}
    raise typer.Exit(people.add(body, from_input=password_stdin, no_password=no_password, as_json=as_json))


@app.command("list")
@needs("admin")
def list_(*, limit: Annotated[int, typer.Option(min=1, max=500)] = 50, as_json: Json = False) -> None:
    """List people, with what they may do and when they last signed in."""
    from commands.access import people

    raise typer.Exit(people.find(limit=limit, as_json=as_json))


@app.command()
@needs("admin")
def change(
    key: Key,
    *,
    role: Annotated[OfRole | None, typer.Option(help="What they may do.")] = None,
    name: Annotated[str | None, typer.Option(help="How they are called.")] = None,
    email: Annotated[str | None, typer.Option(help="To sign in with, besides the key.")] = None,
    language: Annotated[str | None, typer.Option(help="Such as en or de.")] = None,
    as_json: Json = False,
) -> None:
    """Change what is named; it holds from their next call on."""
    from commands.access import people

    given = {"role": role.value if role else None, "name": name, "email": email, "language": language}
    wanted = {option: value for option, value in given.items() if value is not None}
    raise typer.Exit(people.change(key, wanted, as_json=as_json))


@app.command()
@needs("admin")
def disable(
    key: Key,
    *,
    undo: Annotated[bool, typer.Option("--undo", help="Let them in again.")] = False,
    as_json: Json = False,
) -> None:
    """Sign a person out everywhere, and let them in no more."""
    from commands.access import people

    raise typer.Exit(people.change(key, {"disabled": not undo}, as_json=as_json))


@app.command()
@needs("admin")
def password(key: Key, *, password_stdin: FromInput = False, as_json: Json = False) -> None:
    """Give a person a new password; they are signed out everywhere."""
    from commands.access import people

    raise typer.Exit(people.password(key, from_input=password_stdin, as_json=as_json))
