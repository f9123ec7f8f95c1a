"""Lists of contacts and deals: by score, band, tag, stage, owner and more, by text, or by any condition."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from automations.list_filters import DealFilter, RecordFilter, query_problems
from conditions.problems import suggestion
from conditions.times import SECOND, Micros
from conditions.tree import fields_read
from scoring.compiled import CompiledProfile
from services import cursors
from services.answers import Page
from services.design.profile_cache import ProfileCache
from services.records.answers import ListedContact, ListedDeal
from services.records.kinds import Kind, unknown_record
from services.resources import BadParameter, Resources
from store.connection import Connection, RowMapping
from store.records import contacts
from store.records import lists as record_lists

#: Records whose own fields' names are read at once.
FIELDS_AT_ONCE = 10_000
_COUNTED_GOOD_FOR: Micros = 300 * SECOND


@dataclass(frozen=True)
class RecordQuery:
    """What to list. What `filter` asks of a score, and sorting by it, need a `profile`; `filters` is any condition.

    `scores`: profiles whose scores and bands each record is shown with.
    """

    kind: Kind
    filter: RecordFilter
    profile: str | None = None
    scores: Sequence[str] = ()
    filters: Mapping[str, Any] = field(default_factory=dict)
    sort: str = "created_at"
    cursor: str | None = None
    limit: int = cursors.PER_PAGE


class RecordLists:
    """Lists records."""

    def __init__(self, resources: Resources, profiles: ProfileCache) -> None:
        self._resources = resources
        self._profiles = profiles
        self._scored: dict[tuple[Kind, str], tuple[Micros, int]] = {}

    def find(self, query: RecordQuery) -> Page[ListedContact] | Page[ListedDeal]:
        """A page of what the query's `kind` says."""
        return self.contacts(query) if query.kind == "contact" else self.deals(query)

    def contacts(self, query: RecordQuery) -> Page[ListedContact]:
        """A page; each contact with `score` and `band` when a profile is given. Empty scores come last, both ways."""
        with self._resources.database.read() as connection:
            records, following, profile = self._find(connection, query)
            listed = [(ListedContact.of(row), row) for row in records]
            self._show_scores(connection, query, [contact for contact, _ in listed])
        return Page[ListedContact](items=_with_scores(listed, query, profile), next=following)

    def deals(self, query: RecordQuery) -> Page[ListedDeal]:
        """The same of deals."""
        with self._resources.database.read() as connection:
            records, following, profile = self._find(connection, query)
            keys = contacts.contact_keys(connection, {row["contact_id"] for row in records})
            listed = [(ListedDeal.of(row, keys), row) for row in records]
            self._show_scores(connection, query, [deal for deal, _ in listed])
        return Page[ListedDeal](items=_with_scores(listed, query, profile), next=following)

    def _find(
        self, connection: Connection, query: RecordQuery
    ) -> tuple[list[RowMapping], str | None, CompiledProfile | None]:
        """The records of a page, the cursor of the next, and the profile that is asked for if it is published."""
        check_query(query)
        view, profile = self._view(connection, query)
        bounds = _bounds(query, profile)
        tests = self._tests(connection, query, view)
        if view is None and query.filter.of_score:
            return [], None, profile
        records, following = _page(connection, query, view, tests, bounds)
        return records, following, profile

    def ids(self, query: RecordQuery) -> list[int]:
        """The ids of the records on all pages, shard by shard: who they are at one moment."""
        check_query(query)
        with self._resources.database.read() as connection:
            view, profile = self._view(connection, query)
            tests = self._tests(connection, query, view)
            if view is None and query.filter.of_score:
                return []
            return record_lists.ids(connection, query.kind, view, [*tests, *_bounds(query, profile).tests()])

    def count(self, query: RecordQuery) -> int:
        """How many records there are on all pages."""
        check_query(query)
        with self._resources.database.read() as connection:
            view, profile = self._view(connection, query)
            tests = self._tests(connection, query, view)
            if view is None and query.filter.of_score:
                return 0
            return record_lists.count(
                connection, query.kind, view, [*tests, *_bounds(query, profile).tests()]
            )

    def scored(self, kind: Kind, profile: str) -> int:
        """About how many records have a score that is not 0 under a profile; good for some minutes."""
        now = self._resources.clock()
        known = self._scored.get((kind, profile))
        if known is None or now - known[0] > _COUNTED_GOOD_FOR:
            with self._resources.database.read() as connection:
                view, _ = self._of_profile(connection, profile, kind, "profile")
                count = record_lists.count_scored(connection, view) if view is not None else 0
            known = self._scored[kind, profile] = now, count
        return known[1]

    def members(self, query: RecordQuery, ids: Collection[int]) -> set[int]:
        """Those of the records with these ids that are on some page."""
        check_query(query)
        with self._resources.database.read() as connection:
            view, profile = self._view(connection, query)
            tests = self._tests(connection, query, view)
            if view is None and query.filter.of_score:
                return set()
            tests += _bounds(query, profile).tests()
            return record_lists.among(connection, query.kind, view, tests, ids)

    def _tests(
        self, connection: Connection, query: RecordQuery, view: record_lists.ScoreView | None
    ) -> list[Any]:
        """The tests of the record; raises BadParameter for a contact that is not there."""
        wanted = query.filter
        equal = wanted.columns
        tag = wanted.tag.strip() if wanted.tag is not None else None
        if isinstance(wanted, DealFilter) and wanted.contact is not None:
            contact = contacts.contact_by_key(connection, wanted.contact)
            if contact is None:
                raise BadParameter("contact", unknown_record("contact", wanted.contact))
            equal["contact_id"] = contact["id"]
        tests = record_lists.column_tests(query.kind, tag=tag, q=wanted.q, **equal)
        if query.filters:
            now = self._resources.clock()
            others = self._others(connection, query.filters)
            tests.append(record_lists.filter_test(query.kind, query.filters, view, others, now))
        return tests

    def _others(
        self, connection: Connection, filters: Mapping[str, Any]
    ) -> dict[str, tuple[str, record_lists.ScoreView]]:
        """The published profiles that the filters read by key."""
        views: dict[str, tuple[str, record_lists.ScoreView]] = {}
        for name in fields_read(filters):
            owner, _, key = name.partition(".")
            row = self._profiles.row(connection, key) if owner in ("scores", "bands") else None
            profile = self._profiles.published(connection, row) if row is not None else None
            if row is not None and profile is not None:
                view = record_lists.ScoreView(row["id"], row["emptied"], profile.bands)
                views[key] = profile.applies_to, view
        return views

    def field_names(self, query: RecordQuery) -> list[str]:
        """The names of the callers' own fields that records of the list have, on all pages, in their order."""
        check_query(query)
        names: set[str] = set()
        after: int | None = 0
        while after is not None:
            with self._resources.database.read() as connection:
                view, profile = self._view(connection, query)
                tests = self._tests(connection, query, view)
                if view is None and query.filter.of_score:
                    return []
                tests += _bounds(query, profile).tests()
                more, after = record_lists.field_names(
                    connection, query.kind, view, tests, after, FIELDS_AT_ONCE
                )
            names |= more
        return sorted(names)

    def _show_scores(
        self, connection: Connection, query: RecordQuery, shown: Collection[ListedContact | ListedDeal]
    ) -> None:
        """Give the records the scores and bands that are asked for by name."""
        for key in query.scores:
            view, profile = self._of_profile(connection, key, query.kind, "scores")
            ids = [record.id for record in shown]
            scores = record_lists.scores_of(connection, view, ids) if view is not None else {}
            for record in shown:
                score = scores.get(record.id)
                record.scores = {**record.scores, key: score}
                record.bands = {**record.bands, key: profile.band(score) if profile is not None else None}

    def _view(
        self, connection: Connection, query: RecordQuery
    ) -> tuple[record_lists.ScoreView | None, CompiledProfile | None]:
        if query.profile is None:
            return None, None
        return self._of_profile(connection, query.profile, query.kind, "profile")

    def _of_profile(
        self, connection: Connection, key: str, kind: Kind, parameter: str
    ) -> tuple[record_lists.ScoreView | None, CompiledProfile | None]:
        """Whose scores are asked for by a parameter; nothing while the profile is not published."""
        row = self._profiles.row(connection, key)
        if row is None:
            raise BadParameter(
                parameter, f'there is no profile "{key}"{suggestion(key, self._profiles.keys(connection))}'
            )
        if row["applies_to"] != kind:
            raise BadParameter(parameter, f'the profile "{key}" scores {row["applies_to"]}s, not {kind}s')
        profile = self._profiles.published(connection, row)
        if profile is None:
            return None, None
        return record_lists.ScoreView(row["id"], row["emptied"], profile.bands), profile


