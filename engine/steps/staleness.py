"""Follow-ups that waited for their start: whether what they began with still holds."""

from collections.abc import Collection, Sequence

from automations.model import Automation
from channels.outbound import NOTHING
from conditions.times import Micros
from engine.published import Published
from engine.steps.happening import compiled, first_that_holds
from engine.steps.situation import Situation, StepFailed, automation_of
from engine.steps.working_set import WorkingSet
from store import meta
from store.connection import Connection, RowMapping
from triggers.evaluate import UNFILTERED


def stale(
    connection: Connection, published: Published, queued: Sequence[RowMapping], now: Micros
) -> Collection[str]:
    """Ids of those that the storm limit or a hold kept from starting, and whose filters do not hold any more.

    As in steps, `score`, `band` and the fields of records are present values, all else is that of the enrolling
    change, and a record's last events are those before it. Who was enrolled by hand or by another automation did not
    need filters to hold.
    """
    released_at = int(meta.get_fact(connection, meta.RELEASED) or 0)
    waited = [
        row
        for row in queued
        if row["started_at"] is None
        and row["cause"] not in UNFILTERED
        and (row["start_at"] > row["created_at"] or row["created_at"] < released_at)
    ]
    outdated = []
    shared = WorkingSet(connection, waited)
    for row in waited:
        automation = automation_of(row)
        if automation.trigger.queued == "look_again":
            situation = Situation(connection, row, automation, now, NOTHING, published, shared=shared)
            if not _holds(situation, automation):
                outdated.append(row["id"])
    return outdated


def _holds(situation: Situation, automation: Automation) -> bool:
    trigger, now = automation.trigger, situation.now
    try:
        event = situation.event
        situation.look_back()
        happened = not trigger.where or event is None
        if event is not None and not happened:
            happened = first_that_holds(situation, event.type, trigger.where, [event]) is not None
        return happened and compiled(trigger.filters)(situation.lookup, now)
    except StepFailed:  # the record is gone
        return False
