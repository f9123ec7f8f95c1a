"""Signatures after the Standard Webhooks scheme (https://www.standardwebhooks.com), version 1."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence

from runtime.setting_values import SIGNING_PREFIX

_LENGTH = 32


def new_secret() -> str:
    """A secret for signing, as receivers enter it: `whsec_` and 32 random bytes in base64."""
    return SIGNING_PREFIX + base64.b64encode(secrets.token_bytes(_LENGTH)).decode()


def signed_headers(keys: Sequence[bytes], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers by which a receiver verifies a message; one signature for each key.

    `timestamp` is in seconds since the epoch.
    """
    signed = b".".join((message_id.encode(), str(timestamp).encode(), body))
    digests = (hmac.new(key, signed, hashlib.sha256).digest() for key in keys)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests),
    }
