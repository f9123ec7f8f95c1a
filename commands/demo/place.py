"""Where the demo runs: a folder of its own that is emptied first, and ports that are free."""

import asyncio
import os
import shutil
from pathlib import Path

from runtime import ports
from runtime.data_folder import make_folder
from runtime.errors import ReadableError
from runtime.home_lock import HomeLock
from runtime.ports import PortUnavailable, free_port
from runtime.settings import Settings, load_settings

MARKER = "made-by-kindling-demo"
EXAMPLES = Path(__file__).parents[2] / "examples"
_KEPT = (MARKER, "up.lock")


def demo_settings(base: Settings) -> Settings:
    """The settings for the demo: its own folder, free ports, this machine only, nothing leaves it."""
    port = _free(base.port, 0, "KINDLING_PORT")
    temporal_port = base.temporal_port
    if base.embedded_temporal:
        temporal_port = _free(base.temporal_port, 1000, "KINDLING_TEMPORAL_PORT")
    given = base.environment()
    given.pop("KINDLING_PUBLIC_URL", None)
    return load_settings(
        {
            **given,
            "KINDLING_HOME": str(base.home / "demo"),
            "KINDLING_HOST": "127.0.0.1",
            "KINDLING_PORT": str(port),
            "KINDLING_TEMPORAL_PORT": str(temporal_port),
            "KINDLING_OUTBOUND": "log",
        },
        environ={},
    )


def fresh_folder(home: Path) -> None:
    """Make the demo's folder, or empty it; refuses one that no demo has made, or that is in use."""
    if make_folder(home) and not (home / MARKER).is_file():
        raise ReadableError(
            f"The demo wants to empty its folder {home}, but no demo has made it. Move it away, or set KINDLING_HOME"
        )
    lock = HomeLock(home)
    try:
        (home / MARKER).write_text("Made by `kindling demo`, which empties this folder each time.\n")
        for entry in home.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            elif entry.name not in _KEPT:
                entry.unlink()
    finally:
        lock.release()


def restart_command(settings: Settings, base: Settings) -> str:
    """What starts everything again on the demo's data."""
    home = str(settings.home)
    relative = os.path.relpath(home)
    parts = [f"KINDLING_HOME={relative if not relative.startswith('..') else home}"]
    if settings.port != base.port:
        parts.append(f"KINDLING_PORT={settings.port}")
    if settings.temporal_port != base.temporal_port:
        parts.append(f"KINDLING_TEMPORAL_PORT={settings.temporal_port}")
    return " ".join((*parts, "make up"))


def _free(port: int, above: int, variable: str) -> int:
    """This port, or another when it or the one `above` it is taken."""

    async def claim() -> None:
        for wanted in {port, port + above}:
            await ports.claim("127.0.0.1", wanted, variable, "the demo", patience=0)

    try:
        asyncio.run(claim())
    except PortUnavailable:
        return free_port(above)
    return port
