"""What ops read about a step: the definition's own words, without templates, addresses and secrets."""

import re
from urllib.parse import urlsplit

LONGEST = 150

_TEMPLATE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}|\{[{%#].*", re.DOTALL)
_ADDRESS = re.compile(r"[^\s\"'(),;<>]*@[^\s\"'(),;<>]*")
_RECIPIENT = re.compile(r"[a-z0-9][a-z0-9_-]*")
_PHONE = re.compile(r"[0-9][0-9-]*")
AN_ADDRESS = "an address"


def clean(text: str) -> str:
    """The text on one line without templates and addresses, cut to the length that fits."""
    safe = _ADDRESS.sub(AN_ADDRESS, _TEMPLATE.sub("…", text))
    line = " ".join(safe.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def recipients(to: str | list[str]) -> str:
    """Whom it goes to: the names, without addresses."""
    names = [to] if isinstance(to, str) else to
    shown = (
        name if _RECIPIENT.fullmatch(name) and not _PHONE.fullmatch(name) else AN_ADDRESS for name in names
    )
    return " or ".join(dict.fromkeys(shown))


def called(url: str) -> str:
    """The host of an address, as far as it is written in full."""
    try:
        host = urlsplit(_TEMPLATE.sub("", url)).hostname
    except ValueError:
        host = None
    return f"call {host}" if host and "{" not in url.split("/")[2] else "call a webhook"


def place_words(path: str) -> str:
    """Where a step is, as people count: `3.then.1` is "4 > then > 2", `3.elif.0.1` is "4 > elif 1 > 2"."""
    counted = re.sub(r"\d+", lambda index: str(int(index[0]) + 1), path)
    return re.sub(r"(elif|split)\.", r"\1 ", counted).replace(".", " > ")
