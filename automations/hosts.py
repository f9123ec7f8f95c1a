"""Which hosts are public, as far as their names and addresses tell: for what calls them, and for checks before."""

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

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


#: Names that no public server answers to.
_PRIVATE_NAMES = re.compile(r"localhost|[^.]+|.*\.(localhost|local|internal|intranet|lan|home\.arpa)")


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

    def knows(self, host: str) -> bool:
        """Whether the name is among them."""
        return host.lower().rstrip(".") in self._names

    def __call__(self, host: str, address: Address) -> bool:
        """Whether this host may be called at this address."""
        return is_public(address) or self.knows(host) or any(address in network for network in self._networks)


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


def private_host(url: str, allowed: Allowed) -> str | None:
    """The host of a URL that is written in full and is private, and that nobody allowed; else None.

    What a public name leads to is seen when it is called.
    """
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return None
    if not host or "{" in host or "{" in url.split("/")[2]:
        return None
    try:
        address = ip_address(host)
    except ValueError:
        is_private = _PRIVATE_NAMES.fullmatch(host.rstrip(".")) is not None
        return host if is_private and not allowed.knows(host) else None
    return None if allowed(host, address) else host
