"""Scores of a record: all of them, or one with what it is made of, how it came about and how it will go on."""

from collections.abc import Iterable
from typing import Any

from conditions.problems import suggestion
from conditions.times import Micros, to_iso
from engine.batch import REVOKE
from scoring.breakdown import breakdown
from scoring.compiled import CompiledProfile
from scoring.fold import fold
from scoring.forecast import Outlook, forecast
from scoring.ledger import ADJUSTMENTS, Entry, Ledger, Record
from services import cursors
from services.design.profile_cache import ProfileCache
from services.records.kinds import Kind, find_record
from services.resources import NotFound, Resources
from store.connection import Connection, RowMapping
from store.records import score_reads
from store.scoring.facts import DealWithContact, load_contacts, load_deals

#: How many coming changes are shown.
SHOWN_AHEAD = 10


class Scores:
    """Reads scores. Those of profiles that are not published are empty."""

    def __init__(self, resources: Resources, profiles: ProfileCache) -> None:
        self._database = resources.database
        self._profiles = profiles

    def of_record(self, kind: Kind, key: str) -> list[dict[str, Any]]:
        """The record's scores under all published profiles."""
        with self._database.read() as connection:
            record = find_record(connection, kind, key)
            return [
                self._summary(connection, row)
                for row in score_reads.scores_of(connection, kind, record["id"])
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
        self,
        kind: Kind,
        key: str,
        profile_key: str,
        *,
        at: Micros | None = None,
        cursor: str | None = None,
        limit: int,
    ) -> dict[str, Any]:
        """One score with its breakdown and outlook, as of the last scoring or `at` another time, and its changes."""
        before = cursors.decode(cursor, "changes", (int,))
        with self._database.read() as connection:
            record = find_record(connection, kind, key)
            row = self._profile(connection, kind, profile_key)
            profile = self._profiles.published(connection, row)
            shown: dict[str, Any] = {kind: record["key"], "profile": profile_key, **_EMPTY}
            if profile is None:
                return shown
            stored = _stored(connection, row, record["id"])
            if at is not None:
                ledger = self._folded(connection, profile, record["id"], at)
                shown |= _ledger_json(ledger, ledger.added.values())
            elif stored is not None:
                ledger = self._kept(connection, stored)
                entries = score_reads.entries_of(connection, stored["profile_id"], record["id"])
                shown |= _ledger_json(ledger, entries)
                shown |= {"score": stored["score"], "updated_at": iso(stored["changed_at"])}
                shown |= {"next_change_at": iso(stored["due_at"])}
            found = score_reads.changes_of(
                connection, row["id"], record["id"], before[0] if before else None, limit + 1
            )
            rows, shown["next"] = cursors.cut(found, limit, "changes", lambda change: [change["seq"]])
            shown["history"] = changes_json(connection, rows)
        return shown

    def entries(
        self, kind: Kind, key: str, profile_key: str, *, rule: str | None, cursor: str | None, limit: int
    ) -> dict[str, Any]:
        """The entries behind a score as of the last scoring, the newest first."""
        position = cursors.decode(cursor, "entries", (int, str, str))
        with self._database.read() as connection:
            record = find_record(connection, kind, key)
            row = self._profile(connection, kind, profile_key)
            stored = _stored(connection, row, record["id"]) if row["version"] is not None else None
            if stored is None:
                return cursors.page([], None)
            ledger = self._kept(connection, stored)
            after = (position[0], position[1], position[2]) if position else None
            found = score_reads.entries_page(connection, row["id"], record["id"], rule, after, limit + 1)
            rows, following = cursors.cut(found, limit, "entries", _place)
            shown = _entries_json(connection, ledger, rows)
        return cursors.page(shown, following)

    def _profile(self, connection: Connection, kind: Kind, key: str) -> RowMapping:
        row = self._profiles.row(connection, key)
        if row is None:
            raise NotFound(f'there is no profile "{key}"{suggestion(key, self._profiles.keys(connection))}')
        if row["applies_to"] != kind:
            raise NotFound(f'the profile "{key}" scores {row["applies_to"]}s, not {kind}s')
        return row

    def _kept(self, connection: Connection, stored: RowMapping) -> Ledger:
        """The ledger as the last scoring left it; of the version that was published then."""
        profile = self._profiles.version(connection, stored["profile_id"], stored["version"])
        kept = score_reads.as_stored(stored)
        record = record_of(connection, profile.applies_to, stored["record_id"])
        return Ledger(profile, record, kept.scored_at, kept.standing)

    def _folded(self, connection: Connection, profile: CompiledProfile, record_id: int, at: Micros) -> Ledger:
        """The ledger at another time, from the whole applied history and the fields as they are now."""
        kind = profile.applies_to
        events, adjustments = score_reads.history_of(connection, kind, profile.id, record_id)
        deals = {event.deal for event in events if event.deal is not None}
        return fold(profile, record_of(connection, kind, record_id, deals), events, adjustments, at)


_EMPTY: dict[str, Any] = {
    "score": None,
    "band": None,
    "at": None,
    "version": None,
    "updated_at": None,
    "next_change_at": None,
    "band_until": None,
    "looked_until": None,
    "breakdown": [],
    "forecast": [],
    "history": [],
    "next": None,
}


