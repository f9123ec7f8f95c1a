import asyncio
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.ports import free_port
from runtime.settings import Settings, load_settings

WORKER = (sys.executable, "-m", "tests.runtime.stand_ins.worker")
API = (sys.executable, "-m", "tests.runtime.stand_ins.api")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An installation of its own: folder and ports that nobody else uses."""
    return load_settings(
        {
            "KINDLING_HOME": str(tmp_path / "home"),
            "KINDLING_PORT": str(free_port()),
            "KINDLING_TEMPORAL_PORT": str(free_port(above=1000)),
            "KINDLING_WORKERS": "1",
        },
        environ={},
    )


async def eventually(holds: Callable[[], bool], seconds: float = 20) -> None:
    """Wait until `holds`, at most that long."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "did not happen in time"
        await asyncio.sleep(0.01)
