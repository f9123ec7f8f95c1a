"""Contacts: read and change. Every change emits its internal events and marks the contact for re-scoring."""

from collections.abc import Collection, Mapping
from typing import Any

import orjson
from sqlalchemy import Connection, RowMapping, select, update
from uuid_utils import uuid7

from conditions.times import Micros
from store.bulk import Bulk
from store.intake import add_internal_events
from store.tables import Contact, table

CONTACTS = table(Contact)

#: What callers may set.
WRITABLE = ("name", "email", "phone", "stage", "owner", "tags", "dnd", "fields")


def contact_by_key(connection: Connection, key: str) -> RowMapping | None:
    return connection.execute(select(CONTACTS).where(CONTACTS.c.key == key)).mappings().one_or_none()


def contact_by_id(connection: Connection, contact_id: int) -> RowMapping | None:
    return connection.execute(select(CONTACTS).where(CONTACTS.c.id == contact_id)).mappings().one_or_none()


def contact_keys(connection: Connection, ids: Collection[int]) -> dict[int, str]:
    """Keys by id."""
    bulk = Bulk(connection)
    test, parameter = bulk.among("id", ids)
    return {row[0]: row[1] for row in bulk.rows(f"SELECT id, key FROM contacts WHERE {test}", parameter)}


def change_contact(
    connection: Connection, before: RowMapping, values: Mapping[str, Any], now: Micros, *, depth: int = 0
) -> bool:
    """Set fields of a contact and emit `stage.changed`, `tag.added`, `tag.removed`, `field.changed`.

    Nothing is written when nothing differs. Returns whether something did. `depth`: of the step that did it.
    """
    new = {name: value for name, value in values.items() if _differ(before[name], value)}
    if not new:
        return False
    connection.execute(
        update(CONTACTS)
        .where(CONTACTS.c.id == before["id"])
        .values(**new, updated_at=now, touched=max(before["touched"], depth + 1))
    )
    events = _events_of(before, new)
    add_internal_events(
        connection,
        [(before["id"], before["shard"], event_type, properties) for event_type, properties in events],
        now,
        depth=depth,
        ids=[f"{event_type}/{uuid7()}" for event_type, _ in events],
    )
    return True


def _differ(old: Any, new: Any) -> bool:
    """Whether two JSON values differ; true and 1 do, although Python calls them equal."""
    return orjson.dumps(old, option=orjson.OPT_SORT_KEYS) != orjson.dumps(new, option=orjson.OPT_SORT_KEYS)


def _events_of(before: RowMapping, new: Mapping[str, Any]) -> list[tuple[str, dict[str, object]]]:
    events: list[tuple[str, dict[str, object]]] = []
    for name, value in new.items():
        if name == "stage":
            events.append(("stage.changed", {"from": before["stage"], "to": value}))
        elif name == "tags":
            events += [("tag.added", {"tag": tag}) for tag in value if tag not in before["tags"]]
            events += [("tag.removed", {"tag": tag}) for tag in before["tags"] if tag not in value]
        elif name == "fields":
            old = before["fields"]
            events += [
                ("field.changed", {"field": field, "from": old.get(field), "to": value.get(field)})
                for field in sorted({*old, *value})
                if _differ(old.get(field), value.get(field))
            ]
        else:
            events.append(("field.changed", {"field": name, "from": before[name], "to": value}))
    return events
