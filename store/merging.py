"""Merging contacts: everything of one becomes the other's; moving a deal to another contact."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, RowMapping, update

from conditions.times import Micros
from store.bulk import Bulk
from store.contacts import CONTACTS
from store.scoring import begin_stale, fold_anew

_OPEN = (
    "status IN ('queued', 'running') AND (deal_id IS NULL OR profile_id IN "
    "(SELECT id FROM profiles WHERE applies_to = 'contact'))"
)


def merge_contacts(
    connection: Connection, loser: RowMapping, survivor: RowMapping, values: Mapping[str, Any], now: Micros
) -> None:
    """Give everything of `loser` to `survivor`, set `values` there, and leave the loser's key as an alias.

    Both shards are locked. Scores of contacts are folded anew by the next batch, with the cause `merge`. Follow-ups
    of automations that run for the survivor too end.
    """
    bulk = Bulk(connection)
    old, new, shard = loser["id"], survivor["id"], survivor["shard"]
    deals = [row[0] for row in bulk.rows("SELECT id FROM deals WHERE contact_id = ?", old)]
    _end_doubles(bulk, old, new, now)
    for name in ("events", "enrollments"):
        bulk.run(f"UPDATE {name} SET contact_id = ?, shard = ? WHERE contact_id = ?", new, shard, old)
    for name in ("skips", "tasks", "notifications"):
        bulk.run(f"UPDATE {name} SET contact_id = ? WHERE contact_id = ?", new, old)
    bulk.run("UPDATE deals SET contact_id = ? WHERE contact_id = ?", new, old)
    _move_deals(bulk, deals, shard)
    bulk.run(
        "UPDATE adjustments SET record_id = ?, shard = ? WHERE record_id = ? AND profile_id IN "
        "(SELECT id FROM profiles WHERE applies_to = 'contact')",
        new,
        shard,
        old,
    )
    _fold_anew(connection, old, new, shard, now)
    connection.execute(
        update(CONTACTS).where(CONTACTS.c.merged_into == old).values(merged_into=new, shard=shard)
    )
    connection.execute(
        update(CONTACTS)
        .where(CONTACTS.c.id == old)
        .values(
            **dict.fromkeys(("name", "email", "phone", "stage", "owner")),
            tags=[],
            dnd=[],
            fields={},
            merged_into=new,
            shard=shard,
            touched=0,
            updated_at=now,
        )
    )
    created_at = min(loser["created_at"], survivor["created_at"])
    touched = max(survivor["touched"], loser["touched"], 1)
    connection.execute(
        update(CONTACTS)
        .where(CONTACTS.c.id == new)
        .values(**values, created_at=created_at, touched=touched, updated_at=now)
    )


def move_deal(connection: Connection, deal: RowMapping, contact: RowMapping, now: Micros) -> None:
    """Give a deal, with what is pending of it, to another contact. What it has done stays the old contact's.

    Both shards are locked.
    """
    bulk = Bulk(connection)
    bulk.run(
        "UPDATE deals SET contact_id = ?, touched = 1, updated_at = ? WHERE id = ?",
        contact["id"],
        now,
        deal["id"],
    )
    bulk.run(
        "UPDATE events SET contact_id = ?, shard = ? WHERE deal_id = ? AND status = 0",
        contact["id"],
        contact["shard"],
        deal["id"],
    )
    bulk.run(
        "UPDATE enrollments SET contact_id = ?, shard = ? WHERE deal_id = ? AND (profile_id IS NULL "
        "OR profile_id IN (SELECT id FROM profiles WHERE applies_to = 'deal'))",
        contact["id"],
        contact["shard"],
        deal["id"],
    )
    _move_deals(bulk, [deal["id"]], contact["shard"])


def _move_deals(bulk: Bulk, deals: list[int], shard: int) -> None:
    """Move deals, their scores and their adjustments to a shard."""
    if not deals:
        return
    test, parameter = bulk.among("id", deals)
    bulk.run(f"UPDATE deals SET shard = ?, touched = 1 WHERE {test}", shard, parameter)
    test, parameter = bulk.among("record_id", deals)
    for name in ("scores", "adjustments"):
        bulk.run(
            f"UPDATE {name} SET shard = ? WHERE {test} AND profile_id IN "
            "(SELECT id FROM profiles WHERE applies_to = 'deal')",
            shard,
            parameter,
        )


def _end_doubles(bulk: Bulk, old: int, new: int, now: Micros) -> None:
    """End the loser's own follow-ups of automations that run for the survivor too."""
    bulk.run(
        "UPDATE enrollments SET status = 'cancelled', closing = (1 = 1), finished_at = ?, "
        "last_error = 'merged into a contact for which this automation runs already' "
        f"WHERE contact_id = ? AND {_OPEN} AND automation_id IN "
        f"(SELECT automation_id FROM enrollments WHERE contact_id = ? AND {_OPEN})",
        now,
        old,
        new,
    )


def _fold_anew(connection: Connection, old: int, new: int, shard: int, now: Micros) -> None:
    """Mark the survivor's scores as to be folded anew, due at once; the loser's go."""
    bulk = Bulk(connection)
    kept = {row[0] for row in bulk.rows("SELECT profile_id FROM scores WHERE record_id = ?", new)}
    fold_anew(connection, "contact", new, "merge", now)
    found = bulk.rows(
        "SELECT s.profile_id, p.version FROM scores s JOIN profiles p ON p.id = s.profile_id "
        "WHERE s.record_id = ? AND p.applies_to = 'contact'",
        old,
    )
    for profile_id, published in found:
        if published is not None and profile_id not in kept:
            begin_stale(connection, profile_id, new, shard, published, "merge", now)
        for name in ("entries", "scores"):
            bulk.run(f"DELETE FROM {name} WHERE profile_id = ? AND record_id = ?", profile_id, old)
