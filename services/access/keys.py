"""API keys: made, listed, revoked, and recognised."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from uuid_utils import uuid7

from conditions.messages import plain_errors
from conditions.problems import Problem
from conditions.times import HOUR, Micros, from_iso, micros_of, to_iso
from runtime.permissions import Permission, ordered
from runtime.principals import Principal
from services import cursors
from services.access import tokens
from services.access.answers import ApiKey, MadeKey
from services.access.opening import announcement
from services.answers import Page
from services.names import ShortText, unstorable
from services.resources import Conflict, Invalid, NotFound, Resources
from store.access import keys
from store.access.audit import note
from store.connection import Connection, RowMapping
from store.database import DatabaseUnavailable

#: How exactly it is kept when a key was used last: a write per request would cost more than the request.
_USED_WITHIN = HOUR


class KeyIn(BaseModel):
    """A key to be made."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: Annotated[ShortText, Field(min_length=1, max_length=200, description="Which system has it")]
    permissions: Annotated[list[Permission], Field(min_length=1, description="What it may do")]
    ends_at: str | None = Field(
        default=None, description="From when on it is refused: a time, or a duration from now such as `90d`"
    )


class Keys:
    """What administrators do with keys, and whose a key is."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def add(self, body: Any, by: Principal) -> MadeKey:
        """Make a key. Only this answer has it."""
        wanted = _read(body)
        key, prefix = tokens.new_key()
        now = self._resources.clock()
        ends_at = _end(wanted.ends_at, now)

        def work(connection: Connection) -> MadeKey:
            told = announcement(self._resources, connection)
            row: dict[str, Any] = {
                "id": str(uuid7()),
                "name": wanted.name,
                "prefix": prefix,
                "hash": tokens.hashed(key),
                "permissions": ordered(frozenset(wanted.permissions)),
                "made_at": now,
                "made_by": by.author,
                "ends_at": ends_at,
            }
            keys.add(connection, row)
            after = {
                "name": wanted.name,
                "permissions": row["permissions"],
                "ends_at": None if ends_at is None else to_iso(ends_at),
            }
            note(connection, by, now, "make", "key", prefix, after=after)
            return MadeKey.made(_found(connection, row["id"]), key, told)

        return self._resources.database.run(work)

    def find(self, *, cursor: str | None, limit: int) -> Page[ApiKey]:
        """A page of them, the newest first; revoked ones stay listed."""
        before = cursors.decode_one(cursor, "keys", str)
        with self._resources.database.read() as connection:
            rows = keys.find_all(connection, before, limit + 1)
        taken, following = cursors.cut(rows, limit, "keys", lambda row: [row["id"]])
        return Page[ApiKey](items=[ApiKey.of(row) for row in taken], next=following)

    def revoke(self, key_id: str, by: Principal) -> ApiKey:
        """Refuse a key from now on. `key_id` may be its name or beginning, too. Doing so twice is no error."""
        now = self._resources.clock()

        def work(connection: Connection) -> ApiKey:
            row = _found(connection, key_id)
            if row["revoked_at"] is None:
                keys.revoke(connection, row["id"], now)
                told = {"name": row["name"], "permissions": row["permissions"]}
                note(connection, by, now, "revoke", "key", row["prefix"], before=told)
            return ApiKey.of(_found(connection, row["id"]))

        return self._resources.database.run(work)

    def principal_of(self, key: str, address: str | None = None) -> Principal | None:
        """Whose key it is; None for one that is unknown, revoked or over."""
        prefix = tokens.prefix_of(key)
        if prefix is None:
            return None
        now = self._resources.clock()
        with self._resources.database.read() as connection:
            row = keys.by_prefix(connection, prefix)
        if row is None or not tokens.same(row["hash"], tokens.hashed(key)):
            return None
        if row["revoked_at"] is not None or (row["ends_at"] is not None and row["ends_at"] <= now):
            return None
        if now - (row["last_used_at"] or 0) >= _USED_WITHIN:
            self._note_use(row["id"], now)
        return Principal("key", row["name"], frozenset(row["permissions"]), id=row["id"], address=address)

    def _note_use(self, key_id: str, now: Micros) -> None:
        hour = now - now % _USED_WITHIN
        try:
            self._resources.database.run(lambda connection: keys.note_use(connection, key_id, hour))
        except DatabaseUnavailable:
            return  # whatever the call does says so itself


def _read(body: Any) -> KeyIn:
    if not isinstance(body, dict):
        raise Invalid([Problem((), 'send a key such as {"name": "crm", "permissions": ["ingest"]}')])
    problems = list(unstorable(body))
    try:
        wanted = KeyIn.model_validate(body)
    except ValidationError as error:
        raise Invalid([*problems, *plain_errors(error, body)]) from None
    if not wanted.name.strip():
        problems.append(Problem(("name",), "say which system has it"))
    if problems:
        raise Invalid(problems)
    return wanted


def _end(text: str | None, now: Micros) -> Micros | None:
    if text is None:
        return None
    try:
        end = now + micros_of(text)
    except ValueError:
        try:
            end = from_iso(text)
        except ValueError:
            end = 0
    if end <= now:
        told = "name a time ahead, such as 2027-01-01T00:00:00Z, or a duration such as 90d"
        raise Invalid([Problem(("ends_at",), told)])
    return end


def _found(connection: Connection, key_id: str) -> RowMapping:
    """The key of an id, a name or a beginning; raises NotFound, and Conflict where several have the name."""
    row = keys.by_id(connection, key_id)
    if row is not None:
        return row
    named = keys.named(connection, key_id)
    if len(named) > 1:
        raise Conflict(f'several keys are called "{key_id}"; say which by its id or how it begins')
    if not named:
        raise NotFound(f'there is no key "{key_id[:60]}"; kindling keys list and GET /v1/keys list them')
    return named[0]
