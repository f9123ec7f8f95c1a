"""The blast radius of definitions that are about to change: whom they would touch. Writes nothing."""

from collections.abc import Callable, Mapping
from typing import Any

from automations.model import Automation
from runtime.statuses import EnrollmentStatus
from scoring.profile import ScoreProfile
from services.design.plan import DocumentPlan
from services.follow_ups.enrollment import EnrollByHand
from services.foresight.answers import AutomationImpact, DocumentImpact, ProfileImpact, WouldStart
from services.foresight.backtest import Backtest
from services.foresight.preview import preview_of
from services.resources import Conflict, Resources
from store.design import definitions
from store.follow_ups import statistics
from store.records import lists as record_lists

Progress = Callable[[int, int], None]
DAYS = 30


class Impact:
    """Asks previews and backtests about documents that are not stored."""

    def __init__(self, resources: Resources, backtest: Backtest, by_hand: EnrollByHand) -> None:
        self._resources = resources
        self._backtest = backtest
        self._by_hand = by_hand
        self._of_kind: Mapping[str, Callable[[Any, Progress], DocumentImpact]] = {
            "score_profile": self._of_profile,
            "automation": self._of_automation,
        }

    def of(
        self, plan: DocumentPlan, progress: Progress = lambda _done, _total: None
    ) -> DocumentImpact | None:
        """What publishing one document would touch; None where nothing is published, or nobody touched.

        A profile: records, how many scores change, moves between bands, what `fire` would start. An automation:
        follow-ups that run on with their version, how many match now, and the last 30 days as the new trigger would
        have seen them, beside what was enrolled.
        """
        of_kind = self._of_kind.get(plan.kind)
        return of_kind(plan.document.model, progress) if of_kind is not None and plan.publishes else None

    def _of_profile(self, profile: ScoreProfile, progress: Progress) -> ProfileImpact:
        with self._resources.database.read() as connection:
            row = definitions.find(connection, definitions.PROFILES, profile.key)
            records = record_lists.count(connection, profile.applies_to, None, [])
        if row is None or row["draft"].get("applies_to", "contact") != profile.applies_to:
            return ProfileImpact(records=records, new=True)
        preview = preview_of(self._resources, profile.key, profile, progress)
        return ProfileImpact(
            records=preview.done,
            new=row["version"] is None,
            changed=preview.changed,
            band_moves=preview.band_moves or [],
            fire=[
                WouldStart(automation=one.automation, enrolled=one.enrolled, past=one.past)
                for one in preview.enrollments or []
            ],
        )

    def _of_automation(self, automation: Automation, _progress: Progress) -> AutomationImpact:
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
                impact.matching_now = self._by_hand.count_matching(automation, automation_id)
        except Conflict as error:
            return AutomationImpact(running=running, unknown=str(error))
        return impact
