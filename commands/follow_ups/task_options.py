"""`kindling tasks`: its options. Commands import what they need when they run, so that help is quick."""

from typing import Annotated, Any

import typer

from runtime.permissions import needs

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Ids = Annotated[list[str], typer.Argument(metavar="TASK...", help="Ids of tasks.")]
Contact = Annotated[str | None, typer.Option(metavar="KEY", help="Of this contact.")]
Deal = Annotated[str | None, typer.Option(metavar="KEY", help="Of this deal.")]

app = typer.Typer()


@app.callback(invoke_without_command=True)
@needs("read")
def tasks(
    context: typer.Context,
    *,
    contact: Contact = None,
    deal: Deal = None,
    automation: Annotated[str | None, typer.Option(metavar="KEY", help="Created by this automation.")] = None,
    assign_to: Annotated[
        str | None, typer.Option("--for", metavar="NAME", help="Whose; none: nobody's.")
    ] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Whose time is over.")] = False,
    due_before: Annotated[str | None, typer.Option(metavar="TIME", help="Due before this moment.")] = None,
    due_after: Annotated[
        str | None, typer.Option(metavar="TIME", help="Due at this moment or after it.")
    ] = None,
    done: Annotated[bool, typer.Option("--done", help="Those that are done.")] = False,
    every: Annotated[bool, typer.Option("--all", help="Open ones and those that are done.")] = False,
    sort: Annotated[str, typer.Option(help="due_at, -due_at, created_at or -created_at.")] = "due_at",
    limit: Annotated[int, typer.Option(min=1, max=500)] = 50,
    as_json: Json = False,
) -> None:
    """List open tasks, those due first, or add and change some."""
    if context.invoked_subcommand is not None:
        return
    from commands.follow_ups import tasks as commands

    status = None if every else "done" if done else "open"
    named: dict[str, Any] = {
        "contact": contact,
        "deal": deal,
        "automation": automation,
        "assign_to": assign_to,
        "overdue": overdue or None,
        "due_before": due_before,
        "due_after": due_after,
        "status": status,
    }
    wanted = {name: value for name, value in named.items() if value is not None}
    raise typer.Exit(commands.find(wanted, sort=sort, limit=limit, as_json=as_json))


@app.command()
@needs("edit")
def add(
    title: Annotated[str, typer.Argument(help="What there is to do.")],
    *,
    contact: Contact = None,
    deal: Deal = None,
    description: Annotated[str | None, typer.Option(help="More about it.")] = None,
    assign_to: Annotated[
        str | None,
        typer.Option("--for", metavar="NAME", help="Whose; owner: the owner of the contact or deal."),
    ] = None,
    due_at: Annotated[str | None, typer.Option("--due", metavar="TIME", help="When it is due.")] = None,
    due_in: Annotated[str | None, typer.Option("--due-in", metavar="DURATION", help="Such as 2d.")] = None,
    as_json: Json = False,
) -> None:
    """Create a task of a contact or of a deal."""
    from commands.follow_ups import tasks as commands

    named = {
        "contact": contact,
        "deal": deal,
        "title": title,
        "description": description,
        "assign_to": assign_to,
        "due_at": due_at,
        "due_in": due_in,
    }
    body = {name: value for name, value in named.items() if value is not None}
    raise typer.Exit(commands.add(body, as_json=as_json))


@app.command()
@needs("edit")
def done(task_ids: Ids, *, as_json: Json = False) -> None:
    """Note that tasks are done."""
    from commands.follow_ups import tasks as commands

    raise typer.Exit(commands.change(task_ids, {"status": "done"}, as_json=as_json))


@app.command()
@needs("edit")
def reopen(task_ids: Ids, *, as_json: Json = False) -> None:
    """Open tasks again that are done."""
    from commands.follow_ups import tasks as commands

    raise typer.Exit(commands.change(task_ids, {"status": "open"}, as_json=as_json))


@app.command()
@needs("edit")
def snooze(
    task_ids: Ids,
    *,
    by: Annotated[str, typer.Option("--by", metavar="DURATION", help="Such as 4h or 2d.")] = "1d",
    as_json: Json = False,
) -> None:
    """Put tasks off: so much later than they are due, or than now where that is over."""
    from commands.follow_ups import tasks as commands

    raise typer.Exit(commands.change(task_ids, {"snooze": by}, as_json=as_json))


@app.command()
@needs("edit")
def assign(
    task_ids: Ids,
    *,
    assign_to: Annotated[
        str,
        typer.Option(
            "--to", metavar="NAME", help="Whose; owner: the owner of the contact or deal; none: nobody."
        ),
    ],
    as_json: Json = False,
) -> None:
    """Give tasks to somebody else."""
    from commands.follow_ups import tasks as commands

    body = {"assign_to": None if assign_to == "none" else assign_to}
    raise typer.Exit(commands.change(task_ids, body, as_json=as_json))
