"""Scores of a record: all of them, or one with what it is made of, how it came about and how it will go on."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from conditions.causes import Cause
from conditions.moments import moment_from
from conditions.problems import suggestion
from conditions.times import Micros, to_iso
from engine.scores.coming import Coming
from scoring.breakdown import breakdown
from scoring.entries import ADJUSTMENTS, Entry
from scoring.forecast import Outlook, forecast
from scoring.ledger import Ledger
from services import cursors
from services.answers import Page, iso
from services.design.profile_cache import ProfileCache
from services.records import answers
from services.records.another_time import AnotherTime, LedgersAt
from services.records.answers import (
    BreakdownLine,
    CausingAdjustment,
    CausingEvent,
    Change,
    Score,
    ScoreEntry,
    ScoreSummary,
)
from services.records.kinds import Kind, find_record
from services.records.ledgers import breakdown_of, coming_of, no_dates, record_of
from services.resources import BadParameter, NotFound, Resources
from store.connection import Connection, RowMapping
from store.leftovers import REVOKE
from store.records import score_reads

#: How many coming changes are shown.
SHOWN_AHEAD = 10


class Scores:
    """Reads scores. Those of profiles that are not published are empty."""

    def __init__(self, resources: Resources, profiles: ProfileCache) -> None:
        self._database = resources.database
        self._clock = resources.clock
        self._zone = resources.settings.time_zone
        self._profiles = profiles

    def moment(self, text: str) -> Micros:
        """The moment that a person names, such as `2026-06-30`, `-7d` or `yesterday`; raises ValueError."""
        return moment_from(text, self._clock(), self._zone)

    def time(self, at: str | None, *, as_published: bool) -> AnotherTime | None:
        """The time that a person names, such as `2026-06-30` or `-7d`; None without one. Raises BadParameter."""
        if at is not None:
            return self.named_time(at, as_published=as_published)
        if as_published:
            raise BadParameter("as_published", "say of which time, with at, such as -7d")
        return None

    def named_time(self, at: str, *, as_published: bool) -> AnotherTime:
        """The same of one that is named."""
        try:
            moment = self.moment(at)
        except ValueError as error:
            raise BadParameter("at", str(error)) from None
        return AnotherTime.checked(moment, self._clock(), as_published=as_published)

    def of_record(self, kind: Kind, key: str, at: AnotherTime | None = None) -> Page[ScoreSummary]:
        """The record's scores under all published profiles, as of the last scoring or `at` another time."""
        with self._database.read() as connection:
            record = find_record(connection, kind, key)
            scores = score_reads.scores_of(connection, kind, record["id"])
            if at is None:
                return Page[ScoreSummary](items=[self._summary(connection, row) for row in scores], next=None)
            return Page[ScoreSummary](
                items=[self._summary_at(connection, row, record["id"], at) for row in scores], next=None
            )

    def _summary_at(
        self, connection: Connection, row: RowMapping, record_id: int, time: AnotherTime
    ) -> ScoreSummary:
        ledger = LedgersAt(connection, self._profiles, row, time).of(record_id).ledger
        score = ledger.score() if ledger is not None else None
        return ScoreSummary(
            profile=row["profile"],
            score=score,
            band=ledger.profile.band(score) if ledger is not None else None,
            at=to_iso(time.at),
            updated_at=None,
            next_change_at=None,
        )

    def _summary(self, connection: Connection, row: RowMapping) -> ScoreSummary:
        profile = self._profiles.version(connection, row["id"], row["version"])
        return ScoreSummary(
            profile=row["profile"],
            score=row["score"],
            band=profile.band(row["score"]),
            updated_at=iso(row["changed_at"]),
            next_change_at=iso(row["due_at"]),
        )

    def one(
        self,
        kind: Kind,
        key: str,
        profile_key: str,
        *,
        at: AnotherTime | None = None,
        cursor: str | None = None,
        limit: int,
    ) -> Score:
        """One score with its breakdown and outlook, as of the last scoring or `at` another time, and its changes."""
        before = cursors.decode(cursor, "changes", (int,))
        with self._database.read() as connection:
            record = find_record(connection, kind, key)
            row = self._profile(connection, kind, profile_key)
            profile = self._profiles.published(connection, row)
            score = _empty(kind, record["key"], profile_key)
            if profile is None:
                return score
            stored = _stored(connection, row, record["id"])
            score.notes = no_dates(profile, record_of(connection, kind, record["id"]))
            if at is not None:
                self._show_at(connection, score, row, record["id"], at)
            elif stored is not None:
                ledger = self._kept(connection, stored)
                coming = coming_of(connection, stored, ledger)
                _show_ledger(score, ledger, coming, breakdown_of(connection, stored, ledger))
                score.score, score.updated_at = stored["score"], iso(stored["changed_at"])
                score.next_change_at = iso(stored["due_at"])
            changes = score_reads.changes_of(
                connection,
                row["id"],
                record["id"],
                before[0] if before else None,
                limit + 1,
                until=at.at if at is not None else None,
            )
            taken, score.next = cursors.cut(changes, limit, "changes", lambda change: [change["seq"]])
            score.history = changes_of(connection, taken, Change.of)
        return score

    def _show_at(
        self, connection: Connection, score: Score, row: RowMapping, record_id: int, time: AnotherTime
    ) -> None:
        """Fill in what another time shows."""
        ledgers = LedgersAt(connection, self._profiles, row, time)
        ledger, notes = ledgers.of(record_id)
        if ledger is not None:
            _show_ledger(score, ledger, Coming(list(ledger.added.values())), breakdown(ledger))
        score.at = to_iso(time.at)
        score.notes = [*notes, *([] if time.as_published else score.notes)]
        if time.at <= self._clock():
            score.recorded = ledgers.recorded(record_id)

    def entries(
        self, kind: Kind, key: str, profile_key: str, *, rule: str | None, cursor: str | None, limit: int
    ) -> Page[ScoreEntry]:
        """The entries behind a score as of the last scoring, the newest first."""
        position = cursors.decode(cursor, "entries", (int, str, str))
        with self._database.read() as connection:
            record = find_record(connection, kind, key)
            row = self._profile(connection, kind, profile_key)
            stored = _stored(connection, row, record["id"]) if row["version"] is not None else None
            if stored is None:
                return Page[ScoreEntry](items=[], next=None)
            ledger = self._kept(connection, stored)
            after = (position[0], position[1], position[2]) if position else None
            entries = score_reads.entries_page(connection, row["id"], record["id"], rule, after, limit + 1)
            taken, following = cursors.cut(entries, limit, "entries", _place)
            return Page[ScoreEntry](items=_entries(connection, ledger, taken), next=following)

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


