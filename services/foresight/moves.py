"""Whose scores time alone will move before long: who cools, who warms, from which band to which, and when."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

from conditions.fields import CONTACT
from conditions.problems import suggestion
from conditions.times import Micros, micros_of, to_iso
from engine.published import Published, PublishedCache
from engine.scores.coming import Coming, StoredEntries
from engine.scores.folding import is_long
from engine.subjects import Subjects
from scoring.compiled import CompiledProfile
from scoring.forecast import Forecast, forecast
from scoring.ledger import Ledger
from scoring.progress import Stored
from services import cursors
from services.answers import Page, iso
from services.design.profile_cache import ProfileCache
from services.foresight.answers import Move
from services.foresight.lists import list_of_kind
from services.records.kinds import Kind
from services.records.smart_lists import SmartLists
from services.resources import BadParameter, Resources
from store.connection import Connection
from store.foresight.moves import DuePlace, due_until
from store.records import contacts, deals
from store.scoring import ledgers
from store.scoring.pending import NOTHING

#: How many scores are read at once, and how many are looked at for one page.
CHUNK, MOST = 250, 5_000
_OF = "forecast"

Direction = Literal["up", "down"]


@dataclass(frozen=True)
class MovesQuery:
    """Whose moves. `direction`: of the score at the end of the time, beside that of now; `bands`: only where the band
    is another then; `smart_list`: only those that it has now.
    """

    profile: str
    within: str
    direction: str | None = None
    bands: bool = False
    smart_list: str | None = None
    cursor: str | None = None
    limit: int = cursors.PER_PAGE


class _Due(NamedTuple):
    """A score that is due, as the last scoring left it, and how it goes on."""

    place: DuePlace
    profile: CompiledProfile
    stored: Stored
    outlook: Forecast

    @property
    def last(self) -> int | None:
        """The score at the end of the time."""
        return self.outlook.changes[-1].score if self.outlook.changes else self.stored.score

    @property
    def leaves(self) -> Micros | None:
        """When it leaves its band; None: not within the time."""
        score, band = self.stored.score, self.profile.band
        return next((one.at for one in self.outlook.changes if band(one.score) != band(score)), None)

    def meets(self, query: MovesQuery) -> bool:
        """Whether it is asked for."""
        score, last, band = self.stored.score, self.last, self.profile.band
        change = (last or 0) - (score or 0)
        return (
            bool(self.outlook.changes)
            and (query.direction != "up" or change > 0)
            and (query.direction != "down" or change < 0)
            and (not query.bands or band(last) != band(score))
        )

    def answer(self, **record: str | None) -> Move:
        """The move of the record with this key."""
        score, band = self.stored.score, self.profile.band
        return Move(
            **record,
            score=score,
            band=band(score),
            at=to_iso(self.outlook.changes[0].at),
            score_then=self.last,
            band_then=band(self.last),
            band_until=iso(self.leaves),
            looked_until=iso(self.outlook.looked_until),
        )


class ComingMoves:
    """Finds moves. It works with the functions that give the forecast of one score, on the scores that are due."""

    def __init__(self, resources: Resources, profiles: ProfileCache, lists: SmartLists) -> None:
        self._resources = resources
        self._profiles = profiles
        self._lists = lists
        self._published = PublishedCache()

    def profiles(self) -> list[str]:
        """The keys of all published profiles."""
        with self._resources.database.read() as connection:
            return sorted(self._published.read(connection).by_key)

    def find(self, query: MovesQuery) -> Page[Move]:
        """A page, those first whom time may move first. It may have few or no moves and yet a `next`."""
        until = self._resources.clock() + _length(query.within)
        if query.direction not in (None, *get_args(Direction)):
            known = suggestion(query.direction or "", get_args(Direction))
            raise BadParameter("direction", f'"direction" is "up" or "down"{known}')
        key = cursors.decode(query.cursor, _OF, (int, int))
        place = DuePlace(key[0], key[1]) if key else None
        with self._resources.database.read() as connection:
            published = self._published.read(connection)
            profile = self._profile(connection, published, query.profile)
            if profile is None:
                return Page[Move](items=[], next=None)
            if query.smart_list is not None:
                list_of_kind(self._lists, query.smart_list, profile.applies_to)
            look = _Look(connection, self._profiles, published, profile, until)
            taken, following = self._page(look, query, place)
            items = _answers(connection, profile.applies_to, taken)
        return Page[Move](items=items, next=cursors.encode(_OF, following) if following is not None else None)

    def leaving(self, profile_key: str, ids: Sequence[int], within: str) -> dict[int, str]:
        """When time alone takes the scores of these records out of their bands, by id, where it does."""
        until = self._resources.clock() + _length(within)
        with self._resources.database.read() as connection:
            published = self._published.read(connection)
            profile = self._profile(connection, published, profile_key)
            if profile is None:
                return {}
            look = _Look(connection, self._profiles, published, profile, until)
            leaves = {
                due.place.record_id: due.leaves for due in look.at([DuePlace(0, one) for one in ids], None)
            }
        return {record_id: to_iso(at) for record_id, at in leaves.items() if at is not None}

    def _page(
        self, look: "_Look", query: MovesQuery, place: DuePlace | None
    ) -> tuple[list[_Due], DuePlace | None]:
        """The moves of a page, and the place that it ends at if there are others."""
        taken: list[_Due] = []
        for _ in range(MOST // CHUNK):
            places = look.places(place, self._resources.shards)
            members = None
            if query.smart_list is not None:
                members = self._lists.members(query.smart_list, {one.record_id for one in places})
            for due in look.at(places, members):
                if due.meets(query):
                    if len(taken) == query.limit:
                        return taken, taken[-1].place
                    taken.append(due)
            if len(places) < CHUNK:
                return taken, None
            place = places[-1]
        return taken, place

    def _profile(self, connection: Connection, published: Published, key: str) -> CompiledProfile | None:
        profile = published.by_key.get(key)
        if profile is None and self._profiles.row(connection, key) is None:
            known = self._profiles.keys(connection)
            raise BadParameter("profile", f'there is no profile "{key}"{suggestion(key, known)}')
        return profile


class _Look:
    """Looks at the scores of one profile that are due by a time."""

    def __init__(
        self,
        connection: Connection,
        profiles: ProfileCache,
        published: Published,
        profile: CompiledProfile,
        until: Micros,
    ) -> None:
        self._connection = connection
        self._profiles = profiles
        self._published = published
        self._profile = profile
        self._until = until

    def places(self, after: DuePlace | None, shards: int) -> list[DuePlace]:
        """The next ones."""
        return due_until(
            self._connection,
            self._profile.id,
            self._published.versions[self._profile.id].emptied,
            shards=shards,
            until=self._until,
            after=after,
            limit=CHUNK,
        )

    def at(self, places: list[DuePlace], members: set[int] | None) -> Iterator[_Due]:
        """How each goes on; of `members` only, where that is a set."""
        wanted = [place for place in places if members is None or place.record_id in members]
        ids = [place.record_id for place in wanted]
        kind, profile_id = self._profile.applies_to, self._profile.id
        stored = ledgers.load_scores(self._connection, profile_id, ids) if ids else {}
        subjects = Subjects(self._connection, NOTHING, self._published, {kind: ids})
        few = [i for i, one in stored.items() if not _in_turn(one)]
        since = min((stored[i].scored_at for i in few), default=0)
        mortal = ledgers.load_mortal(self._connection, profile_id, few, since) if few else {}
        for place in wanted:
            record_id = place.record_id
            if record_id in stored and subjects.exists(kind, record_id):
                one = stored[record_id]
                profile = self._profiles.version(self._connection, profile_id, one.version)
                ledger = Ledger(profile, subjects.record(kind, record_id), one.scored_at, one.standing)
                coming = Coming(mortal.get(record_id, ()))
                if _in_turn(one):
                    living = one.standing.living or {}
                    coming = StoredEntries(self._connection, profile, record_id, living).coming(ledger)
                outlook = forecast(ledger, coming.entries, fading=coming.fading, until=self._until)
                yield _Due(place, profile, one, outlook)


def _in_turn(stored: Stored) -> bool:
    """Whether there are too many entries to look at each."""
    return is_long(stored.standing.entries) and stored.standing.living is not None


def _answers(connection: Connection, kind: Kind, taken: Iterable[_Due]) -> list[Move]:
    due = list(taken)
    ids = {one.place.record_id for one in due}
    read = contacts.contact_keys if kind == CONTACT else deals.deal_keys
    keys: Mapping[int, str] = read(connection, ids) if ids else {}
    return [one.answer(**{kind: keys.get(one.place.record_id)}) for one in due]


def _length(within: str) -> Micros:
    try:
        return micros_of(within)
    except ValueError as error:
        raise BadParameter("within", str(error)) from None
