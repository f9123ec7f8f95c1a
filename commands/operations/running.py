"""Processes: everything at once, a worker, or the API."""

import asyncio
import os

from commands.output import errors, note, say
from runtime.embedded import Stack
from runtime.foreground import stay, summary
from runtime.logs import configure_logging
from runtime.setting_problems import unknown_variables
from runtime.settings import load_settings, variable_names


def up() -> None:
    """Start the stack and stay until told to stop."""
    from commands.mail_words import only_recorded  # noqa: PLC0415 - with the command that needs it
    from commands.session import prepare_database, quiet  # noqa: PLC0415 - with the command that needs it

    settings = load_settings()
    for warning in unknown_variables(os.environ, variable_names()):
        note(f"Warning: {warning}")
    configure_logging(quiet(settings), "kindling")

    def report(text: str) -> None:
        errors().print(text, style="yellow", markup=False)

    stack = Stack(settings, prepare_database, report=report)

    def started() -> None:
        say("Kindling is running. Ctrl-C stops it.\n", "bold green")
        for name, address in summary(stack):
            say(f"  {name + ':':<17}{address}")
        if (recorded := only_recorded(settings)) is not None:
            say(f"  {'Messages:':<17}{recorded}", "yellow")

    note("Starting Temporal, the worker and the API ..." if settings.embedded_temporal else "Starting ...")
    asyncio.run(stay(stack, started, lambda: note("\nStopping ...")))


def worker() -> None:
    """Run one worker process until told to stop."""
    import worker as worker_process  # noqa: PLC0415 - imports all of Temporal's SDK

    worker_process.main()


def api() -> None:
    """Serve the HTTP API and the console until told to stop."""
    from api.serve import serve  # noqa: PLC0415 - imports the whole API
    from console.site import add_console  # noqa: PLC0415 - with the command that needs it

    serve(load_settings(), add_console)
