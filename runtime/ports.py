"""Ports: whether one is free, who has it, and free ones for tests and the demo."""

import asyncio
import contextlib
import errno
import secrets
import socket
import time

import psutil

from runtime.errors import ReadableError


class PortUnavailable(ReadableError):
    """A port cannot be listened on: which, who has it, and the variable to change."""


async def claim(host: str, port: int, variable: str, purpose: str, patience: float = 1.0) -> None:
    """Make sure that `port` can be listened on, or raise PortUnavailable.

    Waits up to `patience` seconds: processes of a supervisor that was just killed may still be going.
    """
    deadline = time.monotonic() + patience
    while (problem := _problem(host, port)) is not None:
        if problem != errno.EADDRINUSE or time.monotonic() > deadline:
            raise PortUnavailable(_explain(host, port, variable, purpose, problem))
        await asyncio.sleep(0.05)


#: Below the ports that systems hand out by themselves: one of those may be given away before it is used here.
_FIRST, _LAST = 10_240, 30_000


def free_port(above: int = 0) -> int:
    """A port that is free on loopback now; with `above`, the port that much higher is free as well."""
    while True:
        port = _FIRST + secrets.randbelow(_LAST - _FIRST)
        if all(_problem("127.0.0.1", taken) is None for taken in {port, port + above}):
            return port


def _problem(host: str, port: int) -> int | None:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        return error.errno or errno.EADDRNOTAVAIL
    return None


def _explain(host: str, port: int, variable: str, purpose: str, problem: int) -> str:
    if problem == errno.EADDRINUSE:
        holder = _holder(port)
        by = f" by {holder}" if holder else ""
        return f"Port {port} for {purpose} is in use{by}. Stop that, or set {variable} to another port"
    if problem in {errno.EACCES, errno.EPERM}:
        return f"Port {port} for {purpose} needs more rights. Set {variable} to a port above 1023"
    return f"{host} is no address of this machine, so {purpose} cannot listen there. Change KINDLING_HOST"


def _holder(port: int) -> str | None:
    """Name and pid of the process that listens on `port`, as far as we may know."""
    with contextlib.suppress(psutil.Error, OSError):
        for connection in psutil.net_connections("tcp"):
            listening = connection.status == psutil.CONN_LISTEN and connection.laddr[1:2] == (port,)
            if listening and connection.pid is not None:
                return f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
    return None
