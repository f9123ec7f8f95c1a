"""One trigger run over recorded changes or events, chunk by chunk, and what came of it."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from automations.durations import longest_duration
from automations.model import Automation
from conditions.activity import activity_of
from conditions.causes import Cause
from conditions.fields import CONTACT, DEAL
from conditions.times import Micros
from engine.admission.activity import Around, with_activity
from engine.admission.facts_reader import FactsReader
from engine.published import Published, compile_automation
from engine.scores.rewinding import History
from engine.subjects import Subject, Subjects, earlier_subject, record_id_of
from scoring.entries import Event, place_of
from scoring.progress import ScoreChange
from services.answers import iso
from services.design.profile_cache import ProfileCache
from services.foresight.answers import BacktestResult, Happened, OnDay, PastEnrollment, PastEnrollments
from services.records.another_time import histories
from services.resources import Conflict
from store.connection import Connection
from store.follow_ups import enrolling
from store.foresight import past
from store.records import contacts, deals, score_reads
from store.scoring.facts import Properties
from store.scoring.pending import NOTHING
from triggers.backtest import Entered, Replay
from triggers.compiled import TriggerIndex
from triggers.evaluate import Facts, is_armed, match_change, match_event

CHUNK = 2_000
#: Records that are shown, those that would have entered most often.
SHOWN = 100
_READS_EVENT = ("event.", "deal.")


class PastRun:
    """One backtest: reads the past in chunks and keeps what each record would have gone through."""

    def __init__(
        self,
        profiles: ProfileCache,
        published: Published,
        automation_id: int,
        automation: Automation,
        since: Micros,
    ) -> None:
        self._profiles = profiles
        self._published = published
        self._id = automation_id
        self._key = automation.key
        self._since = since
        spec = automation.trigger
        profile = published.by_key.get(spec.profile or "")
        if spec.profile is not None and profile is None:
            raise Conflict(
                f'the profile "{spec.profile}" is not published, so that it has no changes to look at'
            )
        self._profile = profile
        self._kind = profile.applies_to if profile is not None else CONTACT
        # Without bands, so that those of the time of each change decide.
        compiled = compile_automation(automation, automation_id)
        self._looks_at_fields = compiled.looks_at_fields
        self._trigger = replace(compiled, looks_at_fields=False)
        #: The trigger, and the same with `on_entry` in case that was meant.
        self._variants = [self._trigger]
        if profile is not None and not self._trigger.on_entry and spec.filters:
            self._variants.append(replace(self._trigger, on_entry=True))
        self._indexes = [TriggerIndex([variant]) for variant in self._variants]
        self._lasts = longest_duration(automation)
        reads = self._trigger.reads
        self._reads_events = any(name.startswith(_READS_EVENT) or activity_of(name) for name in reads)
        self._replays: dict[tuple[int, int | None], list[Replay]] = {}
        self._reads_fields = any(
            name.startswith(("contact.", "deal.")) and activity_of(name) is None for name in reads
        )
        self._reads_others = [
            one
            for one in published.profiles
            if one.key in self._indexes[0].scores_read and one is not profile
        ]
        self._cursor: Any = (0, 0) if profile is not None else 0
        self._histories: dict[int, History] = {}
        self.changes = 0
        self.more = True

    def step(self, connection: Connection) -> None:
        """Look at the next chunk."""
        if self._profile is not None:
            self._changes(connection)
        else:
            self._events(connection)

    def _changes(self, connection: Connection) -> None:
        profile = self._profile
        if profile is None:
            return
        changes = past.changes_since(connection, profile.id, self._since, self._cursor, CHUNK)
        self.more = len(changes) == CHUNK
        self.changes += len(changes)
        if not changes:
            return
        self._cursor = (changes[-1].record_id, changes[-1].seq)
        ids = {change.record_id for change in changes}
        subjects = Subjects(connection, NOTHING, self._published, {self._kind: ids})
        named: dict[str, past.PastEvent] = {}
        if self._reads_events:
            named = past.events_named(
                connection, [row.cause_id for row in changes if row.cause == Cause.EVENT]
            )
            subjects.know_deals({row.deal_id for row in named.values() if row.deal_id is not None})
        facts = self._facts(connection, subjects)
        self._remember(connection, subjects, changes)
        for row in changes:
            if not subjects.exists(self._kind, row.record_id):
                continue
            event = _event(named[row.cause_id]) if row.cause_id in named else None
            subject = subjects.subject(self._kind, row.record_id, event.deal if event else None)
            change = ScoreChange(
                seq=row.seq,
                previous=row.previous,
                current=row.current,
                cause=row.cause,
                cause_id=row.cause_id,
                event=event,
                silent=bool(row.silent),
                depth=row.depth,
            )
            of_version = self._profiles.version(connection, profile.id, row.version)
            known = self._known(connection, facts, subject, event, row.at)
            for index, replay in zip(self._indexes, self._of(*subject.guarded), strict=True):
                matches = match_change(index, of_version, change, known, row.at)
                replay.look(matches, row.current, row.at)

    def _events(self, connection: Connection) -> None:
        wanted = self._trigger.event_type or ""
        events, self.more = past.events_since(connection, wanted, self._since, self._cursor, CHUNK)
        self.changes += len(events)
        if not events:
            return
        self._cursor = events[-1].contact_id
        subjects = Subjects(
            connection, NOTHING, self._published, {CONTACT: {row.contact_id for row in events}}
        )
        subjects.know_deals({row.deal_id for row in events if row.deal_id is not None})
        facts = self._facts(connection, subjects)
        self._remember_events(connection, subjects)
        for row in events:
            if row.silent or row.contact_id not in subjects.contacts:
                continue
            event = _event(row)
            subject = Subject.enrolled(row.contact_id, row.deal_id, None)
            known = self._known(connection, facts, subject, event, row.received_at)
            for index, replay in zip(self._indexes, self._of(row.contact_id, row.deal_id), strict=True):
                replay.look(
                    match_event(index, event, row.depth, known, row.received_at), None, row.received_at
                )

    def _facts(self, connection: Connection, subjects: Subjects) -> FactsReader:
        """What filters read of the records, as they are now."""
        published = replace(self._published, triggers=self._indexes[0])
        facts = FactsReader(connection, published, subjects)
        facts.load_scores({})
        self._histories = histories(connection, subjects.contacts, self._since) if self._reads_fields else {}
        return facts

    def _known(
        self, connection: Connection, facts: FactsReader, subject: Subject, event: Event | None, at: Micros
    ) -> Facts:
        """What filters read of a record, as it was then; of its events, what was before this one."""
        known = facts.of(subject.contact_id, subject.deal_id)
        if subject.contact_id in self._histories:
            then = self._histories[subject.contact_id].at(at)
            known = replace(known, fields=then.lookup(known.fields, subject.deal_id))
        if self._reads_others:
            known = self._with_scores(connection, known, subject, at)
        if not facts.reads_activity:
            return known
        before = place_of(event) if event is not None else (at, "")
        around = Around(subject.contact_id, subject.deal_id)
        return replace(known, fields=with_activity(connection, known.fields, around, before))

    def _with_scores(self, connection: Connection, known: Facts, subject: Subject, at: Micros) -> Facts:
        """With the scores and bands of other profiles as they were shown then."""
        scores, bands = {**known.scores}, {**known.bands}
        for profile in self._reads_others:
            record_id = record_id_of(profile.applies_to, subject.contact_id, subject.deal_id)
            shown = (
                score_reads.shown_at(connection, profile.id, record_id, at) if record_id is not None else None
            )
            scores[profile.key] = shown["current"] if shown is not None else None
            bands[profile.key] = (
                self._profiles.version(connection, profile.id, shown["version"]).band(shown["current"])
                if shown is not None
                else None
            )
        return replace(known, scores=scores, bands=bands)

    def _of(self, contact_id: int, deal_id: int | None) -> list[Replay]:
        known = self._replays.get((contact_id, deal_id))
        if known is None:
            known = [Replay(variant, self._lasts) for variant in self._variants]
            self._replays[contact_id, deal_id] = known
        return known

    def _remember(self, connection: Connection, subjects: Subjects, changes: list[past.PastChange]) -> None:
        """Begin records of whom something is known from before with it."""
        profile = self._profile
        if not self._trigger.guarded or profile is None:
            return
        first = {change.record_id: change.seq for change in reversed(changes)}
        for earlier in enrolling.load_earlier(connection, [self._id], subjects.contacts):
            subject = Subject.enrolled(earlier.contact_id, earlier.deal_id, self._kind)
            record_id = subject.record_id
            if earlier.created_at >= self._since or record_id not in first or self._entered(*subject.guarded):
                continue
            for replay in self._of(*subject.guarded):
                replay.last_start = max(earlier.created_at, earlier.start_at)
                if replay.trigger.rearm is not None:
                    scores = enrolling.scores_between(
                        connection,
                        profile.id,
                        record_id,
                        earlier.change_seq,
                        earlier.created_at,
                        first[record_id],
                    )
                    replay.armed = is_armed(replay.trigger, scores, self._since)

    def _remember_events(self, connection: Connection, subjects: Subjects) -> None:
        """The same for a trigger on an event."""
        if self._trigger.guarded:
            for earlier in enrolling.load_earlier(connection, [self._id], subjects.contacts):
                if earlier.created_at < self._since:
                    for replay in self._of(*earlier_subject(earlier, self._published.kinds).guarded):
                        replay.last_start = max(earlier.created_at, earlier.start_at)

    def _entered(self, contact_id: int, deal_id: int | None) -> bool:
        known = self._replays.get((contact_id, deal_id))
        return known is not None and any(replay.enrollments or replay.skips for replay in known)

    def told(self, connection: Connection, days: int) -> BacktestResult:
        """The answer, as that of a draft; the run has looked back for `days`."""
        entered = {
            key: replays[0].enrollments for key, replays in self._replays.items() if replays[0].enrollments
        }
        skips = Counter(reason for replays in self._replays.values() for reason in replays[0].skips)
        count = sum(len(enrollments) for enrollments in entered.values())
        actual = past.enrolled_since(connection, self._id, self._since)
        about = {(contact_id, deal_id if self._kind == DEAL else None) for contact_id, deal_id, _ in actual}
        would = {(contact_id, deal_id if self._kind == DEAL else None) for contact_id, deal_id in entered}
        return BacktestResult(
            automation=self._key,
            version=None,
            days=days,
            since=iso(self._since),
            looked_at=self.changes,
            enrollments=count,
            records=len(entered),
            skipped=dict(sorted(skips.items())),
            per_day=_per_day(enrollments for enrollments in entered.values()),
            published=Happened(
                enrollments=len(actual),
                records=len(about),
                skipped=past.skipped_since(connection, self._id, self._since),
            ),
            only_here=len(would - about),
            only_published=len(about - would),
            warnings=[
                *([_WITHOUT_FIELDS] if self._looks_at_fields else []),
                *self._warnings(count, len(entered)),
            ],
            items=list(self._items(connection, entered)),
        )

    def _warnings(self, count: int, records: int) -> list[str]:
        if len(self._variants) == 1 or count <= records:
            return []
        crossings = sum(len(replays[1].enrollments) for replays in self._replays.values())
        if not 0 < crossings < count:
            return []
        kinds = self._kind if records == 1 else f"{self._kind}s"
        plural = "" if crossings == 1 else "s"
        return [
            (
                f"fires on every change: {count} enrollments of {records} {kinds}, did you mean on_entry? "
                f"That makes {crossings} enrollment{plural}"
            )
        ]

    def _items(
        self, connection: Connection, entered: dict[tuple[int, int | None], list[Entered]]
    ) -> Iterator[PastEnrollments]:
        most = sorted(entered.items(), key=lambda item: (-len(item[1]), item[1][0].at))[:SHOWN]
        contact_keys = contacts.contact_keys(connection, {key[0] for key, _ in most})
        deal_keys = deals.deal_keys(connection, {key[1] for key, _ in most if key[1] is not None})
        for (contact_id, deal_id), enrollments in most:
            yield PastEnrollments(
                contact=contact_keys.get(contact_id),
                deal=deal_keys.get(deal_id) if deal_id is not None else None,
                times=len(enrollments),
                entries=[
                    PastEnrollment(
                        at=iso(enrollment.at), previous=enrollment.previous, current=enrollment.current
                    )
                    for enrollment in enrollments[:SHOWN]
                ],
            )


_WITHOUT_FIELDS = (
    "looks at changes of the profile's scores alone, so that enrollments at changes of fields and other scores are "
    "missing"
)


def _event(row: past.PastEvent) -> Event:
    return Event(row.id, row.type, row.occurred_at, Properties(row.properties), row.deal_id)


def _per_day(entered: Iterable[list[Entered]]) -> list[OnDay]:
    """How many would have entered on each day (UTC) on which somebody would."""
    days = Counter(str(iso(enrollment.at))[:10] for enrollments in entered for enrollment in enrollments)
    return [OnDay(date=day, enrollments=count) for day, count in sorted(days.items())]
