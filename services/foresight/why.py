"""Why an automation did or did not enroll a record: an answer for each recent change, filter by filter."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from automations.model import Automation
from conditions.causes import Cause
from conditions.describing import explain
from conditions.problems import suggestion
from conditions.times import Micros, to_iso
from conditions.tree import Lookup, compile_conditions
from engine.admission.activity import Around, with_activity
from engine.published import compile_automation
from engine.subjects import Subject
from runtime.settings import Settings
from runtime.temporal import workflow_url
from scoring.compiled import CompiledProfile
from scoring.entries import Event, place_of
from scoring.progress import ScoreChange
from services.answers import iso
from services.design.definitions import find_definition
from services.design.profile_cache import ProfileCache
from services.foresight.answers import (
    Besides,
    Explained,
    Explanation,
    FilterVerdict,
    GuardVerdict,
    Outcome,
)
from services.foresight.why_guards import GuardedChange, verdicts
from services.records.answers import CausingEvent, Change
from services.records.kinds import Kind, find_record
from services.records.ledgers import record_of
from services.records.scores import changes_of
from services.resources import BadParameter, Resources
from store.connection import Connection, RowMapping
from store.design import definitions
from store.follow_ups import effects
from store.foresight import why as causes
from store.records import score_reads
from store.scoring.facts import event_of
from triggers.compiled import CompiledTrigger
from triggers.evaluate import Facts, change_lookup, event_lookup, set_back, where_lookup

_SAYINGS: Mapping[Outcome, str] = {
    "enrolled": "enrolled",
    "silent": "the change was silent, so that it starts nothing",
    "filters": "not all filters hold",
    "where": "the event does not satisfy `where`",
    "inside": "on_entry: the filters held before the change too, with the record's fields as they are now, so that the "
    "score entered nothing",
    "unpublished": "no version of the automation was published then",
    "rearm": "on_entry: since the last start the score has not been where `rearm` wants it",
    "elsewhere": "the version of the automation that was published then looked at something else",
    "otherwise": "everything holds now: the record's fields, or scores of other profiles, were others then",
}


class Why:
    """Explains automations. Nothing is stored for it: every answer is worked out from changes and events."""

    def __init__(self, resources: Resources, profiles: ProfileCache) -> None:
        self._resources = resources
        self._profiles = profiles

    def explain(self, key: str, *, contact: str | None, deal: str | None, limit: int) -> Explanation:
        """The newest changes (or, for a trigger on an event, events) of a record, each with the verdict.

        Fields of records and scores of other profiles are read as they are now.
        """
        if (contact is None) == (deal is None):
            raise BadParameter("contact", "name either a contact or a deal")
        kind: Kind = "contact" if deal is None else "deal"
        now = self._resources.clock()
        with self._resources.database.read() as connection:
            row = find_definition(connection, definitions.AUTOMATIONS, key)
            record = find_record(connection, kind, contact or deal or "")
            about = About(connection, row, kind, record, now, self._profiles)
            trigger = about.automation.trigger
            if trigger.profile is None:
                items = _events(about, trigger.event or "", limit, self._resources.settings)
            else:
                items = self._changes(about, trigger.profile, limit)
            profile = self._profiles.row(connection, trigger.profile) if trigger.profile else None
            besides = causes.besides(
                connection,
                row["id"],
                kind,
                record["id"],
                profile["id"] if profile is not None else None,
                limit,
            )
        return Explanation(
            **{kind: record["key"]},
            automation=key,
            version=row["version"],
            items=items,
            besides=[
                Besides(
                    at=iso(one["at"]),
                    cause=one["cause"],
                    enrollment=one["enrollment"],
                    reason=one["reason"],
                )
                for one in besides
            ],
        )

    def _changes(self, about: "About", profile_key: str, limit: int) -> list[Explained]:
        connection = about.connection
        row = self._profiles.row(connection, profile_key)
        if row is None:
            known = self._profiles.keys(connection)
            raise BadParameter(
                "contact", f'there is no profile "{profile_key}"{suggestion(profile_key, known)}'
            )
        if row["applies_to"] != about.kind:
            raise BadParameter(
                about.kind,
                f"the automation looks at scores of {row['applies_to']}s; name a {row['applies_to']}",
            )
        changes = score_reads.changes_of(connection, row["id"], about.record["id"], None, limit)
        fates = causes.fates(
            connection, about.row["id"], [f"{row['id']}:{change['cause_id']}" for change in changes]
        )
        explained = []
        for change, told in zip(changes, changes_of(connection, changes, Change.of), strict=True):
            profile = self._profiles.version(connection, row["id"], change["version"])
            about.go_to(change["at"])
            moved, lookup = about.change(profile, change)
            fate = fates.get(f"{row['id']}:{change['cause_id']}")
            holds = compile_conditions(about.automation.trigger.filters)
            outcome = _outcome(fate, told.silent, change["at"], about.published)
            if outcome is None and about.automation.trigger.profile != profile_key:
                outcome = "elsewhere"
            if outcome is None and not holds(lookup, about.now):
                outcome = "filters"
            on_entry = about.automation.trigger.fires == "on_entry"
            if outcome is None and on_entry and holds(set_back(lookup, profile, moved), about.now):
                outcome = "inside"
            moment = GuardedChange(change["at"], change["seq"], change["depth"], about.record["id"])
            guards = about.guards(moment, row["id"])
            if outcome is None and any(said.guard == "rearm" and not said.holds for said in guards):
                outcome = "rearm"
            explanation = _explained(
                about,
                outcome,
                fate,
                lookup=lookup,
                settings=self._resources.settings,
                at=told.at,
                cause=told.cause,
            )
            explanation.guards = guards
            explanation.previous, explanation.current = told.previous, told.current
            explanation.version, explanation.silent = told.version, told.silent
            if told.event is not None:
                explanation.event = told.event
            if told.adjustment is not None:
                explanation.adjustment = told.adjustment
            explained.append(explanation)
        return explained


def _events(about: "About", event_type: str, limit: int, settings: Settings) -> list[Explained]:
    connection = about.connection
    events = causes.events_of(connection, about.kind, about.record["id"], event_type, limit)
    fates = causes.fates(connection, about.row["id"], [f"event:{event['id']}" for event in events])
    explained = []
    for row in events:
        event = event_of(row)
        about.go_to(row["received_at"])
        trigger = about.automation.trigger
        facts = about.facts(event, event.at)
        lookup = event_lookup(event, facts)
        fate = fates.get(f"event:{event.id}")
        outcome = _outcome(fate, row["silent"], row["received_at"], about.published)
        if outcome is None and trigger.event != event_type:
            outcome = "elsewhere"

        bare = where_lookup(event, facts.fields)
        if outcome is None and not compile_conditions(trigger.where)(bare, about.now):
            outcome = "where"
        if outcome is None and not compile_conditions(trigger.filters)(lookup, about.now):
            outcome = "filters"
        explanation = _explained(
            about,
            outcome,
            fate,
            lookup=lookup,
            settings=settings,
            at=to_iso(row["received_at"]),
            cause=Cause.EVENT,
        )
        explanation.event = CausingEvent.of(row)
        explanation.filters = _tests(trigger.where, bare, about.now) + explanation.filters
        at = fate["at"] if fate is not None else row["received_at"]
        skipped = fate is not None and fate["reason"] is not None
        moment = GuardedChange(at, None, row["depth"], about.record["id"], skipped)
        explanation.guards = about.guards(moment, None)
        explained.append(explanation)
    return explained


class About:
    """What one question is about."""

    def __init__(
        self,
        connection: Connection,
        row: RowMapping,
        kind: Kind,
        record: RowMapping,
        now: Micros,
        profiles: ProfileCache,
    ) -> None:
        self.connection = connection
        self.row = row
        self.kind = kind
        self.record = record
        self.now = now
        self._versions = definitions.versions_of(connection, definitions.AUTOMATIONS, row["id"])
        self.published: Micros | None = min((one["published_at"] for one in self._versions), default=None)
        self._known: dict[int | None, tuple[Automation, CompiledTrigger]] = {}
        self._take(row["version"])
        self.lives = causes.lives(connection, row["id"], kind, record["id"])
        subject = Subject.of_record(kind, record)
        scores = effects.present_scores(connection, subject.contact_id, subject.deal_id)
        self._scores = {key: score for key, (_, score) in scores.items()}
        self._bands: dict[str, str | None] = {}
        for key, score in self._scores.items():
            profile_row = profiles.row(connection, key)
            profile = profiles.published(connection, profile_row) if profile_row is not None else None
            self._bands[key] = profile.band(score) if profile is not None else None

    def go_to(self, at: Micros) -> None:
        """Take the version that was the newest one then; where there was none, what is published now, or the draft."""
        then = (one["version"] for one in self._versions if one["published_at"] <= at)
        self._take(next(then, self.row["version"]))

    def _take(self, version: int | None) -> None:
        if version not in self._known:
            definition = self.row["draft"]
            if version is not None:
                definition = next(row["definition"] for row in self._versions if row["version"] == version)
            automation = Automation.model_validate(definition)
            trigger = compile_automation(automation, self.row["id"])
            self._known[version] = automation, trigger
        self.version = version
        self.automation, self.trigger = self._known[version]

    def facts(self, event: Event | None, at: Micros) -> Facts:
        """What filters read; of events, what was before this one, or before that time."""
        deals = [event.deal] if event is not None and event.deal is not None else []
        record = record_of(self.connection, self.kind, self.record["id"], deals)
        fields = partial(record.beside, event.deal if event else None)
        deal_id = self.record["id"] if self.kind == "deal" else event.deal if event is not None else None
        contact_id = self.record["id"] if self.kind == "contact" else self.record["contact_id"]
        before = place_of(event) if event is not None else (at, "")
        around = Around(contact_id, deal_id)
        return Facts(with_activity(self.connection, fields, around, before), self._scores, self._bands)

    def guards(self, moment: GuardedChange, profile_id: int | None) -> list[GuardVerdict]:
        """What the guards said at a moment."""
        spec = self.automation.trigger
        return verdicts(self.connection, spec, self.trigger, profile_id, self.lives, moment)

    def change(self, profile: CompiledProfile, row: RowMapping) -> tuple[ScoreChange, Lookup]:
        """A recorded change as triggers saw it."""
        event = None
        if row["cause"] == Cause.EVENT:
            cause = effects.load_event(self.connection, row["cause_id"])
            if cause is not None:
                event = event_of(cause)
        change = ScoreChange(
            seq=row["seq"],
            previous=row["previous"],
            current=row["current"],
            cause=row["cause"],
            cause_id=row["cause_id"],
            event=event,
            silent=bool(row["silent"]),
            depth=row["depth"],
        )
        return change, change_lookup(profile, change, self.facts(event, row["at"]))


def _outcome(
    fate: Mapping[str, Any] | None, silent: Any, at: Micros, published: Micros | None
) -> Outcome | None:
    """What is known without looking at filters."""
    if fate is not None:
        return "enrolled" if fate["enrollment"] is not None else "skipped"
    if published is None or at < published:
        return "unpublished"
    return "silent" if silent else None


def _explained(
    about: About,
    outcome: Outcome | None,
    fate: Mapping[str, Any] | None,
    *,
    lookup: Lookup,
    settings: Settings,
    at: str,
    cause: str,
) -> Explained:
    """What happened then with its verdict, without what guards say."""
    workflow_id = None
    if fate is not None and fate["enrollment"] is not None:
        workflow_id = fate["workflow_id"]
    outcome = outcome or "otherwise"
    reason = fate["reason"] if fate is not None else None
    return Explained(
        at=at,
        cause=cause,
        outcome=outcome,
        why=f"skipped: {reason}" if outcome == "skipped" else _SAYINGS[outcome],
        reason=reason,
        automation_version=about.version,
        enrollment=fate["enrollment"] if fate is not None else None,
        workflow_id=workflow_id,
        workflow_url=workflow_url(settings, workflow_id) if workflow_id is not None else None,
        filters=_tests(about.automation.trigger.filters, lookup, about.now),
        guards=[],
    )


def _tests(raw: Mapping[str, Any], lookup: Lookup, now: Micros) -> list[FilterVerdict]:
    return [
        FilterVerdict(text=verdict.text, actual=verdict.actual, holds=verdict.holds)
        for verdict in explain(raw, lookup, now)
    ]
