"""Deals: read and change. Every change emits its internal events and marks the deal for re-scoring."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, select
from uuid_utils import uuid7

from conditions.fields import LOST, WON
from conditions.times import Micros
from store.bulk import Bulk
from store.database import dump_json
from store.intake.internal_events import InternalEvent, add_internal_events
from store.records.contacts import differ, field_changes, held_before, tag_changes
from store.scoring.facts import plain_number
from store.scoring.folds import begin_anew
from store.search import SEARCH_OF_DEAL, deal_search
from store.tables import Deal, table

DEALS = table(Deal)

#: What callers may set, besides the contact.
WRITABLE = ("name", "pipeline", "stage", "status", "value", "currency", "owner", "tags", "fields")
_JSON = frozenset(("tags", "fields", "before_touch"))
_CHANGED = (*WRITABLE, *SEARCH_OF_DEAL, "updated_at", "touched", "before_touch")
_CLOSED = {WON: "deal.won", LOST: "deal.lost"}


def deal_by_key(connection: Connection, key: str) -> RowMapping | None:
    return connection.execute(select(DEALS).where(DEALS.c.key == key)).mappings().one_or_none()


def deal_by_id(connection: Connection, deal_id: int) -> RowMapping | None:
    return connection.execute(select(DEALS).where(DEALS.c.id == deal_id)).mappings().one_or_none()


def load_deals(connection: Connection, ids: Collection[int]) -> dict[int, dict[str, Any]]:
    """Deals by id."""
    return {row["id"]: dict(row) for row in deals_by_id(connection, ids)}


def deals_by_id(connection: Connection, ids: Collection[int]) -> list[RowMapping]:
    """The deals that are there, by id."""
    query = select(DEALS).where(DEALS.c.id.in_(ids))
    return list(connection.execute(query.order_by(DEALS.c.id)).mappings())


def deal_keys(connection: Connection, ids: Collection[int]) -> dict[int, str]:
    """Keys by id."""
    bulk = Bulk(connection)
    test, parameter = bulk.among("id", ids)
    return {row[0]: row[1] for row in bulk.rows(f"SELECT id, key FROM deals WHERE {test}", parameter)}


def deals_by_key(connection: Connection, keys: Collection[str]) -> dict[str, dict[str, Any]]:
    """The deals that exist, by key."""
    rows = connection.execute(select(DEALS).where(DEALS.c.key.in_(list(keys)))).mappings()
    return {row["key"]: {**row, "value": plain_number(row["value"])} for row in rows}


def change_deal(
    connection: Connection,
    before: RowMapping | Mapping[str, Any],
    values: Mapping[str, Any],
    now: Micros,
    *,
    depth: int = 0,
    brought_by: str | None = None,
) -> bool:
    """Set fields of a deal and emit `deal.stage_changed`, `deal.won`, `deal.lost`, `tag.added`, `tag.removed` and
    `field.changed`.

    `field.changed` names the field as conditions do, `deal.value`, since the event counts for the contact too.
    Nothing is written when nothing differs. Returns whether something did. `depth`: of the step that did it,
    and `brought_by` what started its follow-up.
    """
    values = {**values, "value": plain_number(values["value"])} if "value" in values else values
    new = {name: value for name, value in values.items() if _differs(name, before[name], value)}
    if new:
        change_deals(connection, [(dict(before), new)], now, depth=depth, brought_by=brought_by)
    return bool(new)


def change_deals(
    connection: Connection,
    changes: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]],
    now: Micros,
    *,
    depth: int = 0,
    emits: bool = True,
    brought_by: str | None = None,
) -> None:
    """The same for many: each deal as it is, all its columns, and its fields that become others.

    `emits` false: no events, since what is written is restored.
    """
    rows = []
    events: list[InternalEvent] = []
    for before, new in changes:
        after = {
            **before,
            **new,
            "updated_at": now,
            "touched": max(before["touched"], depth + 1),
            "before_touch": held_before(dict(before), new),
        }
        if "name" in new:
            after |= deal_search(before["key"], after["name"])._asdict()
        rows.append(
            (*(dump_json(after[name]) if name in _JSON else after[name] for name in _CHANGED), after["id"])
        )
        events += [
            InternalEvent(
                f"{name}/{uuid7()}", name, before["contact_id"], before["id"], before["shard"], properties
            )
            for name, properties in _events_of(before, new)
        ]
    assignments = ", ".join(f"{name} = ?" for name in _CHANGED)
    Bulk(connection).each(f"UPDATE deals SET {assignments} WHERE id = ?", rows)
    begin_anew(connection, list({before["contact_id"] for before, _ in changes}), only_reading=True)
    if emits:
        add_internal_events(connection, events, now, depth=depth, brought_by=brought_by)


def _differs(name: str, old: Any, new: Any) -> bool:
    return bool(old != new) if name == "value" else differ(old, new)


def _events_of(before: Mapping[str, Any], new: Mapping[str, Any]) -> list[tuple[str, dict[str, object]]]:
    events: list[tuple[str, dict[str, object]]] = []
    for name, value in new.items():
        old = plain_number(before[name]) if name == "value" else before[name]
        change = {"from": old, "to": value}
        if name == "stage":
            events.append(("deal.stage_changed", change))
        elif name == "status" and value in _CLOSED:
            events.append((_CLOSED[value], {"from": before[name]}))
        elif name == "tags":
            events += tag_changes(before["tags"], value)
        elif name == "fields":
            events += field_changes(before["fields"], value, "deal.")
        else:
            events.append(("field.changed", {"field": f"deal.{name}", **change}))
    return events
