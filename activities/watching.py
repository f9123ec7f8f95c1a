"""What a batch means for follow-ups that run: those that end early, and those whose wait is over."""

from collections.abc import Collection, Mapping
from typing import Any

from activities.published import Published
from activities.situation import Situation
from automations.model import Automation, ExitEvent
from automations.step_models import WaitForStep
from automations.steps import find_step
from conditions.times import Micros
from conditions.tree import Lookup, compile_conditions
from conditions.values import Value
from scoring.ledger import Event
from store import watching as rows
from store.connection import Connection, RowMapping
from store.follow_ups import about_deal
from store.pending import PendingEvent


def look(
    connection: Connection,
    published: Published,
    contact_ids: Collection[int],
    events: Collection[PendingEvent],
    now: Micros,
) -> int:
    """End and wake follow-ups of these contacts; how many. Everything of the batch is written by now.

    Silent changes count too: what a follow-up waits for has come about, whoever was to be spared an alert.
    """
    found = rows.watched(connection, contact_ids)
    if not found:
        return 0
    by_contact: dict[int, list[Event]] = {}
    for pending in events:
        by_contact.setdefault(pending.contact_id, []).append(pending.event)
    waits: dict[str, list[RowMapping]] = {}
    for wait in rows.open_waits(connection, [row["id"] for row in found]):
        waits.setdefault(wait["enrollment_id"], []).append(wait)
    count = 0
    for row in found:
        situation = Situation(
            connection, row, Automation.model_validate(row["definition"]), now, "", published
        )
        happened = [
            event
            for event in by_contact.get(row["contact_id"], ())
            if not about_deal(row) or event.deal == row["deal_id"]
        ]
        if _exits(situation, happened):
            rows.exit_early(connection, row["id"], "exit_when holds", now)
            count += 1
        else:
            count += sum(_meets(situation, wait, happened) for wait in waits.get(row["id"], ()))
    return count


def _exits(situation: Situation, events: list[Event]) -> bool:
    exit_when = situation.automation.exit_when
    if isinstance(exit_when, ExitEvent):
        return _happened(situation, exit_when.event, exit_when.where, events) is not None
    return exit_when is not None and compile_conditions(exit_when)(situation.lookup, situation.now)


def _meets(situation: Situation, wait: RowMapping, events: list[Event]) -> bool:
    step = find_step(situation.automation, wait["path"])
    if not isinstance(step, WaitForStep):
        raise TypeError(wait["path"])
    spec, event = step.wait_for, None
    if spec.event is not None:
        event = _happened(situation, spec.event, spec.where, events)
        if event is None:
            return False
    elif not compile_conditions(spec.filters or {})(situation.lookup, situation.now):
        return False
    event_id = event.id if event else None
    rows.meet(situation.connection, wait["enrollment_id"], wait["path"], event_id, situation.now)
    return True


def _happened(
    situation: Situation, event_type: str, where: Mapping[str, Any], events: list[Event]
) -> Event | None:
    """The first of the events that is of the type and satisfies `where`."""
    holds = compile_conditions(where)
    return next(
        (
            event
            for event in events
            if event.type == event_type and holds(_lookup(situation, event), situation.now)
        ),
        None,
    )


def _lookup(situation: Situation, event: Event) -> Lookup:
    def lookup(name: str) -> Value:
        if name.startswith(("contact.", "deal.")):
            return situation.lookup(name)
        value: Value = event.properties.get(name)
        return value

    return lookup
