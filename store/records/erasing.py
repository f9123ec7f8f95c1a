"""Erasing contacts and deals: every row about them goes, and their follow-ups are told."""

from collections.abc import Collection

from sqlalchemy import Connection

from conditions.causes import Cause
from conditions.fields import CONTACT, DEAL
from conditions.times import Micros
from runtime.statuses import OPEN
from store.bulk import Bulk
from store.leftovers import Leftover, hand_on, leave
from store.records.merging import ABOUT_DEAL, TASK_OF_DEAL
from store.scoring.folds import begin_anew
from store.scoring.ledgers import fold_anew


def erase_contact(connection: Connection, contact_id: int, shard: int) -> list[int]:
    """Delete a contact, those merged into it, its deals, and everything recorded about them. The shard is locked.

    It is gone then for whoever asks; what there is much of is deleted by later batches. The ids that were its own.
    """
    bulk = Bulk(connection)
    family = [contact_id]
    family += [row[0] for row in bulk.rows("SELECT id FROM contacts WHERE merged_into = ?", contact_id)]
    deals = [row[0] for row in bulk.rows("SELECT id FROM deals WHERE contact_id = ?", contact_id)]
    enrollments = bulk.rows(
        "SELECT id, workflow_id, status FROM enrollments WHERE contact_id = ?", contact_id
    )
    _forget_enrollments(bulk, enrollments, shard)
    for name in ("tasks", "notifications", "webhooks"):
        bulk.run(f"DELETE FROM {name} WHERE contact_id = ?", contact_id)
    begin_anew(connection, family)
    _forget_scores(bulk, "contact", family)
    hand_on(connection, contact_id, None, shard)
    _forget_deals(connection, deals, contact_id, shard)
    for member in family:
        leave(connection, Leftover(CONTACT, member, member, None, shard))
    bulk.run("DELETE FROM contacts WHERE id = ? OR merged_into = ?", contact_id, contact_id)
    return family


def erase_deal(connection: Connection, deal_id: int, contact_id: int, shard: int, now: Micros) -> None:
    """Delete a deal and everything recorded about it. The shard is locked.

    Events that a sender named it in stay its contact's; those that its own changes emitted go, so that the contact's
    scores are folded anew.
    """
    bulk = Bulk(connection)
    enrollments = bulk.rows(
        f"SELECT id, workflow_id, status FROM enrollments WHERE deal_id = ? AND {ABOUT_DEAL}", deal_id
    )
    bulk.run(f"DELETE FROM tasks WHERE deal_id = ? AND {TASK_OF_DEAL}", deal_id)
    for name in ("notifications", "webhooks"):
        test, parameter = bulk.among("enrollment_id", [row[0] for row in enrollments])
        bulk.run(f"DELETE FROM {name} WHERE {test}", parameter)
    _forget_enrollments(bulk, enrollments, shard)
    begin_anew(connection, [contact_id])
    _forget_deals(connection, [deal_id], contact_id, shard)
    fold_anew(connection, "contact", contact_id, shard, Cause.REVOKE, now)


def _forget_deals(connection: Connection, deals: Collection[int], contact_id: int, shard: int) -> None:
    """Delete deals of a contact and their scores; what else names them forgets them."""
    if not deals:
        return
    bulk = Bulk(connection)
    _forget_scores(bulk, "deal", deals)
    for deal_id in deals:
        leave(connection, Leftover(DEAL, deal_id, contact_id, None, shard))
    test, parameter = bulk.among("deal_id", deals)
    for name in ("enrollments", "skips", "tasks", "notifications", "webhooks"):
        bulk.run(f"UPDATE {name} SET deal_id = NULL WHERE {test}", parameter)
    test, parameter = bulk.among("id", deals)
    bulk.run(f"DELETE FROM deals WHERE {test}", parameter)


def _forget_enrollments(bulk: Bulk, enrollments: Collection[tuple[str, str | None, str]], shard: int) -> None:
    """Delete enrollments with their outcomes; workflows that may run are noted as to be told."""
    ids = [row[0] for row in enrollments]
    if not ids:
        return
    bulk.each(
        "INSERT INTO cancellations (workflow_id, shard) VALUES (?, ?) ON CONFLICT DO NOTHING",
        [
            (workflow_id, shard)
            for _, workflow_id, status in enrollments
            if status in OPEN and workflow_id is not None
        ],
    )
    test, parameter = bulk.among("enrollment_id", ids)
    for name in ("outcomes", "waits"):
        bulk.run(f"DELETE FROM {name} WHERE {test}", parameter)
    test, parameter = bulk.among("id", ids)
    bulk.run(f"DELETE FROM enrollments WHERE {test}", parameter)


def _forget_scores(bulk: Bulk, kind: str, ids: Collection[int]) -> None:
    test, parameter = bulk.among("record_id", ids)
    for name in ("scores", "adjustments"):
        bulk.run(
            f"DELETE FROM {name} WHERE {test} AND profile_id IN "
            "(SELECT id FROM profiles WHERE applies_to = ?)",
            parameter,
            kind,
        )
