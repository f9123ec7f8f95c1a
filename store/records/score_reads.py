"""Scores as people read them: present values, the ledger behind one, and its changes."""

from collections.abc import Collection, Iterable
from typing import Any

import orjson
from sqlalchemy import Connection, RowMapping, Table, and_, select, tuple_

from conditions.times import Micros
from scoring.entries import Adjustment, Entry, Event
from scoring.progress import Stored
from scoring.standing import Standing
from store.bulk import Bulk
from store.database import A_FEW
from store.scoring import histories
from store.tables import Adjustment as AdjustmentRow
from store.tables import Change, Contact, Profile, ProfileVersion, Score, table
from store.tables import Event as EventRow

CHANGES = table(Change)
_ADJUSTMENTS = table(AdjustmentRow)
_CONTACTS = table(Contact)
_EVENTS = table(EventRow)
_PROFILES = table(Profile)
_SCORES = table(Score)
_VERSIONS = table(ProfileVersion)


def scores_of(connection: Connection, kind: str, record_id: int) -> list[RowMapping]:
    """One row per published profile: `profile` key, the published `definition`, and `score`, `changed_at`, `due_at`.

    The last three are null where the record has no score, or only one from before the profile was unpublished.
    """
    score = and_(
        _SCORES.c.profile_id == _PROFILES.c.id,
        _SCORES.c.record_id == record_id,
        _SCORES.c.version > _PROFILES.c.emptied,
    )
    published = and_(_VERSIONS.c.profile_id == _PROFILES.c.id, _VERSIONS.c.version == _PROFILES.c.version)
    query = (
        select(
            _PROFILES.c.id,
            _PROFILES.c.key.label("profile"),
            _PROFILES.c.version,
            _PROFILES.c.applies_to,
            _VERSIONS.c.definition,
            _SCORES.c.score,
            _SCORES.c.changed_at,
            _SCORES.c.due_at,
        )
        .join(_VERSIONS, published)
        .outerjoin(_SCORES, score)
        .where(_PROFILES.c.archived.is_(False), _PROFILES.c.applies_to == kind)
        .order_by(_PROFILES.c.key)
    )
    return list(connection.execute(query).mappings())


def stored_score(connection: Connection, profile_id: int, record_id: int) -> RowMapping | None:
    return (
        connection.execute(
            select(_SCORES).where(_SCORES.c.profile_id == profile_id, _SCORES.c.record_id == record_id)
        )
        .mappings()
        .one_or_none()
    )


def as_stored(row: RowMapping) -> Stored:
    """A row of scores as the ledger's kept state."""
    standing = Standing.from_json(orjson.loads(row["standing"]))
    return Stored(row["version"], row["score"], standing, row["scored_at"], row["due_at"], row["seq"])


def entries_of(connection: Connection, profile_id: int, record_id: int) -> list[Entry]:
    """Every entry of one ledger, live or not."""
    return [
        Entry(*row)
        for row in Bulk(connection).rows(
            "SELECT rule, cause_id, points, starts_at, ends_at, limit_window FROM entries "
            "WHERE profile_id = ? AND record_id = ? ORDER BY starts_at, cause_id, rule",
            profile_id,
            record_id,
        )
    ]


def entries_page(
    connection: Connection,
    profile_id: int,
    record_id: int,
    rule: str | None,
    after: tuple[int, str, str] | None,
    limit: int,
) -> list[Entry]:
    """Entries of one ledger, the newest by (start, cause, rule) first, those after that key; of one rule or all."""
    tests = ""
    parameters: list[int | str] = [profile_id, record_id]
    if rule is not None:
        tests += " AND rule = ?"
        parameters.append(rule)
    if after is not None:
        tests += " AND (starts_at, cause_id, rule) < (?, ?, ?)"
        parameters += after
    return [
        Entry(*row)
        for row in Bulk(connection).rows(
            "SELECT rule, cause_id, points, starts_at, ends_at, limit_window FROM entries WHERE profile_id = ? "
            f"AND record_id = ?{tests} ORDER BY starts_at DESC, cause_id DESC, rule DESC LIMIT ?",
            *parameters,
            limit,
        )
    ]


def history_of(
    connection: Connection, kind: str, profile_id: int, record_id: int
) -> tuple[list[Event], list[Adjustment]]:
    """What counts of the record's events, and its applied adjustments."""
    events = histories.load_applied_events(connection, kind, [record_id]).get(record_id, [])
    adjustments = histories.load_applied_adjustments(connection, profile_id, [record_id]).get(record_id, [])
    return events, adjustments


