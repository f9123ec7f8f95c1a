"""Scores at another time: by the rules and fields of today, or by those of then as far as they are kept."""

from collections.abc import Collection
from typing import NamedTuple

from conditions.fields import CONTACT
from conditions.times import Micros, to_iso
from engine.scores.rewinding import FieldChange, History, Past
from scoring.ledger import Ledger
from services.design.profile_cache import ProfileCache
from services.records.answers import Recorded
from services.records.ledgers import folded
from services.resources import BadParameter
from store.connection import Connection, RowMapping
from store.design import definitions
from store.records import deals, score_reads

_NOTHING_PUBLISHED = "no version of the profile was published then"
_NOT_PUBLISHED = "the profile is not published"
_MERGED = (
    "another contact has been merged into this one since, and what its fields held before that is not kept: they are "
    "read as they are now"
)


class AnotherTime(NamedTuple):
    """A moment. `as_published`: by the version and the fields of then."""

    at: Micros
    as_published: bool = False

    @classmethod
    def checked(cls, at: Micros, now: Micros, *, as_published: bool) -> "AnotherTime":
        """Raises BadParameter for versions and fields of a time that is still to come."""
        if as_published and at > now:
            raise BadParameter(
                "as_published", "that time is still to come; what will be published then nobody knows"
            )
        return cls(at, as_published)


def histories(connection: Connection, contact_ids: Collection[int], since: Micros) -> dict[int, History]:
    """What fields of these contacts and their deals held since a moment."""
    changes = score_reads.field_changes_since(connection, contact_ids, since)
    return {
        contact_id: History(
            (at, FieldChange(kind, deal_id, properties))
            for at, kind, deal_id, properties in changes.get(contact_id, ())
        )
        for contact_id in contact_ids
    }


class Dated(NamedTuple):
    """A ledger for another time, None where there was nothing to score then, and what is not as it was."""

    ledger: Ledger | None
    notes: list[str]


class LedgersAt:
    """Folds the ledgers of one profile for another time."""

    def __init__(
        self, connection: Connection, profiles: ProfileCache, profile: RowMapping, time: AnotherTime
    ) -> None:
        self._connection = connection
        self._profiles = profiles
        self._profile = profile
        self._time = time
        self._version = self._version_then() if time.as_published else profile["version"]

    def _version_then(self) -> int | None:
        versions = definitions.versions_of(self._connection, definitions.PROFILES, self._profile["id"])
        return next((one["version"] for one in versions if one["published_at"] <= self._time.at), None)

    def of(self, record_id: int) -> Dated:
        """The ledger of one record."""
        if self._version is None:
            return Dated(None, [_NOTHING_PUBLISHED if self._time.as_published else _NOT_PUBLISHED])
        profile = self._profiles.version(self._connection, self._profile["id"], self._version)
        past: Past | None = None
        notes: list[str] = []
        if self._time.as_published:
            contact_id = self._contact_of(record_id)
            if score_reads.merged_since(self._connection, contact_id, self._time.at):
                notes.append(_MERGED)
            else:
                past = histories(self._connection, [contact_id], self._time.at)[contact_id].at(self._time.at)
        ledger = folded(self._connection, profile, record_id, self._time.at, past)
        if self._time.as_published and ledger.record.created_at > self._time.at:
            return Dated(None, [f"there was no such {profile.applies_to} then"])
        return Dated(ledger, notes)

    def recorded(self, record_id: int) -> Recorded | None:
        """What was shown then: the score of the last change up to then."""
        change = score_reads.shown_at(self._connection, self._profile["id"], record_id, self._time.at)
        if change is None:
            return None
        profile = self._profiles.version(self._connection, self._profile["id"], change["version"])
        return Recorded(
            score=change["current"],
            band=profile.band(change["current"]),
            version=change["version"],
            at=to_iso(change["at"]),
        )

    def _contact_of(self, record_id: int) -> int:
        if self._profile["applies_to"] == CONTACT:
            return record_id
        deal = deals.deal_by_id(self._connection, record_id)
        contact_id: int = deal["contact_id"] if deal is not None else 0
        return contact_id
