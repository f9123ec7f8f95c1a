"""Contacts: read and change. Every change emits its internal events and marks the contact for re-scoring."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, RowMapping, select
from uuid_utils import uuid7

from conditions.fields import CONTACT_TEXTS
from conditions.times import Micros
from store.bulk import Bulk
from store.database import dump_json
from store.intake.internal_events import InternalEvent, add_internal_events
from store.scoring.folds import begin_anew
from store.search import SEARCH_OF_CONTACT, contact_search
from store.tables import Contact, table

CONTACTS = table(Contact)

#: What callers may set.
WRITABLE = (*CONTACT_TEXTS, "tags", "dnd", "fields")


_JSON = frozenset(("tags", "dnd", "fields"))
_CHANGED = (*WRITABLE, *SEARCH_OF_CONTACT, "updated_at", "touched")


def contact_by_key(connection: Connection, key: str) -> RowMapping | None:
    """The contact; for the key of a merged one, the contact that took over."""
    row = connection.execute(select(CONTACTS).where(CONTACTS.c.key == key)).mappings().one_or_none()
    if row is not None and row["merged_into"] is not None:
        return contact_by_id(connection, row["merged_into"])
    return row


def contact_by_id(connection: Connection, contact_id: int) -> RowMapping | None:
    return connection.execute(select(CONTACTS).where(CONTACTS.c.id == contact_id)).mappings().one_or_none()


def load_contacts(connection: Connection, ids: Collection[int]) -> dict[int, dict[str, Any]]:
    """Contacts by id, also those that were merged into others."""
    query = select(CONTACTS).where(CONTACTS.c.id.in_(ids))
    return {row["id"]: dict(row) for row in connection.execute(query).mappings()}


def contacts_by_id(connection: Connection, ids: Collection[int]) -> list[RowMapping]:
    """The contacts that are there and were not merged into others, by id."""
    query = select(CONTACTS).where(CONTACTS.c.id.in_(ids), CONTACTS.c.merged_into.is_(None))
    return list(connection.execute(query.order_by(CONTACTS.c.id)).mappings())


def contacts_by_address(connection: Connection, address: str, limit: int) -> list[RowMapping]:
    """The oldest contacts whose own e-mail address, folded, is this."""
    query = select(CONTACTS).where(CONTACTS.c.email_folded == address, CONTACTS.c.merged_into.is_(None))
    return list(connection.execute(query.order_by(CONTACTS.c.id).limit(limit)).mappings())


def contact_keys(connection: Connection, ids: Collection[int]) -> dict[int, str]:
    """Keys by id."""
    bulk = Bulk(connection)
    test, parameter = bulk.among("id", ids)
    return {row[0]: row[1] for row in bulk.rows(f"SELECT id, key FROM contacts WHERE {test}", parameter)}


def family_keys(connection: Connection, contact_id: int) -> list[str]:
    """The keys of a contact and of those merged into it."""
    query = select(CONTACTS.c.key).where(
        (CONTACTS.c.id == contact_id) | (CONTACTS.c.merged_into == contact_id)
    )
    return list(connection.execute(query).scalars())


def all_tags(connection: Connection, limit: int) -> list[str]:
    """Tags that contacts and deals have, at most so many of each. Looks through all of them."""
    bulk = Bulk(connection)
    each = "json_each(tags) AS each" if bulk.is_sqlite else "jsonb_array_elements_text(tags) AS each(value)"
    tags = [
        row[0]
        for records in ("contacts", "deals")
        for row in bulk.rows(f"SELECT DISTINCT each.value FROM {records}, {each} LIMIT ?", limit)
    ]
    return list(dict.fromkeys(tags))


def contacts_by_key(connection: Connection, keys: Collection[str]) -> dict[str, dict[str, Any]]:
    """The contacts that exist, by key; the key of a merged one finds the contact that took over."""
    test, parameter = Bulk(connection).among("key", list(keys))
    statement = f"SELECT key, coalesce(merged_into, id) FROM contacts WHERE {test}"
    ids = dict(Bulk(connection).rows(statement, parameter))
    rows = {row["id"]: dict(row) for row in contacts_by_id(connection, set(ids.values()))}
    return {key: rows[contact_id] for key, contact_id in ids.items() if contact_id in rows}


def keys_by_address(connection: Connection, addresses: Collection[str]) -> dict[str, list[str]]:
    """The keys of contacts by the folded e-mail address that they have, as field or as key."""
    bulk = Bulk(connection)
    keys: dict[str, list[str]] = {}
    for column in ("email_folded", "key_folded"):
        test, parameter = bulk.among(column, list(addresses))
        statement = f"SELECT {column}, key FROM contacts WHERE {test} AND merged_into IS NULL ORDER BY id"
        for address, key in bulk.rows(statement, parameter):
            if key not in keys.setdefault(address, []):
                keys[address].append(key)
    return keys


def change_contact(
    connection: Connection,
    before: RowMapping | Mapping[str, Any],
    values: Mapping[str, Any],
    now: Micros,
    *,
    depth: int = 0,
    silent: bool = False,
    brought_by: str | None = None,
) -> bool:
    """Set fields of a contact and emit `stage.changed`, `tag.added`, `tag.removed`, `field.changed`.

    Nothing is written when nothing differs. Returns whether something did. `depth`: of the step that did it,
    and `brought_by` what started its follow-up. `silent`: for fields that no published profile reads, since a
    re-scoring is not silent; there is none then.
    """
    present = dict(before)
    new = differing(present, values)
    if new:
        change_contacts(connection, [(present, new)], now, depth=depth, silent=silent, brought_by=brought_by)
    return bool(new)


def differing(before: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the values that are others than before."""
    return {name: value for name, value in values.items() if differ(before[name], value)}


