"""What may be done: one table of permissions, and roles as sets of them. Calls and commands say what they need."""

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeVar, get_args

Permission = Literal["ingest", "read", "edit", "design", "operate", "admin"]
Role = Literal["viewer", "sales", "designer", "operator", "admin"]

#: What each permission is for.
PERMISSIONS: Mapping[Permission, str] = {
    "ingest": "send events",
    "read": "see records, scores, definitions, follow-ups and the status; export lists",
    "edit": "change contacts and deals, tags and tasks; adjust scores; enroll by hand",
    "design": "save, publish and roll back profiles and automations; smart lists; recipients",
    "operate": "repair follow-ups; pause, hold and release; revoke, merge, erase, import; quarantine",
    "admin": "people, keys, settings, secrets, the audit",
}
ALL: frozenset[Permission] = frozenset(get_args(Permission))

#: Who does what kind of work, and what that takes.
ROLES: Mapping[Role, frozenset[Permission]] = {
    "viewer": frozenset({"read"}),
    "sales": frozenset({"read", "edit"}),
    "designer": frozenset({"read", "edit", "design"}),
    "operator": frozenset({"ingest", "read", "edit", "operate"}),
    "admin": ALL,
}

Needed = Permission | Literal["anybody", "signed in"]
"""What a call or command needs: a permission; that somebody is signed in, whoever it is; or nothing at all."""

_NEEDS = "__needs__"
F = TypeVar("F", bound=Callable[..., Any])


def needs(needed: Needed) -> Callable[[F], F]:
    """Declare what a route or command needs. Who has it not is refused before anything is read or done."""

    def declare(function: F) -> F:
        setattr(function, _NEEDS, needed)
        return function

    return declare


def needed_by(function: Any) -> Needed | None:
    """What a route or command has declared; None for nothing, which nobody may call."""
    declared: Needed | None = getattr(function, _NEEDS, None)
    return declared


def ordered(permissions: frozenset[Permission]) -> list[Permission]:
    """In the order of the table."""
    return [permission for permission in PERMISSIONS if permission in permissions]
