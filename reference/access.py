"""Who may do what: permissions, roles, and what calls and commands need."""

from collections.abc import Iterator
from typing import Any

import typer.main

import cli
from reference.markdown import code, table
from runtime.permissions import PERMISSIONS, ROLES, needed_by


def permissions() -> str:
    """Every permission, and which roles have it."""
    rows = [
        (code(name), what, *("x" if name in role else "" for role in ROLES.values()))
        for name, what in PERMISSIONS.items()
    ]
    return table(("permission", "is for", *(code(role) for role in ROLES)), rows)


def commands() -> str:
    """The commands that each permission is for."""
    needed: dict[str, list[str]] = {}
    for name, command in sorted(_commands("kindling", typer.main.get_command(cli.app))):
        needed.setdefault(str(needed_by(command.callback)), []).append(code(name))
    rows = [(code(name), ", ".join(needed.get(name, ()))) for name in PERMISSIONS]
    return table(("permission", "commands"), rows)


def _commands(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    inner = getattr(command, "commands", None)
    if inner is None or getattr(command, "invoke_without_command", False):
        yield name, command
    for word, one in (inner or {}).items():
        yield from _commands(f"{name} {word}", one)
