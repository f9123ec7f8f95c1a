"""Scores of a contact: all of them, or one with what it is made of and how it came about."""

from typing import Any

from conditions.problems import suggestion
from conditions.times import Micros, to_iso
from scoring.compiled import CompiledProfile
from scoring.fold import fold
from scoring.ledger import Ledger, Record
from services import cursors
from services.contacts import find_contact
from services.profile_cache import ProfileCache
from services.resources import NotFound, Resources
from store import score_reads
from store.connection import Connection, RowMapping
from store.facts import load_contacts


class Scores:
    """Reads scores. Those of profiles that are not published are empty."""

    def __init__(self, resources: Resources, profiles: ProfileCache) -> None:
        self._database = resources.database
        self._profiles = profiles

    def of_contact(self, key: str) -> list[dict[str, Any]]:
        """The contact's scores under all published profiles."""
        with self._database.read() as connection:
            contact = find_contact(connection, key)
            return [
                self._summary(connection, row) for row in score_reads.scores_of(connection, contact["id"])
            ]

    def _summary(self, connection: Connection, row: RowMapping) -> dict[str, Any]:
        profile = self._profiles.version(connection, row["id"], row["version"])
        return {
            "profile": row["profile"],
            "score": row["score"],
            "band": profile.band(row["score"]),
            "updated_at": iso(row["changed_at"]),
            "next_change_at": iso(row["due_at"]),
        }

    def one(
        self, key: str, profile_key: str, *, at: Micros | None = None, cursor: str | None = None, limit: int
    ) -> dict[str, Any]:
        """One score with its breakdown, as of the last scoring or `at` another time, and a page of its changes."""
        before = cursors.decode(cursor, "changes", (int,))
        with self._database.read() as connection:
            contact = find_contact(connection, key)
            row = self._profiles.row(connection, profile_key)
            if row is None or row["applies_to"] != "contact":
                known = self._profiles.keys(connection)
                raise NotFound(f'there is no profile "{profile_key}"{suggestion(profile_key, known)}')
            profile = self._profiles.published(connection, row)
            shown: dict[str, Any] = {"contact": key, "profile": profile_key, **_EMPTY}
            if profile is None:
                return shown
            stored = score_reads.stored_score(connection, row["id"], contact["id"])
            if stored is not None and stored["version"] <= row["emptied"]:
                stored = None
            if at is not None:
                shown |= self._folded(connection, profile, contact, at)
            elif stored is not None:
                shown |= self._standing(connection, contact, stored)
            found = score_reads.changes_of(
                connection, row["id"], contact["id"], before[0] if before else None, limit + 1
            )
        shown["history"] = [change_json(change) for change in found[:limit]]
        if len(found) > limit:
            shown["next"] = cursors.encode("changes", [found[limit - 1]["seq"]])
        return shown

    def _standing(self, connection: Connection, contact: RowMapping, stored: RowMapping) -> dict[str, Any]:
        """The ledger as the last scoring left it; of the version that was published then."""
        profile = self._profiles.version(connection, stored["profile_id"], stored["version"])
        entries = score_reads.entries_of(connection, stored["profile_id"], contact["id"])
        kept = score_reads.as_stored(stored)
        ledger = Ledger(profile, _record(connection, contact), kept.scored_at, kept.standing)
        return {
            "score": stored["score"],
            "band": profile.band(stored["score"]),
            "at": to_iso(kept.scored_at),
            "version": stored["version"],
            "updated_at": iso(stored["changed_at"]),
            "next_change_at": iso(stored["due_at"]),
            "breakdown": _lines(ledger, entries),
        }

    def _folded(
        self, connection: Connection, profile: CompiledProfile, contact: RowMapping, at: Micros
    ) -> dict[str, Any]:
        """The ledger at another time, from the whole applied history and the fields as they are now."""
        events, adjustments = score_reads.history_of(connection, profile.id, contact["id"])
        ledger = fold(profile, _record(connection, contact), events, adjustments, at)
        score = ledger.score()
        return {
            "score": score,
            "band": profile.band(score),
            "at": to_iso(at),
            "version": profile.version,
            "next_change_at": iso(ledger.next_change()),
            "breakdown": _lines(ledger, list(ledger.added.values())),
        }


_EMPTY: dict[str, Any] = {
    "score": None,
    "band": None,
    "at": None,
    "version": None,
    "updated_at": None,
    "next_change_at": None,
    "breakdown": [],
    "history": [],
    "next": None,
}


def _record(connection: Connection, contact: RowMapping) -> Record:
    facts = load_contacts(connection, [contact["id"]])[contact["id"]]
    return Record("contact", facts.created_at, facts)


def _lines(ledger: Ledger, entries: list[Any]) -> list[dict[str, Any]]:
    return [
        {"rule": rule, "points": points, "count": count} for rule, points, count in ledger.breakdown(entries)
    ]


def change_json(row: RowMapping) -> dict[str, Any]:
    """A score change with its cause."""
    shown: dict[str, Any] = {
        "previous": row["previous"],
        "current": row["current"],
        "cause": row["cause"],
        "at": to_iso(row["at"]),
        "version": row["version"],
        "silent": bool(row["silent"]),
    }
    if row["cause"] == "event" and row.get("event_type") is not None:
        shown["event"] = {
            "id": row["cause_id"],
            "type": row["event_type"],
            "occurred_at": to_iso(row["event_at"]),
        }
    if row["cause"] == "adjustment" and row.get("author") is not None:
        shown["adjustment"] = {"id": row["cause_id"], "reason": row["reason"], "author": row["author"]}
    return shown


def iso(moment: Micros | None) -> str | None:
    """A moment as text; None stays None."""
    return None if moment is None else to_iso(moment)
