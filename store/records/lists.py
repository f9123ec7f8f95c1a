"""Lists of contacts and deals, paged by key: rows that move do not shift the others."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    Connection,
    RowMapping,
    Select,
    Table,
    and_,
    case,
    false,
    func,
    null,
    select,
    true,
    tuple_,
)

from conditions.activity import Activity, activity_of
from conditions.fields import CONTACT_FIELDS, CONTACT_TEXTS, DEAL, DEAL_FIELDS
from conditions.search import folded_address
from conditions.sql import SqlValue
from conditions.times import Micros
from conditions.tree import to_sql
from store.bulk import Bulk
from store.scoring import activity
from store.search import mentions
from store.tables import Contact, Deal, Score, table

CONTACTS, DEALS, SCORES = table(Contact), table(Deal), table(Score)
_RECORDS: Mapping[str, Table] = {"contact": CONTACTS, "deal": DEALS}
_FIELDS = {CONTACTS: CONTACT_FIELDS, DEALS: DEAL_FIELDS}


class ScoreView(NamedTuple):
    """Whose scores a list shows: those of a profile, of versions above `emptied`; its bands, the lowest first."""

    profile_id: int
    emptied: int
    bands: Sequence[tuple[int | None, str]] = ()


def by_age(
    connection: Connection,
    kind: str,
    view: ScoreView | None,
    tests: list[Any],
    *,
    descending: bool,
    after: int | None,
    limit: int,
) -> list[RowMapping]:
    """Records in the order of their creation, with `score` (null without a view), those after the id `after`."""
    records = _RECORDS[kind]
    if view is None:
        query = select(records, null().label("score"))
    else:
        query = select(records, SCORES.c.score).outerjoin(SCORES, _score_of(records, view))
    column = records.c.id
    if after is not None:
        query = query.where(column < after if descending else column > after)
    order = column.desc() if descending else column
    query = query.where(_exists(records), *tests).order_by(order).limit(limit)
    return list(connection.execute(query).mappings())


def scored(
    connection: Connection,
    kind: str,
    view: ScoreView,
    tests: list[Any],
    *,
    descending: bool,
    after: tuple[int, int] | None,
    limit: int,
) -> list[RowMapping]:
    """Records that have a score, by score and id (both in one direction, that of the index), after (score, id)."""
    records = _RECORDS[kind]
    query = (
        select(records, SCORES.c.score)
        .join(SCORES, SCORES.c.record_id == records.c.id)
        .where(SCORES.c.profile_id == view.profile_id, SCORES.c.score.is_not(None), _exists(records), *tests)
    )
    if view.emptied:
        query = query.where(SCORES.c.version > view.emptied)
    key = tuple_(SCORES.c.score, SCORES.c.record_id)
    if after is not None:
        query = query.where(key < after if descending else key > after)
    columns = (SCORES.c.score, SCORES.c.record_id)
    order = [column.desc() if descending else column.asc() for column in columns]
    return list(connection.execute(query.order_by(*order).limit(limit)).mappings())


def unscored(
    connection: Connection, kind: str, view: ScoreView, tests: list[Any], *, after: int | None, limit: int
) -> list[RowMapping]:
    """Records whose score is empty, by id, those after the id `after`."""
    records = _RECORDS[kind]
    query = (
        select(records, null().label("score"))
        .outerjoin(SCORES, and_(_score_of(records, view), SCORES.c.score.is_not(None)))
        .where(SCORES.c.record_id.is_(None), _exists(records), *tests)
    )
    if after is not None:
        query = query.where(records.c.id > after)
    return list(connection.execute(query.order_by(records.c.id).limit(limit)).mappings())


def names(connection: Connection, kind: str, ids: Collection[int]) -> dict[int, tuple[str, str | None]]:
    """(key, name) by id."""
    records = _RECORDS[kind]
    query = select(records.c.id, records.c.key, records.c.name).where(records.c.id.in_(ids))
    return {row.id: (row.key, row.name) for row in connection.execute(query)}


def count(connection: Connection, kind: str, view: ScoreView | None, tests: list[Any]) -> int:
    """How many records a list has."""
    records = _RECORDS[kind]
    query = select(func.count()).select_from(
        records if view is None else records.outerjoin(SCORES, _score_of(records, view))
    )
    number: int = connection.execute(query.where(_exists(records), *tests)).scalar_one()
    return number


def count_scored(connection: Connection, view: ScoreView) -> int:
    """How many scores there are that are not 0."""
    statement = "SELECT count(*) FROM scores WHERE profile_id = ? AND version > ? AND score <> 0"
    number: int = Bulk(connection).rows(statement, view.profile_id, view.emptied)[0][0]
    return number


def ids(connection: Connection, kind: str, view: ScoreView | None, tests: list[Any]) -> list[int]:
    """The ids of all records that a list has, shard by shard."""
    records = _RECORDS[kind]
    query = _ids_of(records, view).where(_exists(records), *tests)
    return list(connection.execute(query.order_by(records.c.shard, records.c.id)).scalars())


def among(
    connection: Connection, kind: str, view: ScoreView | None, tests: list[Any], ids: Collection[int]
) -> set[int]:
    """Those of the records with these ids that a list has."""
    records = _RECORDS[kind]
    query = _ids_of(records, view).where(records.c.id.in_(list(ids)), _exists(records), *tests)
    return set(connection.execute(query).scalars())


def _ids_of(records: Table, view: ScoreView | None) -> Select[Any]:
    of_view = records if view is None else records.outerjoin(SCORES, _score_of(records, view))
    return select(records.c.id).select_from(of_view)


def scores_of(connection: Connection, view: ScoreView, ids: Collection[int]) -> dict[int, int | None]:
    """Scores by the ids of records."""
    bulk = Bulk(connection)
    test, parameter = bulk.among("record_id", ids)
    statement = f"SELECT record_id, score FROM scores WHERE profile_id = ? AND version > ? AND {test}"
    return {row[0]: row[1] for row in bulk.rows(statement, view.profile_id, view.emptied, parameter)}


def field_names(
    connection: Connection, kind: str, view: ScoreView | None, tests: list[Any], after: int, limit: int
) -> tuple[set[str], int | None]:
    """The names of own fields of the next records by id, and the last of these; None where there are no more."""
    records = _RECORDS[kind]
    of = records if view is None else records.outerjoin(SCORES, _score_of(records, view))
    some = (
        select(records.c.id, records.c.fields)
        .select_from(of)
        .where(records.c.id > after, _exists(records), *tests)
        .order_by(records.c.id)
        .limit(limit)
    ).subquery()
    if connection.dialect.name == "sqlite":
        each = func.json_each(some.c.fields).table_valued("key")
        names = select(each.c.key).select_from(some.join(each, true())).distinct()
    else:
        names = select(func.jsonb_object_keys(some.c.fields)).distinct()
    count, last = connection.execute(select(func.count(), func.max(some.c.id))).one()
    return set(connection.execute(names).scalars()), last if count == limit else None


def _exists(records: Table) -> Any:
    return records.c.merged_into.is_(None) if records is CONTACTS else true()


def _score_of(records: Table, view: ScoreView) -> Any:
    tests = [SCORES.c.record_id == records.c.id, SCORES.c.profile_id == view.profile_id]
    if view.emptied:
        tests.append(SCORES.c.version > view.emptied)
    return and_(*tests)


def score_tests(low: int | None, high: int | None) -> list[Any]:
    """Tests that there is a score, from `low` up to, but not including, `high`."""
    score = SCORES.c.score
    tests: list[Any] = [score.is_not(None)]
    if low is not None:
        tests.append(score >= low)
    if high is not None:
        tests.append(score < high)
    return tests


def column_tests(
    kind: str, *, tag: str | None = None, q: str | None = None, email: str | None = None, **equal: Any
) -> list[Any]:
    """Tests of the record's own columns. `q` looks into key, name and e-mail; it and `email` compare folded texts."""
    records = _RECORDS[kind]
    tests = [records.c[column] == wanted for column, wanted in equal.items() if wanted is not None]
    if tag is not None:
        tests.append(to_sql({"tags": {"has": tag}}, lambda _: SqlValue.json_list(records.c.tags), 0))
    if q:
        tests.append(mentions(records.c.search, q))
    if email is not None:
        address = folded_address(email)
        tests.append(CONTACTS.c.email_folded == address if address is not None else false())
    return tests


