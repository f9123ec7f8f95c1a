"""What the use cases on people, keys and the audit answer."""

from typing import Any

from pydantic import BaseModel, Field

from conditions.times import to_iso
from runtime.permissions import ROLES, Permission, Role, ordered
from runtime.principals import Kind, Principal
from services.answers import iso
from store.connection import RowMapping


class ApiKey(BaseModel):
    """A key, without what opens anything."""

    id: str
    name: str
    prefix: str = Field(description="How the key begins, to know it by")
    permissions: list[Permission]
    made_at: str
    made_by: str
    ends_at: str | None = Field(description="From then on it is refused")
    last_used_at: str | None = Field(description="To the hour")
    revoked_at: str | None

    @classmethod
    def of(cls, row: RowMapping) -> "ApiKey":
        """The answer for a row."""
        return cls(**_of_key(row))


class MadeKey(ApiKey):
    """A key that has just been made."""

    key: str = Field(description="The key itself. It is shown this once and stored nowhere")
    announcement: str | None = Field(
        default=None, description="What changes for everybody because this is the first"
    )

    @classmethod
    def made(cls, row: RowMapping, key: str, announcement: str | None) -> "MadeKey":
        """The answer for a row, with the key."""
        told: dict[str, Any] = {} if announcement is None else {"announcement": announcement}
        return cls(**_of_key(row), key=key, **told)


def _of_key(row: RowMapping) -> dict[str, Any]:
    times = {name: iso(row[name]) for name in ("ends_at", "last_used_at", "revoked_at")}
    named = {name: row[name] for name in ("id", "name", "prefix", "permissions", "made_by")}
    return {**named, **times, "made_at": to_iso(row["made_at"])}


class Person(BaseModel):
    """Somebody who may sign in, as far as there is a password."""

    key: str
    name: str
    email: str | None
    role: Role
    permissions: list[Permission]
    language: str
    disabled: bool
    password: bool = Field(description="Whether there is one; without it nobody can sign in as this person")
    created_at: str
    updated_at: str
    signed_in_at: str | None = Field(description="When they last signed in")
    announcement: str | None = Field(
        default=None, description="What changes for everybody because this is the first"
    )

    @classmethod
    def of(cls, row: RowMapping) -> "Person":
        """The answer for a row."""
        named = {name: row[name] for name in ("key", "name", "email", "role", "language", "disabled")}
        return cls(
            **named,
            permissions=ordered(ROLES[named["role"]]),
            password=row["password"] is not None,
            created_at=to_iso(row["created_at"]),
            updated_at=to_iso(row["updated_at"]),
            signed_in_at=iso(row["signed_in_at"]),
        )


class Who(BaseModel):
    """Who makes this call, and what that one may do."""

    kind: Kind
    name: str
    id: str | None = Field(description="Key of the person, or id of the API key")
    permissions: list[Permission]
    language: str | None = Field(description="Of a person")
    expires_at: str | None = Field(default=None, description="When the session ends, however it is used")

    @classmethod
    def of(cls, principal: Principal) -> "Who":
        """The answer for a principal."""
        return cls(
            kind=principal.kind,
            name=principal.name,
            id=principal.id,
            permissions=ordered(principal.permissions),
            language=principal.language,
        )


class SignedOut(BaseModel):
    """How many sessions ended."""

    ended: int


class AuditEntry(BaseModel):
    """Something that was done."""

    id: str
    at: str
    by: str = Field(description="Its author: a person's key, `key <name>`, `local`, who works at the machine")
    kind: Kind
    by_id: str | None = Field(description="Key of the person, or id of the API key")
    address: str | None = Field(description="Where the call came from")
    action: str
    thing: str = Field(description="What kind of thing it was done to")
    subject: str | None = Field(description="Its key or id; null where it was somebody who has been erased")
    before: Any = None
    after: Any = None

    @classmethod
    def of(cls, row: RowMapping) -> "AuditEntry":
        """The answer for a row."""
        return cls(
            id=row["id"],
            at=to_iso(row["at"]),
            by=row["actor"],
            kind=row["kind"],
            by_id=row["actor_id"],
            **{name: row[name] for name in ("address", "action", "thing", "subject", "before", "after")},
        )
