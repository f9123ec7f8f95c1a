"""Many contacts in one call: each merged into what is there, put in its place, or given tags."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from conditions.limits import EVENTS
from conditions.problems import Problem, suggestion
from conditions.search import folded_address
from conditions.times import Micros
from services.names import check_name
from services.records.contacts import EMPTY, TAKEN, ContactPatchIn, TagChange, patch_values, put_values
from services.records.shard_locks import in_shards
from services.records.values import read_values
from services.resources import Invalid, Resources
from store.connection import Connection
from store.intake import places, suppressed
from store.records import contacts

#: As many as one array may have.
MOST_AT_ONCE = EVENTS.most
#: Contacts in one transaction: other writers wait no longer than a batch.
CHUNK = 100
#: Changes that a dry run shows.
SHOWN = 20

Mode = Literal["merge", "put", "add_tags"]
MODES: tuple[Mode, ...] = ("merge", "put", "add_tags")


class Change(NamedTuple):
    """What becomes of a contact: by field, what it has and what it will have."""

    key: str
    created: bool
    fields: Mapping[str, tuple[Any, Any]]


@dataclass
class Written:
    """What became of many contacts, or in a dry run would become of them; `changes`: the first of those.

    `rejected`: by place, with what is wrong. `suppressed` were erased for good.
    """

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    suppressed: int = 0
    rejected: list[tuple[int, list[Problem]]] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)

    def add(self, other: "Written") -> None:
        """Count others, too, but for those that were rejected."""
        self.created += other.created
        self.changed += other.changed
        self.unchanged += other.unchanged
        self.suppressed += other.suppressed
        self.changes += other.changes[: SHOWN - len(self.changes)]


class _Wish(NamedTuple):
    """One contact to be written. `key` None: it is the one with `address`, which is folded, or a new one."""

    place: int
    key: str | None
    email: str | None
    address: str
    mode: Mode
    values: dict[str, Any]


class ContactsInBulk:
    """Writes contacts, some hundred in one transaction."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def write(self, items: Sequence[Any], *, mode: Mode = "merge", dry_run: bool = False) -> Written:
        """Each item is a contact with its `key`, or found by its `email`, and how (`mode`, default: the call's).

        `merge` creates or changes: what is given is set, `fields` are merged and tags added. `put` replaces all but
        `dnd`. `add_tags` adds tags to a contact that there is. Good ones are written whatever the others are like.
        """
        written = Written()
        wishes = []
        for index, item in enumerate(items):
            try:
                wishes.append(_wish(index, item, mode))
            except Invalid as error:
                written.rejected.append((index, list(error.problems)))
        for start in range(0, len(wishes), CHUNK):
            self._chunk(wishes[start : start + CHUNK], written, dry_run=dry_run)
        written.rejected.sort(key=lambda place: place[0])
        return written

    def _chunk(self, wishes: Sequence[_Wish], written: Written, *, dry_run: bool) -> None:
        shards = self._resources.shards

        def place(connection: Connection) -> set[int]:
            keys = [key for key in _resolved(connection, wishes).values() if isinstance(key, str)]
            known = places.find_contacts(connection, keys)
            return {known[key].shard if key in known else places.shard_of(key, shards) for key in keys}

        def work(connection: Connection, now: Micros) -> tuple[Written, Mapping[str, int]]:
            return _Chunk(connection, shards, now, dry_run=dry_run).write(wishes)

        if dry_run:
            with self._resources.database.read() as connection:
                chunk, met = work(connection, self._resources.clock())
        else:
            chunk, met = in_shards(self._resources, place, work)
        written.add(chunk)
        written.rejected += chunk.rejected
        if met and not dry_run:
            clock = self._resources.clock
            self._resources.database.run(lambda connection: suppressed.note_met(connection, met, clock()))


