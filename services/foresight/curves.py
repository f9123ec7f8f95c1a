"""How scores went and will go on: one as a curve, those of a page as a few numbers each."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from automations.list_filters import FILTERS
from conditions.moments import moment_from
from conditions.problems import suggestion
from conditions.times import Micros, micros_of, to_iso
from scoring.compiled import CompiledProfile
from scoring.entries import Adjustment, Event, Record
from scoring.fold import fold
from scoring.forecast import forecast
from scoring.ledger import Ledger
from services import cursors
from services.answers import Page
from services.design.profile_cache import ProfileCache
from services.foresight.answers import Band, Curve, CurvePoint, Trend
from services.foresight.lists import list_of_kind
from services.foresight.moves import ComingMoves
from services.records.kinds import Kind, find_record
from services.records.ledgers import records_of
from services.records.lists import RecordLists, RecordQuery
from services.records.smart_lists import SmartLists
from services.resources import BadParameter, NotFound, Resources
from store.connection import Connection, RowMapping
from store.scoring import histories

#: At how many moments a curve looks anew, and how many scores a trend has.
MOST_TURNS, TREND_SCORES = 150, 14
#: How many events are folded for one trend; one with more has fewer scores.
TREND_EVENTS = 20_000
#: How far ahead it is looked whether a score leaves its band.
LOOKED_AHEAD = "365d"


@dataclass(frozen=True)
class TrendsQuery:
    """Whose trends: of those that a smart list has now, or of all records that the profile scores."""

    profile: str
    within: str = "90d"
    smart_list: str | None = None
    cursor: str | None = None
    limit: int = cursors.PER_PAGE


class _History(NamedTuple):
    """What a score is made of."""

    profile: CompiledProfile
    record: Record
    events: Sequence[Event]
    adjustments: Sequence[Adjustment]

    def at(self, moment: Micros) -> Ledger:
        return fold(self.profile, self.record, self.events, self.adjustments, moment)


class Curves:
    """Works out how scores went, by the rules and fields of today, with the functions that score."""

    def __init__(
        self,
        resources: Resources,
        profiles: ProfileCache,
        moves: ComingMoves,
        lists: RecordLists,
        smart_lists: SmartLists,
    ) -> None:
        self._resources = resources
        self._profiles = profiles
        self._moves = moves
        self._lists = lists
        self._smart_lists = smart_lists

    def curve(
        self, kind: Kind, key: str, profile_key: str, *, since: str = "-365d", until: str = "+90d"
    ) -> Curve:
        """One score from a moment of the past to one that is to come, if nothing else happens.

        Raises NotFound, and BadParameter for moments that are none or lie on the wrong side of now.
        """
        now = self._resources.clock()
        begin, end = self._moment("since", since, now), self._moment("until", until, now)
        if begin >= now or end < now:
            raise BadParameter(
                "since", "a curve begins in the past and ends now or later, such as -90d and +30d"
            )
        with self._resources.database.read() as connection:
            record = find_record(connection, kind, key)
            row = self._profile(connection, profile_key, kind)
            curve = Curve(
                profile=profile_key,
                since=to_iso(begin),
                until=to_iso(end),
                now=to_iso(now),
                exact=True,
                points=[],
                ahead=[],
                bands=[],
            )
            setattr(curve, kind, record["key"])
            profile = self._profiles.published(connection, row)
            if profile is None:
                return curve
            history = dict(_histories(connection, profile, [record["id"]])).get(record["id"])
            if history is None:
                raise NotFound(f'the {kind} "{key}" is being erased')
            begin = max(begin, min(history.record.created_at, *_moments(history), now))
            turns, curve.exact = _turns(history, begin, now)
            curve.bands = [Band(band=label, from_=low) for low, label in profile.bands]
            curve.points = list(_shown(profile, _steps(history, turns)))
            ledger = history.at(now)
            ahead = forecast(ledger, list(ledger.added.values()), until=end).changes[:MOST_TURNS]
            curve.ahead = list(_shown(profile, ahead))
        return curve

    def trends(self, query: TrendsQuery) -> Page[Trend]:
        """A page, in the order of the list, or by age. Of a profile that is not published they are empty."""
        with self._resources.database.read() as connection:
            kind: Kind = self._profile(connection, query.profile, None)["applies_to"]
        if query.smart_list is not None:
            list_of_kind(self._smart_lists, query.smart_list, kind)
            page = self._smart_lists.records(kind, query.smart_list, cursor=query.cursor, limit=query.limit)
        else:
            every = RecordQuery(kind, FILTERS[kind](), cursor=query.cursor, limit=query.limit)
            page = self._lists.find(every)
        trends = self.of(query.profile, {record.id: record.key for record in page.items}, query.within)
        return Page[Trend](items=list(trends.values()), next=page.next)

    def of(self, profile_key: str, keys: dict[int, str], within: str = "90d") -> dict[int, Trend]:
        """The trends of records, whose keys these are by id: scores at even distances up to now."""
        try:
            length = micros_of(within)
        except ValueError as error:
            raise BadParameter("within", str(error)) from None
        now = self._resources.clock()
        trends: dict[int, Trend] = {}
        leaving = self._moves.leaving(profile_key, list(keys), LOOKED_AHEAD) if keys else {}
        with self._resources.database.read() as connection:
            row = self._profile(connection, profile_key, None)
            profile = self._profiles.published(connection, row)
            for record_id, key in keys.items():
                trend = Trend(profile=profile_key, since=to_iso(now - length), scores=[], band_until=None)
                setattr(trend, row["applies_to"], key)
                trend.band_until = leaving.get(record_id)
                trends[record_id] = trend
            for record_id, history in _histories(connection, profile, list(keys)) if profile else ():
                trends[record_id].scores = list(_samples(history, now - length, now))
        return trends

    def _moment(self, name: str, text: str, now: Micros) -> Micros:
        try:
            return moment_from(text, now, self._resources.settings.time_zone)
        except ValueError as error:
            raise BadParameter(name, str(error)) from None

    def _profile(self, connection: Connection, key: str, kind: Kind | None) -> RowMapping:
        row = self._profiles.row(connection, key)
        if row is None:
            raise NotFound(f'there is no profile "{key}"{suggestion(key, self._profiles.keys(connection))}')
        if kind is not None and row["applies_to"] != kind:
            raise NotFound(f'the profile "{key}" scores {row["applies_to"]}s, not {kind}s')
        return row


def _histories(
    connection: Connection, profile: CompiledProfile, ids: Collection[int]
) -> Iterator[tuple[int, _History]]:
    """What the scores of records are made of, by id; without those that are being erased."""
    kind = profile.applies_to
    events = histories.load_applied_events(connection, kind, ids)
    adjustments = histories.load_applied_adjustments(connection, profile.id, ids)
    deals = {event.deal for one in events.values() for event in one if event.deal is not None}
    for record_id, record in records_of(connection, kind, ids, deals).items():
        yield (
            record_id,
            _History(profile, record, events.get(record_id, []), adjustments.get(record_id, [])),
        )


def _moments(history: _History) -> Iterator[Micros]:
    yield from (event.at for event in history.events)
    yield from (adjustment.at for adjustment in history.adjustments)


def _turns(history: _History, since: Micros, now: Micros) -> tuple[list[Micros], bool]:
    """The moments from which the curve goes on by time alone; whether they are all there are."""
    inner: Collection[Micros] = sorted({at for at in _moments(history) if since < at < now})
    exact = len(inner) <= MOST_TURNS
    if not exact:
        inner = sorted(inner)[:: -(-len(inner) // MOST_TURNS)]
    return [since, *inner, now], exact


def _steps(history: _History, turns: Sequence[Micros]) -> Iterator[tuple[Micros, int | None]]:
    """(moment, score) wherever the score changes, the first moment, and the last one."""
    for begin, end in pairwise(turns):
        ledger = history.at(begin)
        yield begin, ledger.score()
        yield from forecast(ledger, list(ledger.added.values()), until=end - 1).changes
    yield turns[-1], history.at(turns[-1]).score()


def _samples(history: _History, since: Micros, now: Micros) -> Iterator[int | None]:
    count = max(2, min(TREND_SCORES, TREND_EVENTS // (len(history.events) + 1)))
    for number in range(count):
        yield history.at(since + (now - since) * number // (count - 1)).score()


def _shown(
    profile: CompiledProfile, steps: Iterator[tuple[Micros, int | None]] | Sequence[tuple[Micros, int | None]]
) -> Iterator[CurvePoint]:
    """The steps without those at which nothing changes; the last one always."""
    last: CurvePoint | None = None
    held: CurvePoint | None = None
    for at, score in steps:
        held = CurvePoint(at=to_iso(at), score=score, band=profile.band(score))
        if last is None or last.score != score:
            yield held
            last, held = held, None
    if held is not None:
        yield held
