"""Static files of the console: from the package, named by their content, kept by browsers for good."""

import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import PurePosixPath
from xml.etree.ElementTree import Element, SubElement, tostring

import lucide

#: Icons by the name that templates use, and what they are called in the set that they come from.
ICONS: Mapping[str, str] = {
    "overview": "layout-dashboard",
    "contacts": "users",
    "deals": "handshake",
    "tasks": "list-checks",
    "profiles": "gauge",
    "automations": "workflow",
    "follow-ups": "route",
    "messages": "mail",
    "settings": "settings",
    "search": "search",
    "language": "languages",
    "theme": "sun-moon",
    "person": "circle-user",
    "add": "plus",
    "remove": "x",
    "check": "check",
    "failed": "circle-x",
    "warning": "triangle-alert",
    "pause": "pause",
    "resume": "play",
    "retry": "rotate-ccw",
    "skip": "skip-forward",
    "cancel": "ban",
    "wait": "clock",
    "tag": "tag",
    "decide": "split",
    "webhook": "webhook",
    "notify": "bell",
    "outside": "external-link",
    "open": "chevron-right",
    "down": "chevron-down",
    "save": "bookmark",
    "edit": "pencil",
    "adjust": "diff",
    "enroll": "log-in",
    "more": "ellipsis",
    "cooling": "thermometer-snowflake",
    "rising": "trending-up",
    "event": "zap",
    "change": "arrow-up-down",
    "number": "hash",
    "list": "list",
}
_SVG = "http://www.w3.org/2000/svg"
_FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class Asset:
    """One file as it is sent."""

    content: bytes
    media_type: str
    headers: Mapping[str, str]


class Assets:
    """All static files. Read once; `address` gives the place of one by its plain name, such as `console.css`."""

    def __init__(self) -> None:
        self._addresses: dict[str, str] = {}
        self._by_address: dict[str, Asset] = {}
        for entry in sorted(
            resources.files("console").joinpath("static").iterdir(), key=lambda one: one.name
        ):
            if entry.is_file():
                self._add(entry.name, entry.read_bytes())
        self._add("icons.svg", _sprite())
        self.scripts = [self._addresses[name] for name in sorted(self._addresses) if name.endswith(".js")]

    def _add(self, name: str, content: bytes) -> None:
        path = PurePosixPath(name)
        digest = hashlib.sha256(content).hexdigest()[:12]
        address = f"/assets/{path.stem}-{digest}{path.suffix}"
        media_type = mimetypes.types_map.get(path.suffix, "application/octet-stream")
        headers = {"Cache-Control": _FOREVER, "Cross-Origin-Resource-Policy": "same-origin"}
        self._addresses[name] = address
        self._by_address[address] = Asset(content, media_type, headers)

    def address(self, name: str) -> str:
        """Where the file of this name is; raises KeyError."""
        return self._addresses[name]

    def find(self, address: str) -> Asset | None:
        """The file at an address."""
        return self._by_address.get(address)


def _sprite() -> bytes:
    """All icons as symbols of one file."""
    sprite = Element("svg", {"xmlns": _SVG})
    for name, source in ICONS.items():
        drawn = lucide._load_icon(source)  # noqa: SLF001 - the wheel has no public way to its elements
        symbol = SubElement(sprite, "symbol", {"id": name, "viewBox": drawn.attrib["viewBox"]})
        for part in drawn:
            SubElement(symbol, str(getattr(part.tag, "text", part.tag)), dict(part.attrib))
    return tostring(sprite)