class _Chunk:
    """Some contacts in one transaction, one after the other: an item sees what those before it have done."""

    def __init__(self, connection: Connection, shards: int, now: Micros, *, dry_run: bool) -> None:
        self._connection = connection
        self._shards = shards
        self._now = now
        self._dry_run = dry_run
        self._written = Written()
        self._created: set[str] = set()
        self._touched: dict[int, tuple[str, Mapping[str, Any], dict[str, Any]]] = {}

    def write(self, wishes: Sequence[_Wish]) -> tuple[Written, Mapping[str, int]]:
        """What became of them, and how often each suppression was met."""
        keys = _resolved(self._connection, wishes)
        met = self._suppressed(wishes, keys)
        good: list[tuple[_Wish, str]] = []
        for wish in wishes:
            key = keys[wish.place]
            if isinstance(key, Problem):
                self._written.rejected.append((wish.place, [key]))
            elif wish.place not in met:
                good.append((wish, key))
        rows = self._rows(good)
        for wish, key in good:
            if key not in rows:
                told = f'there is no contact "{key}"; "mode": "merge" creates it'
                self._written.rejected.append((wish.place, [Problem(("key",), told)]))
                continue
            try:
                self._apply(wish, key, rows)
            except Invalid as error:
                self._written.rejected.append((wish.place, list(error.problems)))
        self._store()
        counts: dict[str, int] = {}
        for ids in met.values():
            for suppression_id in ids:
                counts[suppression_id] = counts.get(suppression_id, 0) + 1
        self._written.suppressed = len(met)
        return self._written, counts

    def _suppressed(
        self, wishes: Sequence[_Wish], keys: Mapping[int, str | Problem]
    ) -> dict[int, frozenset[str]]:
        """The places of those who were erased for good, with the ids of the suppressions."""
        names = {
            str(wish.place): suppressed.names_of_address(wish.email)
            | (suppressed.names_of_key(key) if isinstance(key := keys[wish.place], str) else frozenset())
            for wish in wishes
        }
        met = suppressed.suppressed(self._connection, names, names.__getitem__)
        return {int(index): ids for index, ids in met.items()}

    def _rows(self, good: Sequence[tuple[_Wish, str]]) -> dict[str, dict[str, Any]]:
        """The contacts by key, those that there were not made, or as they will be made."""
        rows = contacts.contacts_by_key(self._connection, {key for _, key in good})
        missing = {key for wish, key in good if key not in rows and wish.mode != "add_tags"}
        self._created |= missing
        if self._dry_run:
            return rows | {key: _blank(key, -number) for number, key in enumerate(sorted(missing), 1)}
        if missing:
            places.ensure_contacts(self._connection, missing, self._shards, self._now)
            rows |= contacts.contacts_by_key(self._connection, missing)
        return rows

    def _apply(self, wish: _Wish, key: str, rows: Mapping[str, Mapping[str, Any]]) -> None:
        row = rows[key]
        _, first, new = self._touched.get(row["id"], (key, row, {}))
        present = {**first, **new}
        values = _values(wish, present)
        self._touched[row["id"]] = (key, first, contacts.differing(first, {**new, **values}))

    def _store(self) -> None:
        written, changes = self._written, []
        for key, before, new in self._touched.values():
            created = key in self._created
            written.created += created
            written.changed += bool(new) and not created
            written.unchanged += not new and not created
            if new:
                changes.append((before, new))
            if (new or created) and len(written.changes) < SHOWN:
                written.changes.append(Change(key, created, dict(_differences(before, new))))
        if changes and not self._dry_run:
            contacts.change_contacts(self._connection, changes, self._now)


