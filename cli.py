"""The command line: `kindling`. Commands import what they need when they run, so that help is quick."""

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from commands.access import keys_options, people_options
from commands.design import command_line as designing
from commands.exports import command_line as exporting
from commands.follow_ups import bulk_options, task_options
from commands.follow_ups import command_line as following_up
from commands.intake import command_line as importing
from runtime.errors import ReadableError
from runtime.permissions import needs

app = typer.Typer(
    name="kindling",
    help="Engagement scores that start durable workflows on Temporal.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.add_typer(importing.app, name="import")
app.add_typer(exporting.app, name="export")
app.add_typer(following_up.app, name="undo")
app.add_typer(task_options.app, name="tasks")
app.add_typer(bulk_options.app, name="bulk")

app.add_typer(people_options.app, name="people")
app.add_typer(keys_options.app, name="keys")

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


@app.command()
@needs("operate")
def up() -> None:
    """Start Temporal, the worker and the API, and stay until Ctrl-C."""
    from commands.operations import running

    running.up()


@app.command()
@needs("operate")
def worker() -> None:
    """Run one worker process. Many may run side by side."""
    from commands.operations import running

    running.worker()


@app.command()
@needs("operate")
def api() -> None:
    """Serve the HTTP API."""
    from commands.operations import running

    running.api()


for command in designing.COMMANDS:
    app.command()(command)


@app.command()
@needs("read")
def imports(*, as_json: Json = False) -> None:
    """List imports, with how many events each brought and how many of these are revoked."""
    from commands.intake import revoking

    raise typer.Exit(revoking.imports(as_json=as_json))


@app.command()
@needs("operate")
def revoke(
    events: Annotated[list[str] | None, typer.Argument(help="Ids of events.")] = None,
    *,
    import_name: Annotated[
        str | None, typer.Option("--import", metavar="NAME", help="All events of this import.")
    ] = None,
    silent: Annotated[bool, typer.Option("--silent", help="Start no follow-ups.")] = False,
    as_json: Json = False,
) -> None:
    """Take events back. They stop counting, and their ids stay known."""
    from commands.intake import revoking

    raise typer.Exit(revoking.revoke(events or [], import_name, silent=silent, as_json=as_json))


@app.command()
@needs("operate")
def erase(
    key: Annotated[str, typer.Argument(help="The contact's key.")],
    *,
    suppress: Annotated[
        bool, typer.Option("--suppress", help="For good: what senders send again is not stored.")
    ] = False,
    reason: Annotated[
        str | None, typer.Option(help="Of the suppression; nothing that says who it is. Implies --suppress.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Erase a contact with all that is known about it."""
    from commands.records import erasing

    raise typer.Exit(erasing.erase(key, suppress=suppress, reason=reason, yes=yes, as_json=as_json))


@app.command()
@needs("operate")
def suppressions(
    *,
    lift: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Lift this one; may be repeated.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=500)] = 50,
    as_json: Json = False,
) -> None:
    """List those who were erased for good, with how often something about them came, or lift one."""
    from commands.records import erasing

    raise typer.Exit(erasing.suppressions(lift or [], limit=limit, as_json=as_json))


@app.command()
@needs("read")
def score(
    key: Annotated[str, typer.Argument(help="The contact's key.")],
    profile: Annotated[str | None, typer.Argument(help="One score, with what it is made of.")] = None,
    *,
    deal: Annotated[bool, typer.Option("--deal", help="The key is that of a deal.")] = False,
    at: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", help="At another time: 2026-06-30, 2026-06, -7d, +7d, yesterday, last month."
        ),
    ] = None,
    as_published: Annotated[
        bool,
        typer.Option(
            "--as-published", help="With --at: by the version and fields of then, as far as they are kept."
        ),
    ] = False,
    entries: Annotated[bool, typer.Option("--entries", help="With each entry behind it.")] = False,
    as_json: Json = False,
) -> None:
    """Show scores, or why one is what it is and how it will go on."""
    from commands.records import scores

    raise typer.Exit(
        scores.score(
            key,
            profile,
            deal=deal,
            at=at,
            as_published=as_published,
            entries=entries,
            as_json=as_json,
        )
    )


