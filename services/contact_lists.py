"""Lists of contacts: by score, band, tag, stage, owner, e-mail, phone or text."""

from dataclasses import dataclass
from typing import Any

from conditions.problems import suggestion
from scoring.compiled import CompiledProfile
from services import cursors
from services.contacts import contact_json
from services.profile_cache import ProfileCache
from services.resources import BadParameter, Resources
from store import contact_lists as rows
from store.connection import Connection, RowMapping

_OF_SCORE = ("score_gte", "score_lte", "band")
SORTS = ("created_at", "-created_at", "score", "-score")


@dataclass(frozen=True)
class ContactQuery:
    """What to list. `score_gte`, `score_lte`, `band` and sorting by score need a `profile`."""

    profile: str | None = None
    score_gte: int | None = None
    score_lte: int | None = None
    band: str | None = None
    tag: str | None = None
    stage: str | None = None
    owner: str | None = None
    email: str | None = None
    phone: str | None = None
    q: str | None = None
    sort: str = "created_at"
    cursor: str | None = None
    limit: int = cursors.PER_PAGE


class ContactLists:
    """Lists contacts."""

    def __init__(self, resources: Resources, profiles: ProfileCache) -> None:
        self._resources = resources
        self._profiles = profiles

    def find(self, query: ContactQuery) -> dict[str, Any]:
        """A page; each contact with `score` and `band` when a profile is given. Empty scores come last, both ways."""
        _check(query)
        with self._resources.database.read() as connection:
            view, profile = self._view(connection, query)
            score_tests = _score_tests(query, profile)
            tests = rows.contact_tests(
                tag=query.tag,
                q=query.q,
                stage=query.stage,
                owner=query.owner,
                email=query.email,
                phone=query.phone,
            )
            if view is None and any(getattr(query, name) is not None for name in _OF_SCORE):
                return cursors.page([], None)
            found, following = _page(connection, query, view, tests, score_tests)
        return cursors.page([_shown(row, query, profile) for row in found], following)

    def _view(
        self, connection: Connection, query: ContactQuery
    ) -> tuple[rows.ScoreView | None, CompiledProfile | None]:
        if query.profile is None:
            return None, None
        row = self._profiles.row(connection, query.profile)
        if row is None:
            raise BadParameter(
                "profile",
                f'there is no profile "{query.profile}"{suggestion(query.profile, self._profiles.keys(connection))}',
            )
        profile = self._profiles.published(connection, row)
        if profile is None:
            return None, None
        return rows.ScoreView(row["id"], row["emptied"]), profile


def _check(query: ContactQuery) -> None:
    if query.sort not in SORTS:
        raise BadParameter("sort", f'cannot sort by "{query.sort}"{suggestion(query.sort, SORTS)}')
    if query.profile is None:
        for name in _OF_SCORE:
            if getattr(query, name) is not None:
                raise BadParameter(name, f'"{name}" needs to know whose scores: add profile=<key>')
        if query.sort.endswith("score"):
            raise BadParameter("sort", "sorting by score needs to know whose: add profile=<key>")


def _score_tests(query: ContactQuery, profile: CompiledProfile | None) -> list[Any]:
    bounds = None
    if profile is not None and query.band is not None:
        labels = [label for _, label in profile.bands]
        if query.band not in labels:
            raise BadParameter(
                "band", f'profile "{profile.key}" has no band "{query.band}"{suggestion(query.band, labels)}'
            )
        place = labels.index(query.band)
        above = profile.bands[place + 1][0] if place + 1 < len(labels) else None
        bounds = (profile.bands[place][0], above)
    return rows.score_tests(query.score_gte, query.score_lte, bounds)


def _page(
    connection: Connection,
    query: ContactQuery,
    view: rows.ScoreView | None,
    tests: list[Any],
    score_tests: list[Any],
) -> tuple[list[RowMapping], str | None]:
    descending = query.sort.startswith("-")
    wanted = query.limit + 1
    if query.sort.endswith("created_at") or view is None:
        of = f"contacts:{query.sort}"
        key = cursors.decode(query.cursor, of, (int,))
        found = rows.by_age(
            connection,
            view,
            [*tests, *score_tests],
            descending=descending,
            after=key[0] if key else None,
            limit=wanted,
        )
        return _cut(found, query.limit, of, by_score=False)
    of = f"contacts:{query.sort}:{query.profile}"
    place = _score_key(query.cursor, of)
    found = []
    if place is None or place[0] is not None:
        after = (place[0], place[1]) if place and place[0] is not None else None
        found = rows.scored(
            connection, view, [*tests, *score_tests], descending=descending, after=after, limit=wanted
        )
    if len(found) < wanted and not score_tests:
        last = place[1] if place and place[0] is None else None
        found += rows.unscored(connection, view, tests, after=last, limit=wanted - len(found))
    return _cut(found, query.limit, of, by_score=True)


def _score_key(cursor: str | None, of: str) -> tuple[int | None, int] | None:
    """The (score, id) in a cursor; the score is None among the empty ones."""
    if cursor is None:
        return None
    try:
        found = cursors.decode(cursor, of, (int, int))
    except BadParameter:
        found = cursors.decode(cursor, of, (int,))
        return (None, found[0]) if found else None
    return (found[0], found[1]) if found else None


def _cut(
    found: list[RowMapping], limit: int, of: str, *, by_score: bool
) -> tuple[list[RowMapping], str | None]:
    if len(found) <= limit:
        return found, None
    last = found[limit - 1]
    scored = by_score and last["score"] is not None
    key = (last["score"], last["id"]) if scored else (last["id"],)
    return found[:limit], cursors.encode(of, key)


def _shown(row: RowMapping, query: ContactQuery, profile: CompiledProfile | None) -> dict[str, Any]:
    shown = contact_json(row)
    if query.profile is not None:
        shown["score"] = row["score"]
        shown["band"] = profile.band(row["score"]) if profile else None
    return shown
