"""Who is at the console, and what they may do."""

from dataclasses import dataclass

from fastapi import Request


@dataclass(frozen=True)
class Principal:
    """A person as pages know them. `name` stands beside what they do."""

    name: str

    def may(self, permission: str) -> bool:
        """Whether they may do what the permission names."""
        return bool(permission)


#: Whoever sits at the machine itself: nobody else reaches an installation without a key.
LOCAL = Principal("local")


async def principal(request: Request) -> Principal:
    """Who makes the request."""
    del request
    return LOCAL
