"""Signatures after the Standard Webhooks scheme (https://www.standardwebhooks.com), version 1."""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Sequence

PREFIX = "whsec_"
_LENGTH = 32


def new_secret() -> str:
    """A secret for signing, as receivers enter it: `whsec_` and 32 random bytes in base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_LENGTH)).decode()


def key_of(secret: str) -> bytes:
    """The bytes of a secret. Raises ValueError when it is none."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise ValueError("is not whsec_ and base64") from None
    if not secret.startswith(PREFIX) or not 16 <= len(key) <= 64:
        raise ValueError("is not whsec_ and 16 to 64 bytes in base64")
    return key


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
