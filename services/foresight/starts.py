"""What batches that are only looked at would start, added up."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from automations.model import Automation
from automations.steps.places import first_date
from automations.steps.waits import WaitUntil
from engine.admission.by_hand import count_past
from engine.batch import Batch
from engine.published import NO_DRAFTS, Drafts, in_place
from services.foresight.answers import WouldEnroll
from store.connection import Connection
from store.design import definitions
from store.follow_ups.enrolling import NewEnrollment


def first_dates(connection: Connection, drafts: Drafts = NO_DRAFTS) -> dict[int, WaitUntil | None]:
    """What the follow-ups of each published automation wait for first, by its id; `drafts` as if they were."""
    return {
        automation.id: first_date(Automation.model_validate(automation.definition))
        for automation in in_place(definitions.published_automations(connection), drafts.automations)
    }


@dataclass
class Starts:
    """By automation: who would enroll, for how many of these the date waited for is over, who is skipped and why."""

    dates: Mapping[int, WaitUntil | None]
    enrolled: Counter[int] = field(default_factory=Counter)
    past: Counter[int] = field(default_factory=Counter)
    skipped: Counter[tuple[int, str]] = field(default_factory=Counter)

    def add(self, batch: Batch, connection: Connection) -> Sequence[NewEnrollment]:
        """Decide about the matches of a batch, as it would be decided if it were saved; who would enroll."""
        decided = batch.enrolling.decide(connection)
        for enrollment in decided.enrollments:
            self.enrolled[enrollment.automation_id] += 1
        self.past += count_past(batch.enrolling, decided.enrollments, self.dates)
        for skip in decided.skips:
            self.skipped[skip.automation_id, skip.reason] += 1
        return decided.enrollments

    def told(self, names: Mapping[int, str], share: int = 1) -> list[WouldEnroll]:
        """By the automations' `names`. `share`: of how many records one was looked at."""
        fired = {*self.enrolled, *(automation for automation, _ in self.skipped)}
        return [
            WouldEnroll(
                automation=names[automation],
                enrolled=self.enrolled[automation] * share,
                past=self.past[automation] * share,
                skipped={
                    reason: number * share
                    for (of, reason), number in sorted(self.skipped.items())
                    if of == automation
                },
            )
            for automation in sorted(fired & names.keys(), key=lambda automation: names[automation])
        ]
