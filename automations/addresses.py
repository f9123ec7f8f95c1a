"""E-mail addresses as people write them, and whether each is one that mail can be sent to."""

import re
from dataclasses import dataclass
from ipaddress import ip_address

import idna

LONGEST, LONGEST_LOCAL, LONGEST_DOMAIN = 254, 64, 253

MAILTO = "mailto:"
_WORD = r'[^\s()<>\[\]:;@\\,."]+'
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_LOCAL = re.compile(rf"{_WORD}(?:\.{_WORD})*|{_QUOTED}")
_NAMED = re.compile(rf'(?P<name>{_QUOTED}|[^"<>@,;:]*)\s*<(?P<address>[^<>]*)>')
_LABEL = r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")


class NoAddress(ValueError):
    """Not one address. What it says is the end of a sentence, without the text itself."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One address. `domain` is as mail servers know it: ASCII, other letters as punycode."""

    name: str
    local: str
    domain: str

    @property
    def address(self) -> str:
        return f"{self.local}@{self.domain}"


def mailbox(text: str) -> Mailbox:
    """The one address that a text is: `ada@example.com`, or `Ada <ada@example.com>`. Raises NoAddress."""
    text = text.strip()
    unquoted = re.sub(_QUOTED, '""', text)
    if len(re.findall(r"[^\s<>@,;]@[^\s<>@,;]", unquoted)) > 1:
        raise NoAddress("holds more than one address")
    named = _NAMED.fullmatch(text)
    name, address = (named["name"].strip(), named["address"].strip()) if named else ("", text)
    local, _, domain = address.rpartition("@")
    ours = _ascii_domain(domain)
    if (
        ours is None
        or not text.isprintable()
        or not _LOCAL.fullmatch(local)
        or len(local.encode()) > LONGEST_LOCAL
        or len(local.encode()) + len(ours) >= LONGEST
    ):
        raise NoAddress("is not an e-mail address")
    if name.startswith('"'):
        name = re.sub(r"\\(.)", r"\1", name[1:-1])
    return Mailbox(name, local, ours)


def mailto(channel: str) -> str | None:
    """What a channel says after `mailto:`; None for one that is no e-mail."""
    scheme, address = channel[: len(MAILTO)], channel[len(MAILTO) :]
    return address if scheme.lower() == MAILTO else None


def _ascii_domain(domain: str) -> str | None:
    if domain.startswith("[") and domain.endswith("]"):
        return domain if _is_ip(domain[1:-1]) else None
    if len(domain) > LONGEST_DOMAIN:
        return None
    if not domain.isascii():
        try:
            domain = idna.encode(domain, uts46=True).decode()
        except UnicodeError:
            return None
    return domain if len(domain) <= LONGEST_DOMAIN and _DOMAIN.fullmatch(domain) else None


def _is_ip(literal: str) -> bool:
    try:
        version = ip_address(literal.removeprefix("IPv6:")).version
    except ValueError:
        return False
    return (version == 6) == literal.startswith("IPv6:")
