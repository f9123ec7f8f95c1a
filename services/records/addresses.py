"""Contacts found by their e-mail address, where many are written at once."""

from collections.abc import Iterable, Sequence

from conditions.problems import Problem
from conditions.search import folded_address
from services.records.bulk.bulk_items import key_problem
from store.connection import Connection
from store.records import contacts


def folded(email: str | None) -> str:
    """An address without regard to case and composition; empty for a blank one."""
    return folded_address(email) or ""


def address_problem(email: str) -> Problem | None:
    """Why nobody can be found, or made, by this address; None where that can be."""
    if "@" not in folded(email):
        return Problem(("email",), f'"{email[:40]}" is no e-mail address; say who it is with a key')
    if key_problem(email.strip()) is not None:
        return Problem(("email",), "no new contact can have this as its key; say which it is with a key")
    return None


def keys_by_address(connection: Connection, emails: Iterable[str]) -> dict[str, str | Problem]:
    """By folded address: the key of the contact that has it, as field or as key; itself where nobody has it."""
    first: dict[str, str] = {}
    for email in emails:
        first.setdefault(folded(email), email.strip())
    known = contacts.keys_by_address(connection, set(first)) if first else {}
    keys: dict[str, str | Problem] = {}
    for address, email in first.items():
        found = known.get(address, [email])
        keys[address] = found[0] if len(found) == 1 else _ambiguous(found)
    return keys


def _ambiguous(keys: Sequence[str]) -> Problem:
    named = ", ".join(f'"{key}"' for key in keys[:3])
    return Problem(
        ("email",),
        f"{len(keys)} contacts have this address ({named}): say which with a key, or merge them",
    )
