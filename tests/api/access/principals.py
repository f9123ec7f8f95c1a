"""Principals of an installation, each with what its calls carry."""

from dataclasses import dataclass

from runtime.permissions import ALL, PERMISSIONS, ROLES, Permission
from runtime.principals import LOCAL
from services.access import tokens
from store.access import sessions
from tests.api.installation import Installation

INSTALLATION_KEY = "sesame-of-the-installation"


@dataclass(frozen=True)
class Caller:
    """`permissions` None: nobody whom the installation knows."""

    name: str
    permissions: frozenset[Permission] | None
    headers: dict[str, str]


def session_of(kindling: Installation, person: str) -> dict[str, str]:
    """The cookie of a person who has just signed in; without the time that a password takes."""
    access, now = kindling.application.access, kindling.now
    token = tokens.new_token()
    row = {
        "hash": tokens.hashed(token),
        "person": person,
        "address": "127.0.0.1",
        "created_at": now,
        "seen_at": now,
        "ends_at": now + 3_600_000_000,
    }
    kindling.database.run(lambda connection: sessions.add(connection, row))
    return {"cookie": f"kindling-{access.installation}={token}"}


def key_of(kindling: Installation, *permissions: Permission, **more: str) -> dict[str, str]:
    """The header of a new key."""
    body = {"name": "-".join(permissions), "permissions": list(permissions), **more}
    return {"authorization": f"Bearer {kindling.application.access.keys.add(body, LOCAL).key}"}


def callers(kindling: Installation) -> list[Caller]:
    """One of every kind, in an installation with `INSTALLATION_KEY`."""
    access = kindling.application.access
    known = [
        Caller("the installation's key", ALL, {"authorization": f"Bearer {INSTALLATION_KEY}"}),
        *(Caller(f"a key that may {one}", frozenset((one,)), key_of(kindling, one)) for one in PERMISSIONS),
    ]
    for role, permissions in ROLES.items():
        access.people.add({"key": role, "name": role.title(), "role": role}, LOCAL)
        known.append(Caller(f"a person of the role {role}", permissions, session_of(kindling, role)))
    access.people.add({"key": "gone", "name": "Gone", "role": "admin"}, LOCAL)
    of_gone = session_of(kindling, "gone")
    access.people.change("gone", {"disabled": True}, LOCAL)
    revoked = key_of(kindling, *PERMISSIONS)
    [revoked_key] = access.keys.find(cursor=None, limit=1).items
    access.keys.revoke(revoked_key.id, LOCAL)
    over = key_of(kindling, *PERMISSIONS, ends_at="1s")
    kindling.now += 2_000_000
    never = {"authorization": f"Bearer {tokens.new_key()[0]}"}
    return [
        *known,
        Caller("nobody", None, {}),
        Caller("a wrong key", None, {"authorization": "Bearer wrong"}),
        Caller("a key that never was", None, never),
        Caller("a revoked key", None, revoked),
        Caller("a key that is over", None, over),
        Caller("a wrong session", None, {"cookie": f"kindling-{access.installation}={tokens.new_token()}"}),
        Caller("a session of somebody disabled", None, of_gone),
    ]
