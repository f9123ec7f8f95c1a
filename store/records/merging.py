"""Merging contacts: everything of one becomes the other's; moving a deal to another contact."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, RowMapping, update

from conditions.causes import Cause
from conditions.fields import CONTACT, CONTACT_TEXTS
from conditions.times import Micros
from store.bulk import Bulk
from store.leftovers import Leftover, hand_on, leave
from store.records.contacts import CONTACTS
from store.scoring.folds import begin_anew
from store.scoring.ledgers import fold_anew
from store.search import NEVER_FOUND, contact_search
from store.statuses import CANCELLED, OPEN_LITERALS

#: Of enrollments that name a deal: it is the deal that is enrolled.
ABOUT_DEAL = "(profile_id IS NULL OR profile_id IN (SELECT id FROM profiles WHERE applies_to = 'deal'))"
#: Of tasks that name a deal: it was created by hand, or by a follow-up of the deal.
TASK_OF_DEAL = (
    "(enrollment_id IS NULL OR enrollment_id IN "
    f"(SELECT e.id FROM enrollments e WHERE e.deal_id = tasks.deal_id AND {ABOUT_DEAL}))"
)
_OPEN = (
    f"status IN {OPEN_LITERALS} AND (deal_id IS NULL OR profile_id IN "
    "(SELECT id FROM profiles WHERE applies_to = 'contact'))"
)


def merge_contacts(
    connection: Connection, loser: RowMapping, survivor: RowMapping, values: Mapping[str, Any], now: Micros
) -> None:
    """Give everything of `loser` to `survivor`, set `values` there, and leave the loser's key as an alias.

    Both shards are locked. Scores of contacts are folded anew by the next batch, with the cause `merge`, once the last
    event has moved, which many do in later batches. Follow-ups of automations that run for the survivor too end.
    """
    bulk = Bulk(connection)
    old, new, shard = loser["id"], survivor["id"], survivor["shard"]
    deals = [row[0] for row in bulk.rows("SELECT id FROM deals WHERE contact_id = ?", old)]
    _end_doubles(bulk, old, new, now)
    begin_anew(connection, [old, new])
    bulk.run("UPDATE enrollments SET contact_id = ?, shard = ? WHERE contact_id = ?", new, shard, old)
    for name in ("notifications", "webhooks"):
        bulk.run(f"UPDATE {name} SET contact_id = ? WHERE contact_id = ?", new, old)
    bulk.run("UPDATE tasks SET contact_id = ?, shard = ? WHERE contact_id = ?", new, shard, old)
    bulk.run("UPDATE deals SET contact_id = ? WHERE contact_id = ?", new, old)
    _move_deals(bulk, deals, shard)
    bulk.run(
        "UPDATE adjustments SET record_id = ?, shard = ? WHERE record_id = ? AND profile_id IN "
        "(SELECT id FROM profiles WHERE applies_to = 'contact')",
        new,
        shard,
        old,
    )
    test = "profile_id IN (SELECT id FROM profiles WHERE applies_to = 'contact')"
    bulk.run(f"DELETE FROM scores WHERE record_id = ? AND {test}", old)
    hand_on(connection, old, new, shard)
    leave(connection, Leftover(CONTACT, old, old, new, shard))
    fold_anew(connection, "contact", new, shard, Cause.MERGE, now)
    connection.execute(
        update(CONTACTS).where(CONTACTS.c.merged_into == old).values(merged_into=new, shard=shard)
    )
    connection.execute(
        update(CONTACTS)
        .where(CONTACTS.c.id == old)
        .values(
            **dict.fromkeys(CONTACT_TEXTS),
            tags=[],
            dnd=[],
            fields={},
            merged_into=new,
            **NEVER_FOUND._asdict(),
            shard=shard,
            touched=0,
            updated_at=now,
        )
    )
    touched = max(survivor["touched"], loser["touched"], 1)
    texts = (values.get(name, survivor[name]) for name in ("name", "email"))
    search_columns = contact_search(survivor["key"], *texts)
    connection.execute(
        update(CONTACTS)
        .where(CONTACTS.c.id == new)
        .values(**values, **search_columns._asdict(), touched=touched, updated_at=now)
    )


def move_deal(connection: Connection, deal: Mapping[str, Any], contact: RowMapping, now: Micros) -> None:
    """Give a deal to another contact, with all that has named it: its events are those of the deal's contact.

    Both shards are locked. The scores of the deal and of both contacts are folded anew by the next batch.
    """
    bulk = Bulk(connection)
    deal_id, old, new, shard = deal["id"], deal["contact_id"], contact["id"], contact["shard"]
    bulk.run("UPDATE deals SET contact_id = ?, updated_at = ? WHERE id = ?", new, now, deal_id)
    bulk.run("UPDATE events SET contact_id = ?, shard = ? WHERE deal_id = ?", new, shard, deal_id)
    for name in ("notifications", "webhooks"):
        bulk.run(
            f"UPDATE {name} SET contact_id = ? WHERE enrollment_id IN "
            f"(SELECT id FROM enrollments WHERE deal_id = ? AND {ABOUT_DEAL})",
            new,
            deal_id,
        )
    bulk.run(
        f"UPDATE enrollments SET contact_id = ?, shard = ? WHERE deal_id = ? AND {ABOUT_DEAL}",
        new,
        shard,
        deal_id,
    )
    bulk.run(
        f"UPDATE tasks SET contact_id = ?, shard = ? WHERE deal_id = ? AND {TASK_OF_DEAL}",
        new,
        shard,
        deal_id,
    )
    _move_deals(bulk, [deal_id], shard)
    begin_anew(connection, [old, new])
    fold_anew(connection, "deal", deal_id, shard, Cause.ATTRIBUTE, now)
    fold_anew(connection, "contact", old, deal["shard"], Cause.ATTRIBUTE, now)
    fold_anew(connection, "contact", new, shard, Cause.ATTRIBUTE, now)


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
        f"UPDATE enrollments SET status = {CANCELLED}, closing = (1 = 1), finished_at = ?, "
        "last_error = 'merged into a contact for which this automation runs already' "
        f"WHERE contact_id = ? AND {_OPEN} AND automation_id IN "
        f"(SELECT automation_id FROM enrollments WHERE contact_id = ? AND {_OPEN})",
        now,
        old,
        new,
    )
