"""Connections to other people's servers that cannot be led into a private network.

The address that was looked at is the one that is connected to, so a name that changes its mind gains nothing.
"""

import asyncio
import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import httpcore2

Address = IPv4Address | IPv6Address

#: Translates IPv4 within IPv6: what matters is the address inside.
_TRANSLATED = ip_network("64:ff9b::/96")
_UNICAST = ip_network("2000::/3")
#: Never public, whatever Python's own table says: versions differ, and clouds serve secrets at some of these.
_SPECIAL = tuple(
    ip_network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT; 100.100.100.200 is a cloud's metadata
        "127.0.0.0/8",
        "168.63.129.16/32",  # a cloud's platform address
        "169.254.0.0/16",  # link-local; 169.254.169.254 is metadata nearly everywhere
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocol assignments; 192.0.0.192 is a cloud's metadata
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/3",  # multicast, reserved, broadcast
        "64:ff9b:1::/48",  # local translation
        "2001::/23",  # protocol assignments, Teredo (looked through first)
        "2001:db8::/32",  # documentation
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
        "5f00::/16",  # segment routing
    )
)


class PrivateAddress(Exception):
    """The host leads to an address that is not public and that nobody allowed."""


class UnknownHost(Exception):
    """The name cannot be resolved now."""


class Allowed:
    """Private hosts that may be called after all: names, addresses and networks."""

    def __init__(self, entries: Iterable[str] = ()) -> None:
        self._names: set[str] = set()
        self._networks: list[IPv4Network | IPv6Network] = []
        for entry in entries:
            try:
                self._networks.append(ip_network(entry))
            except ValueError:
                self._names.add(entry.lower())

    def __call__(self, host: str, address: Address) -> bool:
        """Whether this host may be called at this address."""
        return (
            is_public(address)
            or host.lower().rstrip(".") in self._names
            or any(address in network for network in self._networks)
        )


def is_public(address: Address) -> bool:
    """Whether the address belongs to the public internet, looking through IPv6 forms of IPv4 addresses."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if inner is None and address in _TRANSLATED:
            inner = IPv4Address(int(address) & 0xFFFF_FFFF)
        if inner is not None:
            return is_public(inner)
        if address not in _UNICAST:
            return False
    return address.is_global and not any(address in network for network in _SPECIAL)


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