def filter_test(
    kind: str,
    filters: Mapping[str, Any],
    view: ScoreView | None,
    profiles: Mapping[str, tuple[str, ScoreView]],
    now: Micros,
) -> Any:
    """A condition tree over `contact.*`, `deal.*`, `score`, `band`, `scores.*` and `bands.*` as one test.

    `profiles`: by key, the kind of record of the published profiles that the tree reads, and whose scores they are.
    """
    records = _RECORDS[kind]
    nothing = SqlValue.number(null())

    def value(name: str) -> SqlValue:
        owner, _, field = name.partition(".")
        if (of_record := activity_of(name)) is not None:
            return _activity(of_record, kind)
        if name == "score":
            return SqlValue.number(SCORES.c.score) if view is not None else nothing
        if name == "band":
            return SqlValue.text(_band(SCORES.c.score, view)) if view is not None else nothing
        if owner in ("scores", "bands"):
            if field not in profiles:
                return nothing
            of, other = profiles[field]
            score = _score(records, kind, of, other)
            return SqlValue.number(score) if owner == "scores" else SqlValue.text(_band(score, other))
        if owner == "contact" and kind == "deal":
            return _of_contact(field)
        return _field(records, field)

    return to_sql(filters, value, now)


def _activity(wanted: Activity, kind: str) -> SqlValue:
    """What goes on around the record of a list, or around the contact of a deal."""
    if kind == wanted.kind:
        return activity.value(wanted, _RECORDS[kind].c)
    if kind == DEAL:
        return activity.value(wanted, _Owner(DEALS.c.contact_id))
    return SqlValue.number(null())


