"""What of a stored ledger time changes, read only as far as it is asked for."""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import NamedTuple

from conditions.times import Micros
from scoring.compiled import CompiledProfile
from scoring.entries import ADJUSTMENTS, Entry
from scoring.forecast import Step, fading_in_turn
from scoring.ledger import Ledger
from store.connection import Connection
from store.scoring import ledgers

#: The most entries of one rule that are looked at each; of more, only those whose turn it is.
MANY = 500
#: How many of those are read at first.
PAGE = 50


class Coming(NamedTuple):
    """What `scoring.forecast` asks for: entries that may lose points, and iterators that stand for others."""

    entries: Iterable[Entry]
    fading: Iterable[Iterator[Step]] = ()


class StoredEntries:
    """The stored entries of one ledger, whose standing keeps how many are `living`."""

    def __init__(
        self,
        connection: Connection,
        profile: CompiledProfile,
        record_id: int,
        living: Mapping[str, int],
    ) -> None:
        self._connection = connection
        self._profile = profile
        self._record_id = record_id
        # Adjustments end as each of them says: there is no turn by which only some could be read.
        adjusted = [ADJUSTMENTS] if living.get(ADJUSTMENTS, 0) else []
        self._few = adjusted + [key for key in profile.expiring if 0 < living.get(key, 0) <= MANY]
        self._many = [profile.rules_by_key[key] for key in profile.expiring if living.get(key, 0) > MANY]

    def coming(self, ledger: Ledger) -> Coming:
        """What time may change from the ledger's moment on."""
        fading: list[Iterator[Step]] = []
        for rule in self._many:
            fading += fading_in_turn(ledger, rule, partial(self._begun_after, rule.key))
        return Coming(self._ending_after(ledger.now), fading)

    def overtaken(self, since: Micros, now: Micros) -> list[Entry]:
        """What `Ledger.catch_up` asks for."""
        overtaken_entries = {(entry.rule, entry.cause_id): entry for entry in self._ending_after(since)}
        for rule in self._many:
            for age, _ in rule.turning_points:
                for entry in self._begun_after(rule.key, since - age):
                    overtaken_entries[entry.rule, entry.cause_id] = entry
                    if entry.starts_at > now - age:
                        break
        return list(overtaken_entries.values())

    def _ending_after(self, moment: Micros) -> list[Entry]:
        if not self._few:
            return []
        return ledgers.load_ending(self._connection, self._profile.id, self._record_id, self._few, moment)

    def _begun_after(self, rule: str, start: Micros) -> Iterator[Entry]:
        place, size = (start + 1, ""), PAGE
        while True:
            page = ledgers.entries_after(
                self._connection, self._profile.id, self._record_id, rule, place, size
            )
            yield from page
            if len(page) < size:
                return
            place, size = (page[-1].starts_at, page[-1].cause_id), min(size * 4, 2_000)