def _differences(before: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """By field, what a contact has and will have; fields of the caller's own as `fields.<name>`."""
    for name, value in new.items():
        if name != "fields":
            yield name, (before[name], value)
            continue
        for own in (*before["fields"], *(added for added in value if added not in before["fields"])):
            pair = before["fields"].get(own), value.get(own)
            if contacts.differ(*pair):
                yield f"fields.{own}", pair


def _blank(key: str, contact_id: int) -> dict[str, Any]:
    """A contact that is still to be made."""
    return {**dict.fromkeys(contacts.WRITABLE), **EMPTY, "key": key, "id": contact_id}


def _values(wish: _Wish, before: Mapping[str, Any]) -> dict[str, Any]:
    """What the contact will have. Raises Invalid where that is too much."""
    if wish.mode == "put":
        return put_values(wish.values)
    tags = wish.values.get("tags")
    added = {"tags": TagChange(add=tags)} if isinstance(tags, list) else {}
    return patch_values({**wish.values, **added}, before)


def _wish(index: int, item: Any, mode: Mode) -> _Wish:
    """An item, checked; raises Invalid with every mistake."""
    if not isinstance(item, dict):
        raise Invalid([Problem((), 'a contact is an object such as {"key": "ada", "name": "Ada"}')])
    body = {name: value for name, value in item.items() if name not in ("key", "mode")}
    problems = []
    own = item.get("mode", mode)
    if own not in MODES:
        hint = suggestion(str(own)[:40], MODES)
        problems.append(Problem(("mode",), f'"mode" is one of {", ".join(MODES)}{hint}'))
        own = mode
    key = item.get("key")
    if key is not None and (told := _key_problem(key)) is not None:
        problems.append(told)
    try:
        values = read_values(ContactPatchIn, body, "contact", TAKEN, EMPTY)
    except Invalid as error:
        raise Invalid([*problems, *error.problems]) from None
    email: str = values.get("email") or ""
    address = folded_address(email) or ""
    if key is None and address and "@" not in address:
        problems.append(Problem(("email",), f'"{email[:40]}" is no e-mail address; say who it is with a key'))
    elif key is None and address and _key_problem(email.strip()) is not None:
        problems.append(
            Problem(("email",), "no new contact can have this as its key; say which it is with a key")
        )
    if key is None and not address:
        problems.append(Problem(("key",), 'say which contact: its "key", or the "email" to find it by'))
    if own == "add_tags" and (others := sorted(values.keys() - {"tags", "email"})):
        problems.append(
            Problem(
                (others[0],), 'with "mode": "add_tags" only "tags" are written; "merge" sets the rest, too'
            )
        )
    if own == "put" and isinstance(values.get("tags"), TagChange):
        problems.append(
            Problem(("tags",), 'with "mode": "put" tags are a list, which replaces those there are')
        )
    if problems:
        raise Invalid(problems)
    if own == "add_tags":
        values.pop("email", None)
    return _Wish(index, key, email, address, own, values)


def _key_problem(key: Any) -> Problem | None:
    if not isinstance(key, str):
        return Problem(("key",), "a key is a text")
    try:
        check_name(key)
    except ValueError as error:
        return Problem(("key",), str(error))
    return None


def _resolved(connection: Connection, wishes: Iterable[_Wish]) -> dict[int, str | Problem]:
    """The key of each, by place. Who is found by an address that nobody has gets it as key."""
    wanted = {wish.address for wish in wishes if wish.key is None}
    by_address: dict[str, list[str]] = contacts.keys_by_address(connection, wanted) if wanted else {}
    keys: dict[int, str | Problem] = {}
    for wish in wishes:
        if wish.key is not None:
            keys[wish.place] = wish.key
            continue
        keys_of_address = by_address.setdefault(wish.address, [(wish.email or "").strip()])
        keys[wish.place] = keys_of_address[0] if len(keys_of_address) == 1 else _ambiguous(keys_of_address)
    return keys


def _ambiguous(keys: Sequence[str]) -> Problem:
    named = ", ".join(f'"{key}"' for key in keys[:3])
    return Problem(
        ("email",),
        f"{len(keys)} contacts have this address ({named}): say which with a key, or merge them",
    )


__all__ = ["MODES", "MOST_AT_ONCE", "Change", "ContactsInBulk", "Mode", "Written"]
