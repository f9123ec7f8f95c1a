"""Tokens: 256 random bits, of which only a hash is stored; so many that nobody finds one by guessing."""

import hmac
import re
import secrets
from hashlib import sha256

#: How every API key begins, so that scanners find one that has leaked.
KEY_MARK = "kindling_"
#: Hexadecimal digits of a key that are shown in lists, and those of its secret part.
_SHOWN, _SECRET = 10, 64
_SHAPE = re.compile(f"({KEY_MARK}[0-9a-f]{{{_SHOWN}}})_[0-9a-f]{{{_SECRET}}}")


def new_key() -> tuple[str, str]:
    """A new API key, and its beginning, which may be shown."""
    prefix = f"{KEY_MARK}{secrets.token_hex(_SHOWN // 2)}"
    return f"{prefix}_{secrets.token_hex(_SECRET // 2)}", prefix


def prefix_of(key: str) -> str | None:
    """The beginning of what is written like one of our keys; None of anything else."""
    shaped = _SHAPE.fullmatch(key)
    return shaped[1] if shaped else None


def new_token() -> str:
    """A new token of a session."""
    return secrets.token_urlsafe(32)


def hashed(token: str) -> str:
    """What is stored of a token."""
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def same(one: str, other: str) -> bool:
    """Whether two texts are the same, in a time that does not tell where they differ."""
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))
