"""Lists of contacts, paged by key: rows that move do not shift the others."""

from typing import Any, NamedTuple

from sqlalchemy import Connection, RowMapping, and_, func, null, or_, select, tuple_

from conditions.sql import SqlValue
from conditions.tree import to_sql
from store.tables import Contact, Score, table

CONTACTS = table(Contact)
SCORES = table(Score)


class ScoreView(NamedTuple):
    """Whose scores a list shows: those of a profile, of versions above `emptied`."""

    profile_id: int
    emptied: int


def by_age(
    connection: Connection,
    view: ScoreView | None,
    tests: list[Any],
    *,
    descending: bool,
    after: int | None,
    limit: int,
) -> list[RowMapping]:
    """Contacts in the order of their creation, with `score` (null without a view), those after the id `after`."""
    if view is None:
        query = select(CONTACTS, null().label("score"))
    else:
        query = select(CONTACTS, SCORES.c.score).outerjoin(SCORES, _score_of_contact(view))
    column = CONTACTS.c.id
    if after is not None:
        query = query.where(column < after if descending else column > after)
    order = column.desc() if descending else column
    return list(connection.execute(query.where(*tests).order_by(order).limit(limit)).mappings())


def scored(
    connection: Connection,
    view: ScoreView,
    tests: list[Any],
    *,
    descending: bool,
    after: tuple[int, int] | None,
    limit: int,
) -> list[RowMapping]:
    """Contacts that have a score, by score and id (both in one direction, that of the index), after (score, id)."""
    query = (
        select(CONTACTS, SCORES.c.score)
        .join(SCORES, SCORES.c.record_id == CONTACTS.c.id)
        .where(SCORES.c.profile_id == view.profile_id, SCORES.c.score.is_not(None), *tests)
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
    connection: Connection, view: ScoreView, tests: list[Any], *, after: int | None, limit: int
) -> list[RowMapping]:
    """Contacts whose score is empty, by id, those after the id `after`."""
    query = (
        select(CONTACTS, null().label("score"))
        .outerjoin(SCORES, and_(_score_of_contact(view), SCORES.c.score.is_not(None)))
        .where(SCORES.c.record_id.is_(None), *tests)
    )
    if after is not None:
        query = query.where(CONTACTS.c.id > after)
    return list(connection.execute(query.order_by(CONTACTS.c.id).limit(limit)).mappings())


def _score_of_contact(view: ScoreView) -> Any:
    tests = [SCORES.c.record_id == CONTACTS.c.id, SCORES.c.profile_id == view.profile_id]
    if view.emptied:
        tests.append(SCORES.c.version > view.emptied)
    return and_(*tests)


def score_tests(least: int | None, most: int | None, band: tuple[int | None, int | None] | None) -> list[Any]:
    """Tests of the score. `band`: its lower bound and the next band's."""
    score = SCORES.c.score
    tests: list[Any] = []
    if least is not None:
        tests.append(score >= least)
    if most is not None:
        tests.append(score <= most)
    if band is not None:
        low, high = band
        tests.append(score.is_not(None))
        if low is not None:
            tests.append(score >= low)
        if high is not None:
            tests.append(score < high)
    return tests


def contact_tests(*, tag: str | None = None, q: str | None = None, **equal: str | None) -> list[Any]:
    """Tests of the contact's own columns. `q` looks into key, name and e-mail without regard to case."""
    tests = [CONTACTS.c[column] == wanted for column, wanted in equal.items() if wanted is not None]
    if tag is not None:
        tests.append(to_sql({"tags": {"has": tag}}, lambda _: SqlValue.json_list(CONTACTS.c.tags), 0))
    if q:
        low_q = q.lower()
        columns = (CONTACTS.c[name] for name in ("key", "name", "email"))
        tests.append(or_(*(func.lower(column).contains(low_q, autoescape=True) for column in columns)))
    return tests
