"""Many contacts in one call; who has no key is found by the address."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conditions.problems import Problem
from conditions.times import Micros
from services.records.addresses import address_problem, folded, keys_by_address
from services.records.bulk.bulk_items import Checked, Mode, Options, Wish
from services.records.bulk.in_bulk import Chunk, RecordsInBulk
from services.records.contacts import (
    EMPTY,
    TAGS_OF_PUT,
    TAKEN,
    ContactPatchIn,
    TagChange,
    added_tags,
    patch_values,
    put_values,
)
from services.records.values import read_values
from services.resources import Invalid
from store.connection import Connection
from store.intake import places, suppressed
from store.records import contacts

MODES: tuple[Mode, ...] = ("merge", "put", "add_tags")


@dataclass(frozen=True, kw_only=True)
class _ContactWish(Wish):
    """One contact. `key` None: it is the one with the address `email`, or a new one."""

    email: str


class ContactsInBulk(RecordsInBulk[_ContactWish]):
    """Writes contacts; `put` leaves their `dnd` unless it is given."""

    kind = "contact"
    modes = MODES

    def wish(self, index: int, item: Mapping[str, Any], options: Options) -> _ContactWish:
        checked = Checked(item, options, MODES)
        problems, key = checked.problems, checked.key
        try:
            values = read_values(ContactPatchIn, checked.body, "contact", TAKEN, EMPTY)
        except Invalid as error:
            raise Invalid([*problems, *error.problems]) from None
        email: str = values.get("email") or ""
        problems += _of_whom(key, email)
        problems += _of_mode(checked.mode, values)
        if problems:
            raise Invalid(problems)
        if checked.mode == "add_tags":
            values.pop("email", None)
        return _ContactWish(
            place=index,
            key=key,
            mode=checked.mode,
            values=values,
            created_at=checked.created_at,
            email=email,
        )

    def shards_of(self, connection: Connection, wishes: Sequence[_ContactWish]) -> set[int]:
        keys = [key for key in _resolved(connection, wishes).values() if isinstance(key, str)]
        known = places.find_contacts(connection, keys)
        shards = self.resources.shards
        return {known[key].shard if key in known else places.shard_of(key, shards) for key in keys}

    def chunk(self, connection: Connection, now: Micros, options: Options) -> Chunk[_ContactWish]:
        return _Contacts(connection, self.resources.shards, now, options)


class _Contacts(Chunk[_ContactWish]):
    def keys(self, wishes: Sequence[_ContactWish]) -> dict[int, str | Problem]:
        return _resolved(self.connection, wishes)

    def names(self, wish: _ContactWish, key: str | None) -> frozenset[str]:
        of_key = suppressed.names_of_key(key) if key is not None else frozenset[str]()
        return suppressed.names_of_address(wish.email) | of_key

    def rows(self, good: Sequence[tuple[_ContactWish, str]]) -> dict[str, dict[str, Any]]:
        rows = contacts.contacts_by_key(self.connection, {key for _, key in good})
        missing = {key for wish, key in good if key not in rows and wish.mode != "add_tags"}
        self.made |= missing
        if self.options.dry_run:
            return rows | {key: _blank(key, -number) for number, key in enumerate(sorted(missing), 1)}
        if missing:
            created = {key: at for wish, key in good if (at := wish.created_at) is not None}
            places.ensure_contacts(
                self.connection,
                missing,
                self.shards,
                self.now,
                created=created,
                emits=not self.options.restore,
                brought_by=self.options.brought_by,
            )
            rows |= contacts.contacts_by_key(self.connection, missing)
        return rows

    def missing(self, key: str) -> Problem:
        return Problem(("key",), f'there is no contact "{key}"; "mode": "merge" creates it')

    def values(self, wish: _ContactWish, before: Mapping[str, Any]) -> dict[str, Any]:
        if wish.mode == "put":
            return put_values(wish.values)
        return patch_values({**wish.values, **added_tags(wish.values)}, before)

    def change(self, changes: Sequence[tuple[Mapping[str, Any], dict[str, Any]]]) -> None:
        contacts.change_contacts(
            self.connection,
            changes,
            self.now,
            emits=not self.options.restore,
            brought_by=self.options.brought_by,
        )


def _of_whom(key: str | None, email: str) -> list[Problem]:
    """What is wrong with how an item says who it is."""
    if key is not None:
        return []
    if not folded(email):
        return [Problem(("key",), 'say which contact: its "key", or the "email" to find it by')]
    told = address_problem(email)
    return [] if told is None else [told]


def _of_mode(mode: Mode, values: Mapping[str, Any]) -> list[Problem]:
    """What an item has that is not written so."""
    if mode == "add_tags" and (others := sorted(values.keys() - {"tags", "email"})):
        told = 'with "mode": "add_tags" only "tags" are written; "merge" sets the rest, too'
        return [Problem((others[0],), told)]
    if mode == "put" and isinstance(values.get("tags"), TagChange):
        return [TAGS_OF_PUT]
    return []


def _blank(key: str, contact_id: int) -> dict[str, Any]:
    """A contact that is still to be made."""
    return {**dict.fromkeys(contacts.WRITABLE), **EMPTY, "key": key, "id": contact_id}


def _resolved(connection: Connection, wishes: Iterable[_ContactWish]) -> dict[int, str | Problem]:
    """The key of each, by place. Who is found by an address that nobody has gets it as key."""
    wishes = list(wishes)
    by_address = keys_by_address(connection, [wish.email for wish in wishes if wish.key is None])
    return {wish.place: by_address[folded(wish.email)] if wish.key is None else wish.key for wish in wishes}
