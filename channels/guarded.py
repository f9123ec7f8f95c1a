"""Connections to other people's servers that cannot be led into a private network.

The address that was looked at is the one that is connected to, so a name that changes its mind gains nothing.
"""

import asyncio
import socket
from collections.abc import Iterable
from ipaddress import ip_address

import httpcore2

from automations.hosts import Address, Allowed


class PrivateAddress(Exception):
    """The host leads to an address that is not public and that nobody allowed."""


class UnknownHost(Exception):
    """The name cannot be resolved now."""


class GuardedBackend(httpcore2.AsyncNetworkBackend):
    """Resolves names itself and connects to public or allowed addresses only; raises PrivateAddress."""

    def __init__(self, allowed: Allowed) -> None:
        self._allowed = allowed
        self._inner = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        addresses = await _resolve(host, port, timeout)
        if not all(self._allowed(host, address) for address in addresses):
            raise PrivateAddress
        for address in addresses[:-1]:
            try:
                return await self._inner.connect_tcp(
                    str(address), port, timeout, local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                continue
        return await self._inner.connect_tcp(str(addresses[-1]), port, timeout, local_address, socket_options)


async def _resolve(host: str, port: int, seconds: float | None) -> list[Address]:
    """The addresses of a host, each once, in the order in which the system would try them."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(seconds):
            infos = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise UnknownHost from error
    names = dict.fromkeys(str(info[4][0]).partition("%")[0] for info in infos)
    return [ip_address(name) for name in names]
