"""The demo from start to end."""

import asyncio
import signal
import time
from urllib.parse import quote

from uuid_utils import uuid4

from commands.demo import jhon, purchases
from commands.demo.client import Client
from commands.demo.place import EXAMPLES, demo_settings, fresh_folder, restart_command
from commands.design.definitions import apply_beside
from commands.output import errors, note, say
from commands.session import prepare_database, quiet, session
from runtime.embedded import Stack
from runtime.logs import configure_logging
from runtime.settings import Settings, load_settings
from runtime.temporal import ui_url


def demo() -> int:
    """Run the demo; raises ReadableError when something does not happen. The exit status."""
    base = load_settings()
    settings = demo_settings(base)
    fresh_folder(settings.home)
    configure_logging(quiet(settings), "demo")
    try:
        asyncio.run(_stoppable(settings, base))
    except asyncio.CancelledError:
        return 128 + signal.SIGTERM
    return 0


async def _stoppable(settings: Settings, base: Settings) -> None:
    """SIGTERM and SIGHUP end the demo as Ctrl-C does: everything is stopped first."""
    task = asyncio.current_task()
    for number in (signal.SIGTERM, signal.SIGHUP):
        if task is not None:
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    await _play(settings, base)


async def _play(settings: Settings, base: Settings) -> None:
    began = time.monotonic()
    own = settings.database_url is None and settings.embedded_temporal
    suffix = "" if own else f"-{uuid4().hex[:8]}"
    say(_opening(settings), "bold")
    stack = Stack(settings, prepare_database, report=lambda text: errors().print(text, markup=False))
    async with stack:
        say(f"  Ready after {time.monotonic() - began:.1f} s.")
        with session(settings) as opened:
            await asyncio.to_thread(apply_beside, opened, EXAMPLES / "shop")
            say("  Applied examples/shop: two score profiles, two automations, one recipient.")
            async with Client(settings) as client:
                address = await jhon.play(client, suffix)
                await purchases.play(
                    client,
                    opened.application.events,
                    EXAMPLES / "data" / "cdnow-sample.csv",
                    settings.home,
                    suffix,
                )
        note("\nStopping ...")
    _closing(settings, base, address)
    say(f"\nDone in {time.monotonic() - began:.1f} s.")


def _opening(settings: Settings) -> str:
    parts = ["the worker", "the API"]
    if settings.embedded_temporal:
        parts.insert(0, "Temporal")
    return f"Starting {', '.join(parts[:-1])} and {parts[-1]} ..."


def _closing(settings: Settings, base: Settings, jhons: str | None) -> None:
    """Where to look at all of it: in the console, and in the Temporal UI."""
    say("\nAll of it can be looked at", "bold")
    if settings.embedded_temporal:
        say(f"  Start it again on this data:\n    {restart_command(settings, base)}\n  and open")
    say(f"  the console:\n    {settings.base_url}/")
    namespace = quote(settings.temporal_namespace, safe="")
    query = quote(f"KindlingAutomation = '{purchases.AUTOMATION}'")
    say("  the follow-ups of the hot customers in the Temporal UI:")
    say(f"    {ui_url(settings)}/namespaces/{namespace}/workflows?query={query}")
    if jhons is not None:
        say(f"  Jhon's follow-up:\n    {jhons}")
