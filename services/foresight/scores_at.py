"""The scores of many records at another time, past or to come."""

from dataclasses import dataclass

from automations.list_filters import FILTERS
from conditions.problems import suggestion
from conditions.times import to_iso
from services import cursors
from services.answers import Page
from services.design.profile_cache import ProfileCache
from services.foresight.answers import ScoreAt
from services.foresight.lists import list_of_kind
from services.records.another_time import AnotherTime, LedgersAt
from services.records.answers import ListedContact, ListedDeal
from services.records.kinds import Kind
from services.records.lists import RecordLists, RecordQuery
from services.records.smart_lists import SmartLists
from services.resources import BadParameter, Resources
from store.connection import Connection, RowMapping


@dataclass(frozen=True)
class ScoresAtQuery:
    """Whose scores of when: of those that a smart list has now, or of all records that the profile scores."""

    profile: str
    time: AnotherTime
    smart_list: str | None = None
    cursor: str | None = None
    limit: int = cursors.PER_PAGE


class ScoresAt:
    """Folds the scores of a page of records for another time, each as that of one record is."""

    def __init__(
        self, resources: Resources, profiles: ProfileCache, lists: RecordLists, smart_lists: SmartLists
    ) -> None:
        self._database = resources.database
        self._profiles = profiles
        self._lists = lists
        self._smart_lists = smart_lists

    def find(self, query: ScoresAtQuery) -> Page[ScoreAt]:
        """A page, in the order of the list, or by age. The scores of a profile that is not published are empty."""
        with self._database.read() as connection:
            row = self._profile(connection, query.profile)
            page = self._page(query, row["applies_to"])
            ledgers = LedgersAt(connection, self._profiles, row, query.time)
            items = [_score_at(ledgers, row["applies_to"], record, query.time) for record in page.items]
        return Page[ScoreAt](items=items, next=page.next)

    def _page(self, query: ScoresAtQuery, kind: Kind) -> Page[ListedContact] | Page[ListedDeal]:
        if query.smart_list is not None:
            list_of_kind(self._smart_lists, query.smart_list, kind)
            return self._smart_lists.records(kind, query.smart_list, cursor=query.cursor, limit=query.limit)
        every = RecordQuery(kind, FILTERS[kind](), cursor=query.cursor, limit=query.limit)
        return self._lists.find(every)

    def _profile(self, connection: Connection, key: str) -> RowMapping:
        row = self._profiles.row(connection, key)
        if row is None:
            known = self._profiles.keys(connection)
            raise BadParameter("profile", f'there is no profile "{key}"{suggestion(key, known)}')
        return row


def _score_at(
    ledgers: LedgersAt, kind: Kind, record: ListedContact | ListedDeal, time: AnotherTime
) -> ScoreAt:
    ledger = ledgers.of(record.id).ledger
    score = ledger.score() if ledger is not None else None
    return ScoreAt(
        **{kind: record.key},
        score=score,
        band=ledger.profile.band(score) if ledger is not None else None,
        at=to_iso(time.at),
    )
