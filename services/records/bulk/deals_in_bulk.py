"""Many deals in one call."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conditions.problems import Problem
from conditions.times import Micros
from services.records.addresses import address_problem, folded, keys_by_address
from services.records.bulk.bulk_items import Checked, Mode, Options, Wish
from services.records.bulk.in_bulk import Chunk, RecordsInBulk
from services.records.contacts import TAGS_OF_PUT, TagChange, added_tags, find_contact, patch_values
from services.records.deals import EMPTY, TAKEN, DealPatchIn, put_values
from services.records.values import read_values
from services.resources import Invalid
from store.connection import Connection
from store.intake import places, suppressed
from store.records import contacts, deals, merging
from store.scoring.facts import plain_number

MODES: tuple[Mode, ...] = ("merge", "put")


@dataclass(frozen=True, kw_only=True)
class _DealWish(Wish):
    """One deal. Its contact is named by key, or by the address `email`; neither: that of the deal, which is there."""

    contact: str | None
    email: str


class DealsInBulk(RecordsInBulk[_DealWish]):
    """Writes deals; an unknown contact is created, and a deal that exists may leave its contact out."""

    kind = "deal"
    modes = MODES

    def wish(self, index: int, item: Mapping[str, Any], options: Options) -> _DealWish:
        checked = Checked(item, options, MODES)
        problems = checked.problems
        email = checked.body.pop("email", None) or ""
        try:
            values = read_values(DealPatchIn, checked.body, "deal", TAKEN, EMPTY)
        except Invalid as error:
            raise Invalid([*problems, *error.problems]) from None
        contact = values.pop("contact", None)
        if checked.key is None:
            problems.append(Problem(("key",), 'say which deal: its "key"'))
        if checked.mode == "put" and isinstance(values.get("tags"), TagChange):
            problems.append(TAGS_OF_PUT)
        if not isinstance(email, str):
            problems.append(Problem(("email",), '"email" is the address of its contact, a text'))
        elif contact is None and email and (told := address_problem(email)) is not None:
            problems.append(told)
        if problems:
            raise Invalid(problems)
        return _DealWish(
            place=index,
            key=checked.key,
            mode=checked.mode,
            values=values,
            created_at=checked.created_at,
            contact=contact,
            email=email if contact is None else "",
        )

    def shards_of(self, connection: Connection, wishes: Sequence[_DealWish]) -> set[int]:
        shards = self.resources.shards
        wanted = {key for key in _contacts(connection, wishes).values() if isinstance(key, str)}
        known = places.find_contacts(connection, wanted)
        held = {known[key].shard if key in known else places.shard_of(key, shards) for key in wanted}
        present = places.find_deals(connection, [wish.key for wish in wishes if wish.key is not None])
        return held | {place.shard for place in present.values()}

    def chunk(self, connection: Connection, now: Micros, options: Options) -> Chunk[_DealWish]:
        return _Deals(connection, self.resources.shards, now, options)


class _Deals(Chunk[_DealWish]):
    """Rows have the key of their contact, too, as `contact`."""

    def keys(self, wishes: Sequence[_DealWish]) -> dict[int, str | Problem]:
        self._contacts = _contacts(self.connection, wishes)
        keys: dict[int, str | Problem] = {}
        for wish in wishes:
            contact = self._contacts.get(wish.place)
            keys[wish.place] = contact if isinstance(contact, Problem) else wish.key or ""
        return keys

    def names(self, wish: _DealWish, _key: str | None) -> frozenset[str]:
        contact = self._contact(wish)
        of_key = suppressed.names_of_key(contact) if contact is not None else frozenset[str]()
        return suppressed.names_of_address(wish.email) | of_key

    def _contact(self, wish: _DealWish) -> str | None:
        """The key of the contact that is named."""
        contact = self._contacts.get(wish.place)
        return contact if isinstance(contact, str) else None

    def rows(self, good: Sequence[tuple[_DealWish, str]]) -> dict[str, dict[str, Any]]:
        rows = deals.deals_by_key(self.connection, {key for _, key in good})
        named = {contact for wish, _ in good if (contact := self._contact(wish)) is not None}
        owners: dict[str, str] = {}
        for wish, key in good:
            contact = self._contact(wish)
            if key not in rows and contact is not None:
                owners.setdefault(key, contact)
        self.made |= owners.keys()
        if self.options.dry_run:
            self._owners = places.find_contacts(self.connection, named)
            rows |= {key: _blank(key, -number) for number, key in enumerate(sorted(owners), 1)}
        else:
            emits, brought_by = not self.options.restore, self.options.brought_by
            self._owners = places.ensure_contacts(
                self.connection, named, self.shards, self.now, emits=emits, brought_by=brought_by
            )
            if owners:
                created = {key: at for wish, key in good if (at := wish.created_at) is not None}
                of_new = {key: self._owners[contact] for key, contact in owners.items()}
                places.ensure_deals(
                    self.connection, of_new, self.now, created=created, emits=emits, brought_by=brought_by
                )
                rows |= deals.deals_by_key(self.connection, owners.keys())
        ids = {place.id for place in self._owners.values()} | {row["contact_id"] for row in rows.values()}
        self._keys = contacts.contact_keys(self.connection, ids - {None})
        return {key: {**row, "contact": self._keys.get(row["contact_id"])} for key, row in rows.items()}

    def missing(self, key: str) -> Problem:
        return Problem(("contact",), f'there is no deal "{key}"; a new deal needs the key of its contact')

    def values(self, wish: _DealWish, before: Mapping[str, Any]) -> dict[str, Any]:
        if wish.mode == "put":
            values = put_values(wish.values)
        else:
            values = patch_values({**wish.values, **added_tags(wish.values)}, before)
        if "value" in values:
            values["value"] = plain_number(values["value"])
        contact = self._contact(wish)
        if contact is not None:
            owner = self._owners.get(contact)
            values["contact"] = contact if owner is None else self._keys[owner.id]
        return values

    def change(self, changes: Sequence[tuple[Mapping[str, Any], dict[str, Any]]]) -> None:
        written = []
        for before, new in changes:
            contact = new.pop("contact", None)
            row = before if contact is None else self._moved(before, contact)
            if new:
                written.append((row, new))
        if written:
            deals.change_deals(
                self.connection,
                written,
                self.now,
                emits=not self.options.restore,
                brought_by=self.options.brought_by,
            )

    def _moved(self, before: Mapping[str, Any], contact: str) -> Mapping[str, Any]:
        """The deal as it is once it is another contact's."""
        owner = find_contact(self.connection, contact)
        merging.move_deal(self.connection, before, owner, self.now)
        return {**before, "contact_id": owner["id"], "shard": owner["shard"]}


def _contacts(connection: Connection, wishes: Sequence[_DealWish]) -> dict[int, str | Problem]:
    """The key of the contact that each names, by place."""
    by_address = keys_by_address(connection, [wish.email for wish in wishes if wish.email])
    named = {wish.place: by_address[folded(wish.email)] for wish in wishes if wish.email}
    return named | {wish.place: wish.contact for wish in wishes if wish.contact is not None}


def _blank(key: str, deal_id: int) -> dict[str, Any]:
    """A deal that is still to be made."""
    return {**dict.fromkeys(deals.WRITABLE), **EMPTY, "key": key, "id": deal_id, "contact_id": None}