@app.command()
@needs("read")
def scores(
    profile: Annotated[str, typer.Argument(help="Whose scores: the profile's key.")],
    *,
    at: Annotated[
        str,
        typer.Option(
            metavar="TIME", help="At which time: 2026-06-30, 2026-06, -7d, +7d, yesterday, last month."
        ),
    ] = "now",
    as_published: Annotated[
        bool,
        typer.Option("--as-published", help="By the version and fields of then, as far as they are kept."),
    ] = False,
    smart_list: Annotated[
        str | None, typer.Option(metavar="KEY", help="Only those that this smart list has now.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=500)] = 50,
    as_json: Json = False,
) -> None:
    """List the scores of a smart list, or of all records, at another time."""
    from commands.foresight import coming

    raise typer.Exit(
        coming.scores(
            profile, at=at, as_published=as_published, smart_list=smart_list, limit=limit, as_json=as_json
        )
    )


@app.command()
@needs("read")
def forecast(
    profile: Annotated[
        str | None, typer.Argument(help="The profile's key; by default each that is published.")
    ] = None,
    *,
    within: Annotated[
        str, typer.Option(metavar="DURATION", help="How far to look ahead: 12h, 7d, 4w.")
    ] = "7d",
    direction: Annotated[str | None, typer.Option(help="down: who cools. up: who warms.")] = None,
    bands: Annotated[
        bool, typer.Option("--bands", help="Only those whose band is another at the end.")
    ] = False,
    smart_list: Annotated[
        str | None, typer.Option(metavar="KEY", help="Only those that this smart list has now.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=500)] = 50,
    as_json: Json = False,
) -> None:
    """List whose scores time alone will move: who cools and who warms, from which band to which, and when."""
    from commands.foresight import coming
    from services.foresight.moves import MovesQuery

    query = MovesQuery(
        profile=profile or "",
        within=within,
        direction=direction,
        bands=bands,
        smart_list=smart_list,
        limit=limit,
    )
    raise typer.Exit(coming.forecast(query, as_json=as_json))


@app.command()
@needs("read")
def preview(
    profile: Annotated[str, typer.Argument(help="The profile's key.")], *, as_json: Json = False
) -> None:
    """Show what publishing a profile's draft would do: scores before and after, and who would be enrolled."""
    from commands.foresight import ahead

    raise typer.Exit(ahead.look_ahead(profile, as_json=as_json))


@app.command()
@needs("read")
def duplicates(*, limit: Annotated[int, typer.Option(min=1, max=500)] = 50, as_json: Json = False) -> None:
    """List contacts that share an e-mail address, however they write it: probably one and the same person."""
    from commands.records import duplicates as listing

    raise typer.Exit(listing.duplicates(limit=limit, as_json=as_json))


@app.command()
@needs("read")
def lists(
    key: Annotated[str | None, typer.Argument(help="A list's key: who is on it now.")] = None,
    *,
    limit: Annotated[int, typer.Option(min=1, max=500)] = 50,
    as_json: Json = False,
) -> None:
    """List smart lists with their names and how many they have, or who is on one."""
    from commands.records import smart_lists

    if key is None:
        raise typer.Exit(smart_lists.lists(limit=limit, as_json=as_json))
    raise typer.Exit(smart_lists.members(key, limit=limit, as_json=as_json))


@app.command()
@needs("read")
def enrollments(
    *,
    contact: Annotated[str | None, typer.Option(metavar="KEY", help="Only this contact's.")] = None,
    deal: Annotated[str | None, typer.Option(metavar="KEY", help="Only this deal's.")] = None,
    automation: Annotated[str | None, typer.Option(metavar="KEY", help="Only this automation's.")] = None,
    status: Annotated[
        str | None,
        typer.Option(help="queued, running, retrying, completed, failed, exited, replaced or cancelled."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=500)] = 20,
    as_json: Json = False,
) -> None:
    """List enrollments, the newest first, with links into the Temporal UI."""
    from commands.follow_ups import enrollments as enrollment_lists

    raise typer.Exit(
        enrollment_lists.enrollments(
            contact=contact,
            deal=deal,
            automation=automation,
            status=status,
            limit=limit,
            as_json=as_json,
        )
    )


@app.command()
@needs("read")
def why(
    automation: Annotated[str, typer.Argument(help="The automation's key.")],
    key: Annotated[str, typer.Argument(help="The contact's key.")],
    *,
    deal: Annotated[bool, typer.Option("--deal", help="The key is that of a deal.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=500)] = 10,
    as_json: Json = False,
) -> None:
    """Tell why an automation did or did not enroll a contact: for each recent change, filter by filter."""
    from commands.foresight import why as why_commands

    raise typer.Exit(why_commands.why(automation, key, deal=deal, limit=limit, as_json=as_json))


@app.command()
@needs("design")
def rehearse(
    automation: Annotated[str, typer.Argument(help="The automation's key.")],
    *,
    contact: Annotated[str | None, typer.Option(metavar="KEY", help="For whom.")] = None,
    deal: Annotated[
        str | None, typer.Option(metavar="KEY", help="The deal that is enrolled, or that the event names.")
    ] = None,
    event: Annotated[str | None, typer.Option(metavar="TYPE", help="The event with which it begins.")] = None,
    properties: Annotated[
        list[str] | None,
        typer.Option("--property", metavar="NAME=VALUE", help="Property of the event; may be repeated."),
    ] = None,
    draft: Annotated[bool, typer.Option("--draft", help="The draft instead of what is published.")] = False,
    file: Annotated[
        Path | None, typer.Option(help="The automation in this file instead; it is checked first.")
    ] = None,
    take: Annotated[
        list[str] | None,
        typer.Option(
            metavar="STEP=BRANCH",
            help="Go this way after a step (its key, name or path): then, else, elif.0, split.1, met, timeout.",
        ),
    ] = None,
    send_to: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS", help="Send its messages there, marked as a test, and to nobody else."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Rehearse an automation for one contact: every step as it would be done. Nothing is written or sent."""
    from commands.foresight import rehearsing

    raise typer.Exit(
        rehearsing.rehearse(
            automation,
            contact=contact,
            deal=deal,
            event=event,
            properties=properties or [],
            draft=draft,
            file=file,
            take=take or [],
            send_to=send_to,
            as_json=as_json,
        )
    )


@app.command()
@needs("read")
def points(event: Annotated[str, typer.Argument(help="The event's id.")], *, as_json: Json = False) -> None:
    """Tell why an event gave the points that it gave, or none: for each published profile, rule by rule."""
    from commands.foresight import why as why_commands

    raise typer.Exit(why_commands.points(event, as_json=as_json))


@app.command()
@needs("operate")
def retry(
    enrollment: Annotated[str, typer.Argument(help="Id of a failed enrollment.")], *, as_json: Json = False
) -> None:
    """Try a failed follow-up again, from the step that failed."""
    from commands.follow_ups import enrollments as enrollment_lists

    raise typer.Exit(enrollment_lists.repair(enrollment, "retry", as_json=as_json))


@app.command()
@needs("operate")
def skip(
    enrollment: Annotated[str, typer.Argument(help="Id of an enrollment.")], *, as_json: Json = False
) -> None:
    """Skip the step where a follow-up is: a wait ends, a message is not sent; a failed one goes on after it."""
    from commands.follow_ups import enrollments as enrollment_lists

    raise typer.Exit(enrollment_lists.repair(enrollment, "skip", as_json=as_json))


@app.command()
@needs("operate")
def pause(
    target: Annotated[str, typer.Argument(help="An automation's key, or the id of an enrollment.")],
    *,
    running: Annotated[bool, typer.Option("--running", help="Pause follow-ups that run, too.")] = False,
    as_json: Json = False,
) -> None:
    """Pause an automation, so that it enrolls nobody, or one follow-up, so that no further step begins."""
    from commands.follow_ups import automations

    raise typer.Exit(automations.pause(target, running=running, as_json=as_json))


@app.command()
@needs("operate")
def resume(
    target: Annotated[str, typer.Argument(help="An automation's key, or the id of an enrollment.")],
    *,
    running: Annotated[
        bool, typer.Option("--running", help="Let follow-ups that are paused go on, too.")
    ] = False,
    matching: Annotated[bool, typer.Option("--matching", help="Enroll all who match now.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Let a paused automation enroll again, or a paused follow-up go on."""
    from commands.follow_ups import automations

    raise typer.Exit(automations.resume(target, running=running, matching=matching, yes=yes, as_json=as_json))


@app.command()
@needs("edit")
def enroll(
    automation: Annotated[str, typer.Argument(help="The automation's key.")],
    *,
    contact: Annotated[list[str] | None, typer.Option(help="Key of a contact; may be repeated.")] = None,
    deal: Annotated[list[str] | None, typer.Option(help="Key of a deal; may be repeated.")] = None,
    smart_list: Annotated[str | None, typer.Option(help="Key of a smart list.")] = None,
    matching: Annotated[bool, typer.Option("--matching", help="All who match now.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count only.")] = False,
    draft: Annotated[bool, typer.Option("--draft", help="With --dry-run: count for the draft.")] = False,
    again: Annotated[
        bool,
        typer.Option(
            "--again", help="Also those who are in it now, or were enrolled within the last 7 days."
        ),
    ] = False,
    request: Annotated[
        str | None, typer.Option(help="A name of your own; calling again with it enrolls nobody twice.")
    ] = None,
    author: Annotated[str | None, typer.Option(help="Who enrolls them; kept with each enrollment.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Enroll by hand: contacts or deals that are named, those of a smart list, or all who match now."""
    from commands.follow_ups import automations

    raise typer.Exit(
        automations.enroll(
            automation,
            contacts=contact or [],
            deals=deal or [],
            smart_list=smart_list,
            matching=matching,
            dry_run=dry_run,
            draft=draft,
            again=again,
            request=request,
            author=author,
            yes=yes,
            as_json=as_json,
        )
    )


@app.command()
@needs("design")
def backtest(
    automation: Annotated[str, typer.Argument(help="The automation's key.")],
    *,
    days: Annotated[int, typer.Option(min=1, max=3650, help="How far to look back.")] = 30,
    version: Annotated[
        int | None, typer.Option(min=1, help="A published version instead of the draft.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Run an automation's trigger over the past: who would have entered, when and how often."""
    from commands.foresight import ahead

    raise typer.Exit(ahead.backtest(automation, days=days, version=version, as_json=as_json))


@app.command()
@needs("read")
def stats(
    automation: Annotated[str, typer.Argument(help="The automation's key.")],
    *,
    version: Annotated[int | None, typer.Option(min=1, help="One version instead of all.")] = None,
    as_json: Json = False,
) -> None:
    """Count what an automation has done: who entered, how it ended, which ways were gone."""
    from commands.follow_ups import automations

    raise typer.Exit(automations.stats(automation, version=version, as_json=as_json))


@app.command("test-message")
@needs("design")
def send_test_message(
    recipient: Annotated[str, typer.Argument(help="The recipient's key.")], *, as_json: Json = False
) -> None:
    """Send one test message by every channel of a recipient, and tell whether it went out."""
    from commands.operations import recipients

    raise typer.Exit(recipients.test_message(recipient, as_json=as_json))


@app.command("webhook-secret")
@needs("admin")
def webhook_secret() -> None:
    """Show the secret that signs webhooks, for those who receive them."""
    from commands.operations import looking

    raise typer.Exit(looking.webhook_secret())


@app.command()
@needs("operate")
def cancel(
    enrollment: Annotated[str, typer.Argument(help="Id of an enrollment.")], *, as_json: Json = False
) -> None:
    """End a follow-up that is queued or runs. What it has done stays."""
    from commands.follow_ups import enrollments as enrollment_lists

    raise typer.Exit(enrollment_lists.repair(enrollment, "cancel", as_json=as_json))


@app.command()
@needs("operate")
def hold(*, as_json: Json = False) -> None:
    """Hold all new starts of follow-ups back. Those that run go on."""
    from commands.follow_ups import enrollments as enrollment_lists

    raise typer.Exit(enrollment_lists.hold(held=True, as_json=as_json))


@app.command()
@needs("operate")
def drop(
    automation: Annotated[str, typer.Argument(help="The automation's key.")], *, as_json: Json = False
) -> None:
    """Give up the follow-ups of an automation that wait for their start."""
    from commands.follow_ups import enrollments as enrollment_lists

    raise typer.Exit(enrollment_lists.drop(automation, as_json=as_json))


@app.command()
@needs("operate")
def release(*, as_json: Json = False) -> None:
    """Resume the starts that `hold` held back."""
    from commands.follow_ups import enrollments as enrollment_lists

    raise typer.Exit(enrollment_lists.hold(held=False, as_json=as_json))


@app.command("open")
@needs("read")
def open_console() -> None:
    """Open the console in a browser."""
    from commands.operations import looking

    raise typer.Exit(looking.open_console())


@app.command()
@needs("read")
def status(*, as_json: Json = False) -> None:
    """Show what is pending, running and done, and who works."""
    from commands.operations import looking

    raise typer.Exit(looking.status(as_json=as_json))


@app.command()
@needs("read")
def show(
    what: Annotated[
        str,
        typer.Argument(
            help="A key, an id, an e-mail address, or the id of a workflow in Temporal or the address of its page."
        ),
    ],
    *,
    as_json: Json = False,
) -> None:
    """Show whatever has this key or id: a contact, deal, follow-up, event, task, message, automation or profile."""
    from commands.operations import showing

    raise typer.Exit(showing.show(what, as_json=as_json))


@app.command()
@needs("admin")
def audit(
    *,
    by: Annotated[
        str | None, typer.Option(metavar="AUTHOR", help="Only what this one did: ada, key crm, local.")
    ] = None,
    action: Annotated[str | None, typer.Option(help="Only this: publish, revoke, erase ...")] = None,
    thing: Annotated[str | None, typer.Option(help="Only to this kind: profile, contact, key ...")] = None,
    subject: Annotated[
        str | None, typer.Option(metavar="KEY", help="Only to what has this key or id.")
    ] = None,
    since: Annotated[str | None, typer.Option(metavar="TIME", help="From then on: 2026-06-30, -7d.")] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Before then.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500)] = 50,
    as_json: Json = False,
) -> None:
    """List who did what to what, when and from where; the newest first."""
    from commands.access import audit as listing

    filters = {"by": by, "action": action, "thing": thing, "subject": subject}
    raise typer.Exit(listing.audit(filters, since, until, limit=limit, as_json=as_json))


@app.command()
@needs("anybody")
def demo() -> None:
    """Run the main job on real input in a folder of its own, show what happened, and end."""
    from commands.demo import run

    raise typer.Exit(run.demo())


@app.command()
@needs("anybody")
def bench(
    names: Annotated[list[str] | None, typer.Argument(help="Measurements. Default: all.")] = None,
    *,
    scale: Annotated[float, typer.Option(min=0.001, help="Make the amounts smaller or larger.")] = 1.0,
    as_json: Json = False,
) -> None:
    """Measure against floors that run side by side."""
    import bench as benchmarks

    raise typer.Exit(benchmarks.main(names or None, as_json=as_json, scale=scale))


def main() -> None:
    """The command `kindling`: errors are one readable line and status 1, wrong usage is status 2."""
    os.umask(0o077)  # what commands make is for its owner alone
    status = _guarded()
    if "temporalio" in sys.modules:
        # Threads of Temporal's runtime abort the process, once in a while, when the interpreter ends under them.
        with suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)
    sys.exit(status)


def _guarded() -> int:
    as_json = "--json" in sys.argv[1:]
    try:
        return _called() if as_json else app() or 0
    except SystemExit as end:
        return _status(end)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if os.environ.get("KINDLING_LOG_LEVEL") == "debug":
            raise
        return _failed(error, _readable(error), 1, as_json=as_json)


def _called() -> int:
    """The command, with wrong usage told as every failure is: those who read JSON get JSON."""
    try:
        return app(standalone_mode=False) or 0
    except typer.Abort:
        return 1
    except Exception as error:
        told = getattr(
            error, "format_message", None
        )  # what typer raises for wrong usage; it has no public name
        if told is None:
            raise
        return _failed(error, told(), getattr(error, "exit_code", 2), as_json=True)


def _failed(error: Exception, message: str, status: int, *, as_json: bool) -> int:
    print(f"kindling: {message}", file=sys.stderr)
    if as_json:
        from commands.output import print_failure

        print_failure(message, getattr(error, "problems", ()))
    return status


def _status(end: SystemExit) -> int:
    if end.code is None or isinstance(end.code, int):
        return end.code or 0
    print(end.code, file=sys.stderr)
    return 1


def _readable(error: Exception) -> str:
    if isinstance(error, ReadableError):
        return str(error)
    from services.resources import BadParameter, Busy, Conflict, Invalid, NotFound

    if isinstance(error, BadParameter | Busy | Conflict | Invalid | NotFound):
        return str(error)
    reason = str(getattr(error, "orig", None) or error).strip().splitlines()
    said = f": {reason[0]}" if reason else ""
    return f"unexpected {type(error).__name__}{said}. KINDLING_LOG_LEVEL=debug shows more"


if __name__ == "__main__":
    main()