def change_contacts(
    connection: Connection,
    changes: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]],
    now: Micros,
    *,
    depth: int = 0,
    silent: bool = False,
    emits: bool = True,
    brought_by: str | None = None,
) -> None:
    """The same for many: each contact as it is, all its columns, and its fields that become others.

    `emits` false: no events, since what is written is restored.
    """
    rows = []
    events: list[InternalEvent] = []
    for before, new in changes:
        after = after_change(before, new, now, depth=depth, silent=silent)
        rows.append(
            (
                *(dump_json(after[name]) if name in _JSON else after[name] for name in _CHANGED),
                None if after["before_touch"] is None else dump_json(after["before_touch"]),
                after["id"],
            )
        )
        events += [
            InternalEvent(f"{name}/{uuid7()}", name, before["id"], None, before["shard"], properties)
            for name, properties in _events_of(before, new)
        ]
    assignments = ", ".join(f"{name} = ?" for name in (*_CHANGED, "before_touch"))
    Bulk(connection).each(f"UPDATE contacts SET {assignments} WHERE id = ?", rows)
    begin_anew(connection, [before["id"] for before, _ in changes], only_reading=True)
    if emits:
        add_internal_events(connection, events, now, depth=depth, silent=silent, brought_by=brought_by)


def after_change(
    before: Mapping[str, Any], new: Mapping[str, Any], now: Micros, *, depth: int = 0, silent: bool = False
) -> dict[str, Any]:
    """A contact's columns once these fields have become others."""
    after = {**before, **new, "updated_at": now}
    if "name" in new or "email" in new:
        after |= contact_search(before["key"], after["name"], after["email"])._asdict()
    if not silent:
        after["touched"] = max(before["touched"], depth + 1)
        after["before_touch"] = held_before(before, new)
    return after


def held_before(before: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """What the fields that change have held since the last scoring, by the names that conditions have for them."""
    held = {name: before[name] for name in new if name != "fields"}
    if "fields" in new:
        old, fields = before["fields"], new["fields"]
        held |= {name: old.get(name) for name in {*old, *fields} if differ(old.get(name), fields.get(name))}
    return {**held, **(before["before_touch"] or {})}


def differ(old: Any, new: Any) -> bool:
    """Whether two JSON values differ; true and 1 do, although Python calls them equal."""
    return orjson.dumps(old, option=orjson.OPT_SORT_KEYS) != orjson.dumps(new, option=orjson.OPT_SORT_KEYS)


def _events_of(before: Mapping[str, Any], new: Mapping[str, Any]) -> list[tuple[str, dict[str, object]]]:
    events: list[tuple[str, dict[str, object]]] = []
    for name, value in new.items():
        if name == "stage":
            events.append(("stage.changed", {"from": before["stage"], "to": value}))
        elif name == "tags":
            events += tag_changes(before["tags"], value)
        elif name == "fields":
            events += field_changes(before["fields"], value)
        else:
            events.append(("field.changed", {"field": name, "from": before[name], "to": value}))
    return events


def tag_changes(old: Sequence[str], new: Sequence[str]) -> list[tuple[str, dict[str, object]]]:
    """`tag.added` and `tag.removed` for each tag that came or went."""
    events: list[tuple[str, dict[str, object]]] = []
    events += [("tag.added", {"tag": tag}) for tag in new if tag not in old]
    events += [("tag.removed", {"tag": tag}) for tag in old if tag not in new]
    return events


def field_changes(
    old: Mapping[str, Any], new: Mapping[str, Any], prefix: str = ""
) -> list[tuple[str, dict[str, object]]]:
    """`field.changed` for each custom field that differs."""
    return [
        ("field.changed", {"field": f"{prefix}{field}", "from": old.get(field), "to": new.get(field)})
        for field in sorted({*old, *new})
        if differ(old.get(field), new.get(field))
    ]