def _empty(kind: Kind, key: str, profile: str) -> Score:
    """A score of which nothing is known."""
    score = Score(
        profile=profile,
        score=None,
        band=None,
        at=None,
        version=None,
        updated_at=None,
        next_change_at=None,
        band_until=None,
        looked_until=None,
        breakdown=[],
        forecast=[],
        notes=[],
        history=[],
        next=None,
    )
    setattr(score, kind, key)
    return score


def _stored(connection: Connection, profile: RowMapping, record_id: int) -> RowMapping | None:
    """What is stored of a score; one from before the profile was last unpublished is empty."""
    stored = score_reads.stored_score(connection, profile["id"], record_id)
    return stored if stored is not None and stored["version"] > profile["emptied"] else None


def _show_ledger(score: Score, ledger: Ledger, coming: Coming, lines: Iterable[tuple[str, int, int]]) -> None:
    """Fill in what a ledger shows: the score, its lines, and how it will go on by time alone."""
    profile = ledger.profile
    now = ledger.score()
    band = profile.band(now)

    def enough(outlooks: list[Outlook]) -> bool:
        return len(outlooks) >= SHOWN_AHEAD and profile.band(outlooks[-1].score) != band

    ahead, looked_until = forecast(ledger, coming.entries, enough, coming.fading)
    leaves = next((outlook.at for outlook in ahead if profile.band(outlook.score) != band), None)
    score.score, score.band = now, band
    score.at = to_iso(ledger.now)
    score.version = profile.version
    score.next_change_at = iso(ledger.next_change())
    score.band_until = iso(leaves)
    score.looked_until = iso(looked_until) if leaves is None else None
    score.breakdown = [BreakdownLine(rule=rule, points=points, count=count) for rule, points, count in lines]
    score.forecast = [
        answers.Outlook(at=to_iso(outlook.at), score=outlook.score, band=profile.band(outlook.score))
        for outlook in ahead[:SHOWN_AHEAD]
    ]


def _place(entry: Entry) -> tuple[int, str, str]:
    return entry.starts_at, entry.cause_id, entry.rule


def _entries(connection: Connection, ledger: Ledger, entries: list[Entry]) -> list[ScoreEntry]:
    """Entries with their cause, and what they are worth at the ledger's moment."""
    by_hand = {entry.cause_id for entry in entries if entry.rule == ADJUSTMENTS}
    events = score_reads.events_by_id(connection, {entry.cause_id for entry in entries} - by_hand)
    adjustments = score_reads.adjustments_by_id(connection, by_hand)
    shown = []
    for entry in entries:
        score_entry = ScoreEntry(
            rule=entry.rule,
            points=entry.points,
            worth=ledger.worth(entry, ledger.now),
            starts_at=to_iso(entry.starts_at),
            ends_at=iso(entry.ends_at),
        )
        if entry.rule == ADJUSTMENTS:
            adjustment = adjustments.get(entry.cause_id)
            score_entry.adjustment = CausingAdjustment.of(adjustment) if adjustment is not None else None
        else:
            event = events.get(entry.cause_id)
            score_entry.event = CausingEvent.of(event) if event is not None else None
        shown.append(score_entry)
    return shown


ToldChange = TypeVar("ToldChange", bound=Change)


def changes_of(
    connection: Connection, causes: Sequence[RowMapping], told: Callable[[RowMapping], ToldChange]
) -> list[ToldChange]:
    """Score changes, each with the event or adjustment that caused it."""
    of_events = {row["cause_id"] for row in causes if row["cause"] == Cause.EVENT}
    of_events |= {row["cause_id"].removeprefix(REVOKE) for row in causes if row["cause"] == Cause.REVOKE}
    events = score_reads.events_by_id(connection, of_events)
    by_hand = {row["cause_id"] for row in causes if row["cause"] == Cause.ADJUSTMENT}
    adjustments = score_reads.adjustments_by_id(connection, by_hand)
    changes = []
    for row in causes:
        change = told(row)
        cause_id = row["cause_id"].removeprefix(REVOKE) if row["cause"] == Cause.REVOKE else row["cause_id"]
        if cause_id in events and row["cause"] != Cause.ADJUSTMENT:
            change.event = CausingEvent.of(events[cause_id])
        if cause_id in adjustments and row["cause"] == Cause.ADJUSTMENT:
            change.adjustment = CausingAdjustment.of(adjustments[cause_id])
        changes.append(change)
    return changes