class _Owner(NamedTuple):
    """The contact of a deal, as `activity.value` asks for it."""

    id: Any


_MOMENTS = ("created_at",)
_JSON = ("tags", "dnd")


def _field(records: Table, name: str) -> SqlValue:
    if name in _MOMENTS:
        return SqlValue.moment(records.c[name])
    if name in _JSON and name in records.c:
        return SqlValue.json_list(records.c[name])
    if name == "value" and records is DEALS:
        return SqlValue.number(DEALS.c.value)
    if name in _FIELDS[records]:
        return SqlValue.text(records.c[name])
    return SqlValue.json_member(records.c.fields, name)


def _of_contact(name: str) -> SqlValue:
    """A field of the deal's contact."""
    owner = CONTACTS.alias("owner")

    def read(column: Any) -> Any:
        return select(column).where(owner.c.id == DEALS.c.contact_id).scalar_subquery()

    if name in _MOMENTS:
        return SqlValue.moment(read(owner.c[name]))
    if name in _JSON:
        return SqlValue.json_list(read(owner.c[name]))
    if name in ("key", *CONTACT_TEXTS):
        return SqlValue.text(read(owner.c[name]))
    return SqlValue.json_member(read(owner.c.fields), name)


def _score(records: Table, kind: str, of: str, view: ScoreView) -> Any:
    """The record's score under another profile; a deal knows its contact's too."""
    other = SCORES.alias("other")
    if kind == of:
        record_id = records.c.id
    elif kind == "deal":
        record_id = DEALS.c.contact_id
    else:
        return null()
    return (
        select(other.c.score)
        .where(
            other.c.record_id == record_id,
            other.c.profile_id == view.profile_id,
            other.c.version > view.emptied,
        )
        .scalar_subquery()
    )


def _band(score: Any, view: ScoreView) -> Any:
    """The label of a score; null below all bands."""
    label_of_score: Any = null()
    for low, label in view.bands:
        label_of_score = (
            case((score >= low, label), else_=label_of_score)
            if low is not None
            else case((score.is_not(None), label), else_=label_of_score)
        )
    return label_of_score