def check_query(query: RecordQuery) -> None:
    """Raise BadParameter for what cannot be asked."""
    for problem in query_problems(query.filter, query.profile, query.filters, query.sort):
        raise BadParameter(str(problem.loc[-1]), problem.message)


@dataclass(frozen=True)
class _Bounds:
    """Scores from `low` up to, but not including, `high`; None: no bound. `asked`: whether there is any test."""

    low: int | None = None
    high: int | None = None
    asked: bool = False

    def tests(self, after: int | None = None, *, descending: bool = False) -> list[Any]:
        """Tests of the score. A bound that the cursor's score `after` implies is left out.

        A database that is given both looks for the wider one and reads all that lies between.
        """
        low, high = self.low, self.high
        if after is not None and descending and high is not None and after < high:
            high = None
        if after is not None and not descending and low is not None and after >= low:
            low = None
        return record_lists.score_tests(low, high) if self.asked else []


def _bounds(query: RecordQuery, profile: CompiledProfile | None) -> _Bounds:
    lows = [query.filter.score_gte]
    highs = [query.filter.score_lte + 1 if query.filter.score_lte is not None else None]
    band = query.filter.band
    if profile is not None and band is not None:
        labels = [label for _, label in profile.bands]
        if band not in labels:
            raise BadParameter(
                "band",
                f'profile "{profile.key}" has no band "{query.filter.band}"{suggestion(query.filter.band, labels)}',
            )
        place = labels.index(band)
        lows.append(profile.bands[place][0])
        highs.append(profile.bands[place + 1][0] if place + 1 < len(labels) else None)
    return _Bounds(
        max((low for low in lows if low is not None), default=None),
        min((high for high in highs if high is not None), default=None),
        bool(query.filter.of_score),
    )


