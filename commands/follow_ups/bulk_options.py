"""`kindling bulk`: its options. Commands import what they need when they run, so that help is quick."""

from collections.abc import Callable
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Annotated, Any, NamedTuple

import typer

from runtime.permissions import needs

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Job = Annotated[str, typer.Argument(metavar="JOB", help="Id of a bulk job.")]
Tag = Annotated[str, typer.Argument(metavar="TAG", help="The tag.")]

app = typer.Typer()


class Options(NamedTuple):
    """What every command takes that does something to many: who is meant, and how it goes about it."""

    smart_list: Annotated[
        str | None, typer.Option("--list", metavar="KEY", help="Those of this smart list.")
    ] = None
    filters: Annotated[
        list[str] | None,
        typer.Option(
            "--filter",
            metavar="NAME=VALUE",
            help="Such as stage=lead or tag=fair; of tasks, assign_to=ben or overdue=true. Repeatable, all must hold.",
        ),
    ] = None
    of_profile: Annotated[
        str | None, typer.Option(metavar="KEY", help="Whose scores score_gte, score_lte and band mean.")
    ] = None
    deals: Annotated[bool, typer.Option("--deals", help="Deals instead of contacts.")] = False
    every: Annotated[bool, typer.Option("--all", help="All there are.")] = False
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count only.")] = False
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until it is done.")] = True
    as_json: Json = False


#: What tasks are not filtered by.
_OF_RECORDS = ("of_profile", "deals")


def _command(*without: str) -> Callable[[Callable[..., int]], Callable[..., None]]:
    """A command with the options that all have, but for some, which it gets as `options`."""

    def decorate(command: Callable[..., int]) -> Callable[..., None]:
        @wraps(command)
        def run(**given: Any) -> None:
            common = {name: given.pop(name) for name in Options._fields if name in given}
            raise typer.Exit(command(**given, options=Options(**common)))

        own = [one for one in signature(command).parameters.values() if one.name != "options"]
        common = [
            Parameter(
                name, Parameter.KEYWORD_ONLY, default=Options._field_defaults[name], annotation=annotation
            )
            for name, annotation in Options.__annotations__.items()
            if name not in without
        ]
        described: Any = run
        described.__signature__ = Signature([*own, *common])
        described.__annotations__ = {one.name: one.annotation for one in [*own, *common]}
        app.command()(run)
        return needs("edit")(run)

    return decorate


@app.callback(invoke_without_command=True)
@needs("read")
def bulk(
    context: typer.Context,
    *,
    limit: Annotated[int, typer.Option(min=1, max=500)] = 20,
    as_json: Json = False,
) -> None:
    """Do something to many contacts, deals or tasks, counted first. Without a command: list what was done so."""
    if context.invoked_subcommand is not None:
        return
    from commands.follow_ups import bulk as commands

    raise typer.Exit(commands.find(limit=limit, as_json=as_json))


@_command()
def tag(name: Tag, *, options: Options) -> int:
    """Add a tag to many."""
    from commands.follow_ups import bulk as commands

    return commands.to_records(f"Tag with {name}", {"action": "tag", "tag": name}, options)


@_command()
def untag(name: Tag, *, options: Options) -> int:
    """Remove a tag from many."""
    from commands.follow_ups import bulk as commands

    return commands.to_records(f"Remove the tag {name}", {"action": "untag", "tag": name}, options)


@_command()
def owner(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Who looks after them; none: nobody.")],
    *,
    options: Options,
) -> int:
    """Give many contacts or deals to an owner."""
    from commands.follow_ups import bulk as commands

    return commands.to_records(
        f"Give to {name}", {"action": "owner", "owner": commands.unless_none(name)}, options
    )


@_command()
def stage(
    name: Annotated[str, typer.Argument(metavar="STAGE", help="The stage; none: no stage.")],
    *,
    options: Options,
) -> int:
    """Move many to a stage."""
    from commands.follow_ups import bulk as commands

    return commands.to_records(
        f"Move to the stage {name}", {"action": "stage", "stage": commands.unless_none(name)}, options
    )


@_command()
def adjust(
    profile: Annotated[str, typer.Argument(metavar="PROFILE", help="Whose score.")],
    *,
    reason: Annotated[str, typer.Option(help="People will read it beside the score.")],
    points: Annotated[int | None, typer.Option(help="Points to add; below 0 to take.")] = None,
    set_to: Annotated[int | None, typer.Option(help="The score to reach instead.")] = None,
    author: Annotated[str | None, typer.Option(help="Who gives the points.")] = None,
    expires_after: Annotated[str | None, typer.Option(metavar="DURATION", help="Such as 30d.")] = None,
    options: Options,
) -> int:
    """Adjust a score of many."""
    from commands.follow_ups import bulk as commands

    named = {"points": points, "set_to": set_to, "author": author, "expires_after": expires_after}
    given = {name: value for name, value in named.items() if value is not None}
    action = {"action": "adjust", "profile": profile, "reason": reason, **given}
    return commands.to_records(f"Adjust {profile}", action, options)


@_command()
def enroll(
    automation: Annotated[str, typer.Argument(help="The automation's key.")],
    *,
    again: Annotated[
        bool,
        typer.Option(
            "--again", help="Also those who are in it now, or were enrolled within the last 7 days."
        ),
    ] = False,
    author: Annotated[str | None, typer.Option(help="Who enrolls them.")] = None,
    options: Options,
) -> int:
    """Enroll many in an automation."""
    from commands.follow_ups import bulk as commands

    by = {"author": author} if author is not None else {}
    action = {"action": "enroll", "automation": automation, "again": again, **by}
    return commands.to_records(f"Enroll in {automation}", action, options)


@_command(*_OF_RECORDS)
def reassign(
    *,
    to: Annotated[
        str,
        typer.Option("--to", metavar="NAME", help="Whose; owner: the owner of each record; none: nobody."),
    ],
    options: Options,
) -> int:
    """Give many open tasks to somebody else, such as --filter assign_to=anna, or those of a smart list's records."""
    from commands.follow_ups import bulk as commands

    action = {"action": "reassign_tasks", "assign_to": commands.unless_none(to)}
    return commands.to_tasks(f"Give to {to}", action, options)


@_command(*_OF_RECORDS)
def close(*, options: Options) -> int:
    """Note that many open tasks are done, such as --filter overdue=true, or those of a smart list's records."""
    from commands.follow_ups import bulk as commands

    return commands.to_tasks("Note as done", {"action": "close_tasks"}, options)


@app.command()
@needs("read")
def show(job: Job, *, as_json: Json = False) -> None:
    """Show how far a bulk job is, and what became of its records."""
    from commands.follow_ups import bulk as commands

    raise typer.Exit(commands.show(job, as_json=as_json))


@app.command()
@needs("edit")
def stop(job: Job, *, as_json: Json = False) -> None:
    """Stop a bulk job. What it has done stays."""
    from commands.follow_ups import bulk as commands

    raise typer.Exit(commands.stop(job, as_json=as_json))
