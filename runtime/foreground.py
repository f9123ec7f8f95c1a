"""`kindling up` in a terminal: start the stack, stay until told to stop, stop in good order."""

import asyncio
import signal
from collections.abc import Callable

from runtime.embedded import Stack
from runtime.temporal import ui_url

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


async def stay(
    stack: Stack, started: Callable[[], None], stopping: Callable[[], None] = lambda: None
) -> None:
    """Run `stack` until Ctrl-C, SIGTERM or SIGHUP; a second one kills what is still there.

    `started` is called when everything is ready, `stopping` at the first signal. Raises what starting raises.
    """
    loop = asyncio.get_running_loop()
    told = asyncio.Event()

    def on_signal() -> None:
        if told.is_set():
            stack.kill_all()
        else:
            told.set()
            stopping()

    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, on_signal)
    starting, waiting = asyncio.create_task(stack.start()), asyncio.create_task(told.wait())
    try:
        await asyncio.wait({starting, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
            started()
            await waiting
    finally:
        starting.cancel()
        waiting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        await stack.stop()
        for number in STOP_SIGNALS:
            loop.remove_signal_handler(number)


def summary(stack: Stack) -> list[tuple[str, str]]:
    """What runs where, as (name, address) pairs for the terminal."""
    settings = stack.settings
    return [
        ("Console", f"{settings.base_url}/"),
        ("API", settings.base_url),
        ("Temporal UI", f"{ui_url(settings)}/"),
        ("Data folder", str(settings.home)),
        ("Logs", str(settings.logs)),
    ]
