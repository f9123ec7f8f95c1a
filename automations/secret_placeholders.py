"""What stands for a secret in a webhook that is stored: written, filled in and shown, here alone.

Nobody can write one into a field of a record, since it holds the id of its webhook.
"""

import re
from collections.abc import Callable
from urllib.parse import quote

from automations.templates.filters import Opaque


def written(name: str, webhook_id: str) -> Opaque:
    """What stands for the secret in the text of this webhook."""
    return Opaque(f"[secret {name} of {webhook_id}]", f"[secret {name} urlencoded of {webhook_id}]")


def filled(text: str, webhook_id: str, secret: Callable[[str], str]) -> str:
    """The text as it is sent; `secret` gives the value of a name or raises."""

    def value(match: re.Match[str]) -> str:
        return quote(secret(match[1]), safe="") if match[2] else secret(match[1])

    return _pattern(webhook_id).sub(value, text)


def shown(text: str, webhook_id: str) -> str:
    """The text as people read it: `[secret crm]`."""
    return _pattern(webhook_id).sub(r"[secret \1]", text)


def _pattern(webhook_id: str) -> re.Pattern[str]:
    return re.compile(rf"\[secret (\w+)( urlencoded)? of {re.escape(webhook_id)}\]")
