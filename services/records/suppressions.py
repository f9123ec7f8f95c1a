"""Erasing that lasts: who was erased for good does not come back with what senders send again."""

import secrets
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from uuid_utils import uuid7

from conditions.definition import invalid
from conditions.messages import plain_errors
from conditions.problems import Problem
from conditions.times import Micros, to_iso
from runtime.principals import SYSTEM, Principal
from services import cursors
from services.answers import Page
from services.names import Name, ShortText
from services.records import answers
from services.resources import Conflict, Invalid, NotFound, Resources, Suppressed
from store.access.audit import note
from store.connection import Connection, RowMapping
from store.intake import suppressed
from store.records import contacts, suppressions

REASON = "erased"


def _check_address(text: str) -> str:
    if "@" not in text.strip("@ ") or " " in text.strip():
        raise invalid(Problem((), f'"{text[:40]}" is no e-mail address; "contact" takes a key'))
    return text


Address = Annotated[ShortText, Field(min_length=1), AfterValidator(_check_address)]


class SuppressIn(BaseModel):
    """Whom to suppress who is not here: the key of a contact, an e-mail address, or both."""

    model_config = ConfigDict(extra="forbid", strict=True)

    contact: Name | None = Field(default=None, description="The key that a sender may name")
    email: Address | None = Field(default=None, description="Compared without case")
    reason: ShortText = Field(
        default=REASON, description="For people; write nothing here that says who it is"
    )


class Suppressions:
    """Lists, adds and lifts suppressions."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def find(self, *, cursor: str | None, limit: int) -> Page[answers.Suppressed]:
        """A page of them, the newest first."""
        before = cursors.decode_one(cursor, "suppressions", str)
        with self._resources.database.read() as connection:
            listed = suppressions.find_all(connection, before, limit + 1)
        taken, following = cursors.cut(listed, limit, "suppressions", lambda row: [row["id"]])
        items = [answers.Suppressed.of(row) for row in taken]
        return Page[answers.Suppressed](items=items, next=following)

    def add(self, body: Any, *, who: Principal = SYSTEM) -> answers.Suppressed:
        """Suppress somebody who is not here, or not any more."""
        try:
            wanted = SuppressIn.model_validate(body)
        except ValidationError as error:
            raise Invalid(plain_errors(error, body)) from None
        names = suppressed.names_of_address(wanted.email)
        if wanted.contact is not None:
            names |= suppressed.names_of_key(wanted.contact)
        if not names:
            raise Invalid([Problem((), 'say whom: {"contact": "ada"} or {"email": "ada@example.com"}')])

        def work(connection: Connection) -> answers.Suppressed:
            suppressed.close_intake(connection)
            if wanted.contact is not None and contacts.contact_by_key(connection, wanted.contact):
                raise Conflict(
                    f'the contact "{wanted.contact}" is here; DELETE /v1/contacts/{{key}}?suppress=true erases it '
                    "for good"
                )
            now = self._resources.clock()
            suppression = suppress(connection, names, wanted.reason, now)
            note(connection, who, now, "add", "suppression", suppression.id)
            return suppression

        return self._resources.database.run(work)

    def lift(self, suppression_id: str, *, who: Principal = SYSTEM) -> None:
        """Let somebody come back with what is sent from now on."""

        def work(connection: Connection) -> None:
            if not suppressions.lift(connection, suppression_id):
                raise NotFound(f'there is no suppression "{suppression_id}"; GET /v1/suppressions lists them')
            note(connection, who, self._resources.clock(), "lift", "suppression", suppression_id)

        self._resources.database.run(work)


def suppress_family(connection: Connection, contact: RowMapping, reason: str, now: Micros) -> None:
    """Suppress a contact that is about to be erased, by its keys and address, those merged into it among them."""
    suppressed.close_intake(connection)
    names = suppressed.names_of_address(contact["email"])
    for key in contacts.family_keys(connection, contact["id"]):
        names |= suppressed.names_of_key(key)
    suppress(connection, names, reason, now)


def suppress(connection: Connection, names: frozenset[str], reason: str, now: Micros) -> answers.Suppressed:
    """Suppress whom the names stand for. Intake is closed."""
    suppression_id = str(uuid7())
    suppressions.add(connection, suppression_id, names, reason, secrets.token_hex(32), now)
    return answers.Suppressed(
        id=suppression_id, created_at=to_iso(now), reason=reason, met=0, last_met_at=None
    )


def refuse_suppressed(connection: Connection, *keys: str | None, email: Any = None) -> None:
    """Raise Suppressed when one of the contacts' keys, or the address, is of somebody who was erased for good."""
    names = suppressed.names_of_address(email if isinstance(email, str) else None)
    for key in keys:
        names |= suppressed.names_of_key(key) if key is not None else frozenset()
    if names and (
        suppressed_names := suppressed.suppressed(connection, names, lambda name: frozenset((name,)))
    ):
        raise Suppressed(frozenset[str]().union(*suppressed_names.values()))