def changes_of(
    connection: Connection,
    profile_id: int,
    record_id: int,
    before: int | None,
    limit: int,
    *,
    until: Micros | None = None,
) -> list[RowMapping]:
    """Changes of one score, the newest first, those before the number `before`, and up to a moment."""
    query = select(CHANGES).where(CHANGES.c.profile_id == profile_id, CHANGES.c.record_id == record_id)
    if before is not None:
        query = query.where(CHANGES.c.seq < before)
    if until is not None:
        query = query.where(CHANGES.c.at <= until)
    return list(connection.execute(query.order_by(CHANGES.c.seq.desc()).limit(limit)).mappings())


def shown_at(connection: Connection, profile_id: int, record_id: int, at: Micros) -> RowMapping | None:
    """The last change of a score up to a moment: what was shown then; None where there was none before it."""
    query = select(CHANGES).where(
        CHANGES.c.profile_id == profile_id, CHANGES.c.record_id == record_id, CHANGES.c.at <= at
    )
    return connection.execute(query.order_by(CHANGES.c.seq.desc()).limit(1)).mappings().one_or_none()


def field_changes_since(
    connection: Connection, contact_ids: Collection[int], at: Micros
) -> dict[int, list[tuple[Micros, str, int | None, dict[str, Any]]]]:
    """(moment, type, deal, properties) of events that changes of contacts and their deals emitted since, the first ones
    first, by contact.
    """
    bulk = Bulk(connection)
    test, parameter = bulk.among("contact_id", contact_ids)
    changes: dict[int, list[tuple[Micros, str, int | None, dict[str, Any]]]] = {}
    for row in bulk.rows(
        "SELECT contact_id, occurred_at, type, deal_id, properties FROM events "
        f"WHERE {test} AND occurred_at > ? AND id LIKE ? ORDER BY contact_id, occurred_at, id",
        parameter,
        at,
        "%/%",
    ):
        changes.setdefault(row[0], []).append((row[1], row[2], row[3], orjson.loads(row[4])))
    return changes


def merged_since(connection: Connection, contact_id: int, at: Micros) -> bool:
    """Whether another contact has been merged into this one after a moment."""
    query = select(_CONTACTS.c.id).where(_CONTACTS.c.merged_into == contact_id, _CONTACTS.c.updated_at > at)
    return connection.execute(query.limit(1)).first() is not None


def changes_after(
    connection: Connection,
    *,
    profile_ids: Collection[int],
    record_id: int | None,
    since: Micros,
    after: tuple[int, int, int],
    limit: int,
) -> Iterable[RowMapping]:
    """Changes of scores, with the `profile` and what it `applies_to`, by (profile, record, seq), those after that key.

    Of these profiles, without what was before they were unpublished.
    """
    key = tuple_(CHANGES.c.profile_id, CHANGES.c.record_id, CHANGES.c.seq)
    tests = [CHANGES.c.profile_id.in_(profile_ids), CHANGES.c.version > _PROFILES.c.emptied]
    if record_id is not None:
        tests.append(CHANGES.c.record_id == record_id)
    if since:
        tests.append(CHANGES.c.at >= since)
    query = (
        select(CHANGES, _PROFILES.c.key.label("profile"), _PROFILES.c.applies_to)
        .join(_PROFILES, _PROFILES.c.id == CHANGES.c.profile_id)
        .where(key > after, *tests)
        .order_by(CHANGES.c.profile_id, CHANGES.c.record_id, CHANGES.c.seq)
        .limit(limit)
    )
    return connection.execute(query).yield_per(A_FEW).mappings()


def events_by_id(connection: Connection, ids: Collection[str]) -> dict[str, RowMapping]:
    """Events among these ids, which may be other things' too."""
    return _by_id(connection, _EVENTS, (_EVENTS.c.id, _EVENTS.c.type, _EVENTS.c.occurred_at), ids)


def adjustments_by_id(connection: Connection, ids: Collection[str]) -> dict[str, RowMapping]:
    """Adjustments among these ids."""
    return _by_id(
        connection, _ADJUSTMENTS, (_ADJUSTMENTS.c.id, _ADJUSTMENTS.c.reason, _ADJUSTMENTS.c.author), ids
    )


def _by_id(connection: Connection, of: Table, columns: Any, ids: Collection[str]) -> dict[str, RowMapping]:
    if not ids:
        return {}
    causes = connection.execute(select(*columns).where(of.c.id.in_(list(ids)))).mappings()
    return {row["id"]: row for row in causes}
