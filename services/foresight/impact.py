"""The blast radius of definitions that are about to change: whom they would touch. Writes nothing."""

from collections import Counter
from collections.abc import Callable, Sequence

from automations.model import Automation
from engine.published import Drafts
from runtime.statuses import EnrollmentStatus
from services.design.plan import DocumentPlan
from services.follow_ups.enrollment import EnrollByHand
from services.foresight.answers import (
    AutomationImpact,
    DocumentImpact,
    ProfileImpact,
    TouchedRecord,
    WouldStart,
)
from services.foresight.as_applied import drafts_of
from services.foresight.backtest import Backtest
from services.foresight.preview import Progress, Touched, look_ahead
from services.records.kinds import Kind
from services.resources import Conflict, Resources
from store.design import definitions
from store.follow_ups import statistics
from store.follow_ups.enrolling import NewEnrollment
from store.records import lists as record_lists

DAYS = 30
#: Who is named where not all are asked for.
FIRST = 5

TellRecords = Callable[[Sequence[TouchedRecord]], None]


def _no_progress(_done: int, _total: int) -> None:
    """Nobody waits for it."""


class Impact:
    """Asks previews and backtests about documents that are not stored."""

    def __init__(self, resources: Resources, backtest: Backtest, by_hand: EnrollByHand) -> None:
        self._resources = resources
        self._backtest = backtest
        self._by_hand = by_hand

    def of(
        self,
        plan: DocumentPlan,
        together: Sequence[DocumentPlan] = (),
        progress: Progress = _no_progress,
        told: TellRecords | None = None,
    ) -> DocumentImpact | None:
        """What publishing one document would touch; None where nothing is published, or nobody touched.

        A profile: records, how many scores change, moves between bands, what `fire` would start. An automation:
        follow-ups that run on with their version, how many match now, and the last 30 days as the new trigger would
        have seen them, beside what was enrolled. `together`: all that is published with it, which counts for what
        would start. `told` is called with everybody, some at a time.
        """
        if not plan.publishes:
            return None
        if plan.kind == "score_profile":
            return self._of_profile(plan, self._drafts(together or [plan]), progress, told)
        return self._of_automation(plan, told) if plan.kind == "automation" else None

    def promised(
        self, planned: Sequence[DocumentPlan], progress: Progress = _no_progress
    ) -> list[WouldStart]:
        """What publishing these with `fire` would start, by automation: scored and matched as the publish does."""
        drafts = self._drafts(planned)
        enrolled: Counter[str] = Counter()
        past: Counter[str] = Counter()
        for plan in planned:
            if plan.publishes and plan.kind == "score_profile":
                for one in look_ahead(self._resources, plan.key, drafts, progress).enrollments or []:
                    enrolled[one.automation] += one.enrolled
                    past[one.automation] += one.past
        return [
            WouldStart(automation=key, enrolled=count, past=past[key])
            for key, count in sorted(enrolled.items())
            if count
        ]

    def _drafts(self, planned: Sequence[DocumentPlan]) -> Drafts:
        with self._resources.database.read() as connection:
            return drafts_of(connection, planned, self._resources.clock())

    def _of_profile(
        self, plan: DocumentPlan, drafts: Drafts, progress: Progress, told: TellRecords | None
    ) -> ProfileImpact:
        first: list[TouchedRecord] = []

        def tell(touched: Sequence[Touched]) -> None:
            wanted = touched if told is not None else touched[: FIRST - len(first)]
            if wanted:
                named = self._named(plan, kind, wanted)
                first.extend(named[: FIRST - len(first)])
                if told is not None:
                    told(named)

        kind: Kind = plan.document.raw.get("applies_to", "contact")
        with self._resources.database.read() as connection:
            row = definitions.find(connection, definitions.PROFILES, plan.key)
        preview = look_ahead(self._resources, plan.key, drafts, progress, tell)
        return ProfileImpact(
            records=preview.done,
            new=row is None or row["version"] is None,
            changed=preview.changed,
            first=first,
            band_moves=preview.band_moves or [],
            fire=[
                WouldStart(automation=one.automation, enrolled=one.enrolled, past=one.past)
                for one in preview.enrollments or []
            ],
        )

    def _named(self, plan: DocumentPlan, kind: Kind, touched: Sequence[Touched]) -> list[TouchedRecord]:
        with self._resources.database.read() as connection:
            names = record_lists.names(connection, kind, [one.record_id for one in touched])
        return [
            TouchedRecord(
                kind=plan.kind,
                definition=plan.key,
                **{kind: names[one.record_id][0]},
                name=names[one.record_id][1],
                before=one.before,
                after=one.after,
                band_before=one.band_before,
                band_after=one.band_after,
                starts=one.starts,
            )
            for one in touched
            if one.record_id in names
        ]

    def _of_automation(self, plan: DocumentPlan, told: TellRecords | None) -> AutomationImpact:
        automation = Automation.model_validate(plan.document.raw)
        running = 0
        with self._resources.database.read() as connection:
            row = definitions.find(connection, definitions.AUTOMATIONS, automation.key)
            if row is not None:
                counts = statistics.by_status(connection, row["id"], None)
                running = counts.get(EnrollmentStatus.QUEUED, 0) + counts.get(EnrollmentStatus.RUNNING, 0)
        automation_id = row["id"] if row is not None else 0
        try:
            past = self._backtest.look_back(automation, automation_id, DAYS)
            impact = AutomationImpact(
                running=running,
                days=DAYS,
                enrollments=past.enrollments,
                records=past.records,
                published=past.published,
                only_here=past.only_here,
                only_published=past.only_published,
                warnings=past.warnings,
            )
            if automation.trigger.profile is not None:
                self._match(plan, automation, automation_id, impact, told)
        except Conflict as error:
            return AutomationImpact(running=running, unknown=str(error))
        return impact

    def _match(
        self,
        plan: DocumentPlan,
        automation: Automation,
        automation_id: int,
        impact: AutomationImpact,
        told: TellRecords | None,
    ) -> None:
        """Count and name those who match now."""
        impact.matching_now, impact.first = 0, []
        for enrollments, past in self._by_hand.matching(automation, automation_id):
            impact.matching_now += len(enrollments)
            impact.past += past
            wanted = enrollments if told is not None else enrollments[: FIRST - len(impact.first)]
            if wanted:
                named = self._matching(plan, wanted)
                impact.first.extend(named[: FIRST - len(impact.first)])
                if told is not None:
                    told(named)

    def _matching(self, plan: DocumentPlan, enrollments: Sequence[NewEnrollment]) -> list[TouchedRecord]:
        with self._resources.database.read() as connection:
            contacts = record_lists.names(connection, "contact", {one.contact_id for one in enrollments})
            deals = record_lists.names(
                connection, "deal", {one.deal_id for one in enrollments if one.deal_id is not None}
            )
        nobody = (None, None)
        return [
            TouchedRecord(
                kind=plan.kind,
                definition=plan.key,
                contact=contacts.get(one.contact_id, nobody)[0],
                deal=deals.get(one.deal_id or 0, nobody)[0],
                name=deals.get(one.deal_id or 0, contacts.get(one.contact_id, nobody))[1],
                before=one.previous,
                after=one.current,
                starts=[plan.key],
            )
            for one in enrollments
        ]
