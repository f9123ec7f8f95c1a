"""Rows of contacts and deals that are gone already: they are moved or deleted in slices.

That a contact is merged or erased is so at once, in one short transaction. What has many rows (events, entries,
changes, skips) goes on from there: the batches of a shard work it off. The scores of whoever is concerned wait.
"""

from typing import NamedTuple

from sqlalchemy import Connection

from conditions.fields import CONTACT, DEAL
from store.bulk import Bulk

#: How many rows are moved or deleted in one transaction.
SLICE = 1_000

#: A test that a row is of a contact that is erased.
OF_ERASED = f"contact_id IN (SELECT record_id FROM leftovers WHERE kind = '{CONTACT}' AND into_id IS NULL)"
#: The id of the change that revoking an event makes: this and the event's id, which holds no "/".
REVOKE = "revoke/"


class Leftover(NamedTuple):
    """Rows of the contact or deal `record_id`. `into_id`: the contact whose they become; None: they are deleted.

    `from_id`: the contact that has, or had, the record. An erased deal's events stay its contact's.
    """

    kind: str
    record_id: int
    from_id: int
    into_id: int | None
    shard: int

    @property
    def waiting(self) -> set[int]:
        """The contacts that have to wait."""
        return {self.from_id, *(() if self.into_id is None else (self.into_id,))}


def leave(connection: Connection, leftover: Leftover) -> None:
    """Move or delete as much as one transaction should, and leave the rest to the batches of the shard.

    The shard is locked.
    """
    Bulk(connection).run(
        "INSERT INTO leftovers (kind, record_id, from_id, into_id, shard) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (kind, record_id) DO UPDATE SET from_id = excluded.from_id, into_id = excluded.into_id, "
        "shard = excluded.shard",
        *leftover,
    )
    work_off(connection, leftover)


def hand_on(connection: Connection, contact_id: int, into_id: int | None, shard: int) -> None:
    """What was to become a contact's becomes another's, or is deleted: that contact is merged or erased itself."""
    bulk = Bulk(connection)
    bulk.run(
        "UPDATE leftovers SET into_id = ?, shard = ? WHERE into_id = ?",
        into_id,
        shard,
        contact_id,
    )
    if into_id is not None:
        bulk.run(
            "UPDATE leftovers SET from_id = ?, shard = ? WHERE from_id = ? AND kind = ?",
            into_id,
            shard,
            contact_id,
            DEAL,
        )


def all_leftovers(connection: Connection) -> list[Leftover]:
    """Of all shards; there are few at any time, and mostly none."""
    return [
        Leftover(*row)
        for row in Bulk(connection).rows(
            "SELECT kind, record_id, from_id, into_id, shard FROM leftovers ORDER BY kind DESC, record_id"
        )
    ]


def becoming(connection: Connection, contact_id: int) -> list[int]:
    """The contacts whose events are about to become this one's."""
    return [
        row[0]
        for row in Bulk(connection).rows(
            "SELECT record_id FROM leftovers WHERE into_id = ? AND kind = ?", contact_id, CONTACT
        )
    ]


def make_room(connection: Connection, event_ids: list[str]) -> None:
    """Delete those of the events that are an erased contact's, with what came of them: their ids are not taken."""
    bulk = Bulk(connection)
    if not bulk.rows("SELECT 1 FROM leftovers WHERE into_id IS NULL LIMIT 1"):
        return
    test, parameter = bulk.among("id", event_ids)
    gone = [row[0] for row in bulk.rows(f"SELECT id FROM events WHERE {test} AND {OF_ERASED}", parameter)]
    if not gone:
        return
    test, parameter = bulk.among("cause_id", [*gone, *(f"{REVOKE}{event_id}" for event_id in gone)])
    bulk.run(f"DELETE FROM changes WHERE profile_id IN (SELECT id FROM profiles) AND {test}", parameter)
    bulk.run(f"DELETE FROM skips WHERE {OF_ERASED}")
    test, parameter = bulk.among("id", gone)
    bulk.run(f"DELETE FROM events WHERE {test}", parameter)


def work_off(connection: Connection, leftover: Leftover) -> None:
    """Move or delete the next slice; what is through is forgotten. The shard is locked."""
    bulk = Bulk(connection)
    works = {CONTACT: _works_of_contact, DEAL: _works_of_deal}[leftover.kind](leftover)
    left = SLICE
    for work in works:
        some = f"({work.keys}) IN (SELECT {work.keys} FROM {work.table} WHERE {work.test} LIMIT ?)"
        left -= bulk.run(f"{work.change} WHERE {some}", *work.parameters, left)
        if left <= 0:
            return
    bulk.run("DELETE FROM leftovers WHERE kind = ? AND record_id = ?", leftover.kind, leftover.record_id)


class _Work(NamedTuple):
    """What is done to rows of a table: `change` to those for which `test` holds; `keys` are its key columns.

    `parameters`: of both.
    """

    change: str
    keys: str
    table: str
    test: str
    parameters: tuple[int | str, ...]


def _works_of_contact(leftover: Leftover) -> list[_Work]:
    old, new = leftover.record_id, leftover.into_id
    test = "contact_id = ?"
    if new is None:
        return [  # events last: as long as one is there, what came of it is found by it
            _Work("DELETE FROM skips", "automation_id, origin", "skips", test, (old,)),
            *_points(CONTACT, old, "entries", "changes"),
            _Work("DELETE FROM events", "id", "events", test, (old,)),
        ]
    shard = leftover.shard
    return [
        _Work("UPDATE events SET contact_id = ?, shard = ?", "id", "events", test, (new, shard, old)),
        _Work("UPDATE skips SET contact_id = ?", "automation_id, origin", "skips", test, (new, old)),
        *_points(CONTACT, old, "entries"),
    ]


def _works_of_deal(leftover: Leftover) -> list[_Work]:
    deal = leftover.record_id
    return [
        # What its own changes emitted goes; what senders named it in stays its contact's.
        _Work("DELETE FROM events", "id", "events", "deal_id = ? AND id LIKE ?", (deal, "%/%")),
        _Work("UPDATE events SET deal_id = NULL", "id", "events", "deal_id = ?", (deal,)),
        *_points(DEAL, deal, "entries", "changes"),
    ]


def _points(kind: str, record_id: int, *names: str) -> list[_Work]:
    """Deleting what a record has under the profiles of its kind."""
    test = f"record_id = ? AND profile_id IN (SELECT id FROM profiles WHERE applies_to = '{kind}')"
    keys = {
        "entries": "profile_id, record_id, starts_at, cause_id, rule",
        "changes": "profile_id, record_id, seq",
    }
    return [_Work(f"DELETE FROM {name}", keys[name], name, test, (record_id,)) for name in names]