def _page(
    connection: Connection,
    query: RecordQuery,
    view: record_lists.ScoreView | None,
    tests: list[Any],
    bounds: _Bounds,
) -> tuple[list[RowMapping], str | None]:
    descending = query.sort.startswith("-")
    wanted, kind = query.limit + 1, query.kind
    if query.sort.endswith("created_at") or view is None:
        of = f"{kind}s:{query.sort}"
        after_id = cursors.decode_one(query.cursor, of, int)
        records = record_lists.by_age(
            connection,
            kind,
            view,
            [*tests, *bounds.tests()],
            descending=descending,
            after=after_id,
            limit=wanted,
        )
        return cursors.cut(records, query.limit, of, _by_age)
    of = f"{kind}s:{query.sort}:{query.profile}"
    place = _score_key(query.cursor, of)
    records = []
    if place is None or place[0] is not None:
        after = (place[0], place[1]) if place and place[0] is not None else None
        tests_of_score = bounds.tests(after[0] if after else None, descending=descending)
        records = record_lists.scored(
            connection,
            kind,
            view,
            [*tests, *tests_of_score],
            descending=descending,
            after=after,
            limit=wanted,
        )
    if len(records) < wanted and not bounds.asked:
        last = place[1] if place and place[0] is None else None
        records += record_lists.unscored(
            connection, kind, view, tests, after=last, limit=wanted - len(records)
        )
    return cursors.cut(records, query.limit, of, _by_score)


def _score_key(cursor: str | None, of: str) -> tuple[int | None, int] | None:
    """The (score, id) in a cursor; the score is None among the empty ones."""
    if cursor is None:
        return None
    try:
        key = cursors.decode(cursor, of, (int, int))
    except BadParameter:
        key = cursors.decode(cursor, of, (int,))
        return (None, key[0]) if key else None
    return (key[0], key[1]) if key else None


def _by_age(row: RowMapping) -> list[Any]:
    return [row["id"]]


def _by_score(row: RowMapping) -> list[Any]:
    return [row["id"]] if row["score"] is None else [row["score"], row["id"]]


Listed = TypeVar("Listed", ListedContact, ListedDeal)


def _with_scores(
    listed: list[tuple[Listed, RowMapping]], query: RecordQuery, profile: CompiledProfile | None
) -> list[Listed]:
    """The records, with their scores where the query asks for them."""
    if query.profile is not None:
        for record, row in listed:
            record.score = row["score"]
            record.band = profile.band(row["score"]) if profile else None
    return [record for record, _ in listed]