def _stored(connection: Connection, profile: RowMapping, record_id: int) -> RowMapping | None:
    """What is stored of a score; one from before the profile was last unpublished is empty."""
    stored = score_reads.stored_score(connection, profile["id"], record_id)
    return stored if stored is not None and stored["version"] > profile["emptied"] else None


def record_of(connection: Connection, kind: str, record_id: int, deals: Iterable[int] = ()) -> Record:
    """The record as rules read it, with the fields of the deals that its events name."""
    if kind == "deal":
        deal = load_deals(connection, [record_id])[record_id]
        contact = load_contacts(connection, [deal.contact_id]).get(deal.contact_id)
        if contact is None:
            raise NotFound(f'the contact of the deal "{deal.key}" is being erased')
        return Record(kind, deal.created_at, DealWithContact(deal, contact))
    facts = load_contacts(connection, [record_id])[record_id]
    known = load_deals(connection, list(deals))
    return Record(
        kind,
        facts.created_at,
        facts,
        lambda deal_id, name: known[deal_id](name) if deal_id in known else None,
    )


def _ledger_json(ledger: Ledger, entries: Iterable[Entry]) -> dict[str, Any]:
    """What a ledger shows: the score, its lines, and how it will go on by time alone."""
    kept, profile = list(entries), ledger.profile
    score = ledger.score()
    band = profile.band(score)

    def enough(found: list[Outlook]) -> bool:
        return len(found) >= SHOWN_AHEAD and profile.band(found[-1].score) != band

    ahead, looked_until = forecast(ledger, kept, enough)
    leaves = next((outlook.at for outlook in ahead if profile.band(outlook.score) != band), None)
    return {
        "score": score,
        "band": band,
        "at": to_iso(ledger.now),
        "version": profile.version,
        "next_change_at": iso(ledger.next_change()),
        "band_until": iso(leaves),
        "looked_until": iso(looked_until) if leaves is None else None,
        "breakdown": [
            {"rule": rule, "points": points, "count": count}
            for rule, points, count in breakdown(ledger, kept)
        ],
        "forecast": [
            {"at": to_iso(outlook.at), "score": outlook.score, "band": profile.band(outlook.score)}
            for outlook in ahead[:SHOWN_AHEAD]
        ],
    }


def _place(entry: Entry) -> tuple[int, str, str]:
    return entry.starts_at, entry.cause_id, entry.rule


def _entries_json(connection: Connection, ledger: Ledger, entries: list[Entry]) -> list[dict[str, Any]]:
    """Entries with their cause, and what they are worth at the ledger's moment."""
    by_hand = {entry.cause_id for entry in entries if entry.rule == ADJUSTMENTS}
    events = score_reads.events_by_id(connection, {entry.cause_id for entry in entries} - by_hand)
    adjustments = score_reads.adjustments_by_id(connection, by_hand)
    shown = []
    for entry in entries:
        row: dict[str, Any] = {
            "rule": entry.rule,
            "points": entry.points,
            "worth": ledger.worth(entry, ledger.now),
            "starts_at": to_iso(entry.starts_at),
            "ends_at": iso(entry.ends_at),
        }
        if entry.rule == ADJUSTMENTS:
            row["adjustment"] = _adjustment_json(adjustments.get(entry.cause_id))
        else:
            row["event"] = _event_json(events.get(entry.cause_id))
        shown.append(row)
    return shown


def changes_json(connection: Connection, rows: Iterable[RowMapping]) -> list[dict[str, Any]]:
    """Score changes, each with the event or adjustment that caused it."""
    found = list(rows)
    of_events = {row["cause_id"] for row in found if row["cause"] == "event"}
    of_events |= {row["cause_id"].removeprefix(REVOKE) for row in found if row["cause"] == "revoke"}
    events = score_reads.events_by_id(connection, of_events)
    by_hand = {row["cause_id"] for row in found if row["cause"] == "adjustment"}
    adjustments = score_reads.adjustments_by_id(connection, by_hand)
    shown = []
    for row in found:
        change: dict[str, Any] = {
            "previous": row["previous"],
            "current": row["current"],
            "cause": row["cause"],
            "at": to_iso(row["at"]),
            "version": row["version"],
            "silent": bool(row["silent"]),
        }
        cause_id = row["cause_id"].removeprefix(REVOKE) if row["cause"] == "revoke" else row["cause_id"]
        if cause_id in events and row["cause"] != "adjustment":
            change["event"] = _event_json(events[cause_id])
        if cause_id in adjustments and row["cause"] == "adjustment":
            change["adjustment"] = _adjustment_json(adjustments[cause_id])
        shown.append(change)
    return shown


def _event_json(row: RowMapping | None) -> dict[str, Any] | None:
    if row is None:
        return None
    return {"id": row["id"], "type": row["type"], "occurred_at": to_iso(row["occurred_at"])}


def _adjustment_json(row: RowMapping | None) -> dict[str, Any] | None:
    return None if row is None else {"id": row["id"], "reason": row["reason"], "author": row["author"]}


def iso(moment: Micros | None) -> str | None:
    """A moment as text; None stays None."""
    return None if moment is None else to_iso(moment)
