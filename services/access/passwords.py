"""Passwords: which are taken, and argon2id hashes of them, made by few at a time so that memory stays bounded."""

import re
from collections.abc import Iterable
from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from services.resources import Busy

SHORTEST, LONGEST = 12, 256
#: Hashes that a process computes at a time, of 46 MiB each; how many others wait for their turn, and for how many
#: seconds. Each that waits holds a thread, of which there have to be some left for other calls.
AT_ONCE, WAITING, PATIENCE = 2, 8, 10
#: Guesses that a password has to withstand, and how much of one is looked at: the time grows with its square.
_GUESSES, _LOOKED_AT = 1e9, 72
_TURNS, _PLACES = BoundedSemaphore(AT_ONCE), BoundedSemaphore(AT_ONCE + WAITING)
_HASHER = PasswordHasher(
    time_cost=2,
    memory_cost=46 * 1024,
    parallelism=1,
    hash_len=RFC_9106_LOW_MEMORY.hash_len,
    salt_len=RFC_9106_LOW_MEMORY.salt_len,
)


def mistake(password: str, about: Iterable[str | None] = ()) -> str | None:
    """What is wrong with a new password; None for nothing. `about`: what an attacker knows of its person."""
    if len(password) < SHORTEST:
        return f"a password has at least {SHORTEST} characters; several words are easy to remember"
    if len(password) > LONGEST:
        return f"a password has at most {LONGEST} characters"
    if any("\ud800" <= character <= "\udfff" or character == "\x00" for character in password):
        return "a password cannot hold NUL or half of a surrogate pair"
    from zxcvbn import zxcvbn  # noqa: PLC0415 - its lists take some megabytes

    names = [text for text in about if text]
    known = ["kindling", *names, *(word for name in names for word in re.findall(r"\w+", name))]
    if float(zxcvbn(password[:_LOOKED_AT], user_inputs=known)["guesses"]) < _GUESSES:
        return (
            "this password is among the first that are tried; take several words that have nothing in common"
        )
    return None


def hash_of(password: str) -> str:
    """The argon2id hash of a password. Raises Busy when too many are computed."""
    with _Turn():
        return _HASHER.hash(password)


def fits(stored: str | None, password: str) -> bool:
    """Whether a password is the one of a hash. Without a hash it takes as long, and is not."""
    with _Turn():
        try:
            _HASHER.verify(stored or _nobodys(), password)
        except (VerificationError, InvalidHashError, UnicodeError):
            return False
    return stored is not None


def is_outdated(stored: str) -> bool:
    """Whether a hash was made with other parameters than are used now."""
    return _HASHER.check_needs_rehash(stored)


@cache
def _nobodys() -> str:
    """A hash to compare with where there is none, so that nobody can tell by the time."""
    return _HASHER.hash("nobody has this password")


_TOO_MANY = "too many people are signing in at this moment; try again"


class _Turn:
    def __enter__(self) -> None:
        if not _PLACES.acquire(blocking=False):
            raise Busy(_TOO_MANY, PATIENCE)
        if not _TURNS.acquire(timeout=PATIENCE):
            _PLACES.release()
            raise Busy(_TOO_MANY, PATIENCE)

    def __exit__(self, *_: object) -> None:
        _TURNS.release()
        _PLACES.release()
