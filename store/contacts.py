"""Contacts: read, list, change. Every change emits its internal events and marks the contact for re-scoring."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, and_, func, or_, select, update
from uuid_utils import uuid7

from conditions.times import Micros
from store.intake import add_internal_events
from store.tables import Contact, Profile, Score, table

CONTACTS = table(Contact)
SCORES = table(Score)
PROFILES = table(Profile)

#: What callers may set.
WRITABLE = ("name", "email", "phone", "stage", "owner", "tags", "dnd", "fields")


def contact_by_key(connection: Connection, key: str) -> RowMapping | None:
    return connection.execute(select(CONTACTS).where(CONTACTS.c.key == key)).mappings().one_or_none()


def contact_by_id(connection: Connection, contact_id: int) -> RowMapping | None:
    return connection.execute(select(CONTACTS).where(CONTACTS.c.id == contact_id)).mappings().one_or_none()


def contact_keys(connection: Connection, ids: Sequence[int]) -> dict[int, str]:
    """Keys by id."""
    rows = connection.execute(select(CONTACTS.c.id, CONTACTS.c.key).where(CONTACTS.c.id.in_(ids)))
    return {row[0]: row[1] for row in rows}


def change_contact(
    connection: Connection, before: RowMapping, values: Mapping[str, Any], now: Micros, *, depth: int = 0
) -> bool:
    """Set fields of a contact and emit `stage.changed`, `tag.added`, `tag.removed`, `field.changed`.

    Nothing is written when nothing differs. Returns whether something did. `depth`: of the step that did it.
    """
    new = {name: value for name, value in values.items() if before[name] != value}
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
                if old.get(field) != value.get(field)
            ]
        else:
            events.append(("field.changed", {"field": name, "from": before[name], "to": value}))
    return events


def list_contacts(
    connection: Connection,
    *,
    profile_id: int | None,
    filters: Sequence[Any],
    by_score: str | None,
    after: tuple[Any, ...] | None,
    limit: int,
) -> list[RowMapping]:
    """Contacts, with `score` when a profile is given.

    `by_score`: None orders by id; `desc` and `asc` order by score with empty scores last. `after` is the key of the
    last row seen: (id,) or (score, id). Pages by key, so rows that move do not shift the others.
    """
    query: Select[Any] = select(CONTACTS)
    if profile_id is not None:
        joined = and_(SCORES.c.record_id == CONTACTS.c.id, SCORES.c.profile_id == profile_id)
        published = (
            select(PROFILES.c.version).where(PROFILES.c.id == profile_id).scalar_subquery().is_not(None)
        )
        score = SCORES.c.score
        query = (
            select(CONTACTS, score.label("score")).outerjoin(SCORES, and_(joined, published)).where(*filters)
        )
        if by_score:
            empty = score.is_(None)
            order = [empty, score.desc() if by_score == "desc" else score.asc(), CONTACTS.c.id]
            if after is not None:
                query = query.where(_after_score(score, by_score, after))
            return list(connection.execute(query.order_by(*order).limit(limit)).mappings())
    else:
        query = query.where(*filters)
    if after is not None:
        query = query.where(CONTACTS.c.id > after[-1])
    return list(connection.execute(query.order_by(CONTACTS.c.id).limit(limit)).mappings())


def _after_score(score: Any, order: str, after: tuple[Any, ...]) -> Any:
    value, last_id = after
    if value is None:
        return and_(score.is_(None), CONTACTS.c.id > last_id)
    beyond = score < value if order == "desc" else score > value
    return or_(beyond, and_(score == value, CONTACTS.c.id > last_id), score.is_(None))


def contact_filters(
    *,
    score_gte: int | None = None,
    score_lte: int | None = None,
    band: tuple[int | None, int | None] | None = None,
    tag: str | None = None,
    stage: str | None = None,
    owner: str | None = None,
    email: str | None = None,
    phone: str | None = None,
    q: str | None = None,
) -> list[Any]:
    """The tests that the list's query parameters ask for. `band`: its lower bound and the next band's."""
    score = SCORES.c.score
    tests: list[Any] = []
    if score_gte is not None:
        tests.append(score >= score_gte)
    if score_lte is not None:
        tests.append(score <= score_lte)
    if band is not None:
        low, high = band
        tests.append(score.is_not(None))
        if low is not None:
            tests.append(score >= low)
        if high is not None:
            tests.append(score < high)
    if tag is not None:
        tests.append(has_tag(tag))
    for column, wanted in (("stage", stage), ("owner", owner), ("email", email), ("phone", phone)):
        if wanted is not None:
            tests.append(CONTACTS.c[column] == wanted)
    if q:
        low_q = q.lower()
        tests.append(
            or_(
                *(
                    func.lower(CONTACTS.c[name]).contains(low_q, autoescape=True)
                    for name in ("key", "name", "email")
                )
            )
        )
    return tests


def has_tag(tag: str) -> Any:
    """Whether the contact carries the tag, on both databases."""
    from conditions.sql import SqlValue
    from conditions.tree import to_sql

    return to_sql({"tags": {"has": tag}}, lambda _: SqlValue.json_list(CONTACTS.c.tags), 0)
