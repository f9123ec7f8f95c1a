"""Who does something: a person, a key, this machine, the command line, an automation."""

from dataclasses import dataclass
from typing import Literal

from runtime.permissions import ALL, Permission

Kind = Literal["person", "key", "installation key", "local", "command line", "automation", "system"]


class Forbidden(Exception):
    """The principal lacks a permission; the message names it."""

    def __init__(self, principal: "Principal", permission: Permission) -> None:
        self.permission, self.kind = permission, principal.kind
        super().__init__(
            f'{principal.author} lacks the permission "{permission}"; whoever has "admin" can give a role or make a '
            "key with it"
        )


@dataclass(frozen=True)
class Principal:
    """Who acts, and what that one may do. `id`: of the person or key; `address`: where the call came from."""

    kind: Kind
    name: str
    permissions: frozenset[Permission]
    id: str | None = None
    address: str | None = None
    language: str | None = None

    @property
    def author(self) -> str:
        """How it stands beside what it has done: `ada`, `key crm`, `local`."""
        return f"{self.kind} {self.name}" if self.kind in ("key", "automation") else self.name

    def require(self, permission: Permission) -> None:
        """Raises Forbidden where it lacks the permission."""
        if permission not in self.permissions:
            raise Forbidden(self, permission)

    def said_by(self, said: str | None) -> str:
        """The author of something of which a caller says that somebody else wanted it: `key crm for anna`."""
        if said in (None, "", self.author):
            return self.author
        return str(said) if self.kind == "system" else f"{self.author} for {said}"


#: Whoever can run programs on this machine, where neither key nor person is asked for.
LOCAL = Principal("local", "local", ALL)
#: What holds `KINDLING_API_KEY`.
INSTALLATION = Principal("installation key", "installation key", ALL)
#: What no one asked for: duties of the processes themselves.
SYSTEM = Principal("system", "Kindling", ALL)


def command_line(user: str | None) -> Principal:
    """Who works at this machine, as its operating system knows them: whoever can open the database may do all."""
    return Principal("command line", user or "command line", ALL)
