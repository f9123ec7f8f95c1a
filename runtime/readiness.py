"""How a child process tells its supervisor that it is ready, and how others are asked."""

import asyncio
import contextlib
import os
from pathlib import Path

READY_FILE = "KINDLING_READY_FILE"
"""Environment variable by which the supervisor names the file that `announce_ready` makes."""


def announce_ready() -> None:
    """Called by a worker once it takes work; does nothing in a process that nobody supervises."""
    if path := os.environ.get(READY_FILE):
        Path(path).touch()


async def answers(host: str, port: int) -> bool:
    """Whether somebody accepts connections there."""
    with contextlib.suppress(OSError):
        async with asyncio.timeout(2):
            _, writer = await asyncio.open_connection(host, port)
            writer.close()
            return True
    return False


async def http_ok(host: str, port: int, path: str) -> bool:
    """Whether a GET there is answered with status 200."""
    request = f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n"
    with contextlib.suppress(OSError):
        async with asyncio.timeout(5):
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(request.encode())
            status = await reader.readline()
            writer.close()
            return status.split()[1:2] == [b"200"]
    return False
