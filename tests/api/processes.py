"""The API as a process of its own, with no Temporal anywhere."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from runtime.ports import free_port

RUN = """
import sys
from api.serve import serve
from runtime.errors import ReadableError
from runtime.settings import load_settings
{before}
try:
    serve(load_settings())
except ReadableError as error:
    sys.exit(str(error))
"""


def environment(home: Path, **variables: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(Path.cwd()),
        "KINDLING_HOME": str(home),
        "KINDLING_PORT": str(free_port()),
        "KINDLING_TEMPORAL_PORT": str(free_port()),
        **variables,
    }


def start(variables: dict[str, str], before: str = "", log: int | None = None) -> subprocess.Popen[str]:
    """`before`: Python that runs before the API is served. `log`: where it goes; a pipe has to be read.

    By default into a file of the data folder, where `no_secrets_in_logs` looks at it.
    """
    with contextlib.ExitStack() as stack:
        folder = Path(variables["KINDLING_HOME"]) / "logs"
        folder.mkdir(parents=True, exist_ok=True)
        kept = stack.enter_context((folder / "api.log").open("a")) if log is None else log
        return subprocess.Popen(
            [sys.executable, "-c", RUN.format(before=before)],
            env=variables,
            stderr=kept,
            text=True,
            cwd=Path.cwd(),
        )


def answers(base: str) -> bool:
    try:
        return httpx2.get(f"{base}/readyz", timeout=5).status_code == 200
    except httpx2.ConnectError:
        return False


@contextmanager
def api_process(
    home: Path, before: str = "", **variables: str
) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """(address, process) of one that answers."""
    settings = environment(home, **variables)
    process = start(settings, before)
    base = f"http://127.0.0.1:{settings['KINDLING_PORT']}"
    try:
        deadline = time.monotonic() + 30
        while not answers(base):
            assert time.monotonic() < deadline, process.poll()
            time.sleep(0.05)
        yield base, process
    finally:
        process.kill()
        process.communicate()
