"""How a follow-up that is tried begins: as its trigger would have it or, where that enrolls nobody, all the same."""

from dataclasses import dataclass, replace
from typing import NamedTuple

from uuid_utils import uuid7

from automations.model import Automation, definition
from conditions.describing import Verdict, explain
from conditions.fields import DEAL
from conditions.tree import compile_conditions
from engine.admission.admitting import Decided
from engine.admission.by_hand import Wanted, enlist
from engine.published import compile_automation
from engine.rehearsal.scene import Scene
from engine.steps.happening import compiled
from engine.steps.situation import Situation
from runtime.statuses import EventStatus
from scoring.entries import Event
from store.follow_ups import enrolling, enrollments, starting
from store.foresight import copies
from store.foresight.why import fates
from store.intake.internal_events import EventRow, add_events
from store.records import score_reads
from triggers.compiled import CompiledTrigger, TriggerIndex
from triggers.evaluate import where_lookup


class Named(NamedTuple):
    """Whom the follow-up is about; of a deal also its contact. A contact's may name a deal besides."""

    kind: str
    contact_id: int
    deal_id: int | None

    @property
    def record_id(self) -> int:
        return self.deal_id if self.kind == DEAL and self.deal_id is not None else self.contact_id


class Given(NamedTuple):
    """The event with which it begins; `properties` is JSON text."""

    type: str
    properties: str


@dataclass(frozen=True)
class Version:
    """What is tried. `id`: of the stored automation of that key, or one that no other has.

    `paused`: it enrolls nobody.
    """

    automation: Automation
    id: int
    number: int
    paused: bool = False


@dataclass(frozen=True)
class Entered:
    """The follow-up, and whether its trigger would have begun it: `enrolls`, or `skipped` with a reason.

    `holds`: the filters do, and `where`; `tests` in the order written. `over`: `exit_when` holds from the beginning on,
    and is not asked any more. `cause`: what it begins with. Enrollments with ids above `before` were made since.
    """

    enrollment_id: str
    cause: str
    enrolls: bool
    skipped: str | None
    holds: bool
    tests: list[Verdict]
    over: bool
    before: str


def enter(scene: Scene, version: Version, named: Named, given: Given | None) -> Entered:
    """Begin. What has been waiting to be scored is scored before; then the event is taken in as any other is."""
    profile = scene.published.by_key.get(version.automation.trigger.profile or "")
    trigger = compile_automation(
        version.automation,
        version.id,
        version.number,
        profile.bands if profile is not None else (),
        paused=version.paused,
    )
    others = [one for one in scene.published.triggers.triggers if one.automation_id != version.id]
    scene.published = replace(scene.published, triggers=TriggerIndex([*others, trigger]))
    copies.put_automation(
        scene.connection,
        version.id,
        version.automation.key,
        version.number,
        {"kind": version.automation.kind, **definition(version.automation)},
        scene.now,
    )
    scene.settle()
    before, event_id = str(uuid7()), None
    if given is not None:
        event_id = f"rehearsal/{uuid7()}"
        _take_in(scene, named, given, event_id)
        fate = _fate_of_event(scene, trigger, event_id)
    else:
        fate = _fate_of_record(scene, trigger, named)
    enrollment_id = fate.enrollment_id or _enroll(scene, trigger, named, event_id)
    starting.mark_started(scene.connection, [enrollment_id], scene.now)
    return _looked_at(scene, version.automation, enrollment_id, fate, before)


class _Fate(NamedTuple):
    """`would`: it is enrolled by its trigger, though nothing may have done so yet."""

    would: bool = False
    enrollment_id: str | None = None
    skipped: str | None = None


def _take_in(scene: Scene, named: Named, given: Given, event_id: str) -> None:
    row = EventRow(
        id=event_id,
        contact_id=named.contact_id,
        deal_id=named.deal_id,
        shard=scene.shard,
        type=given.type,
        occurred_at=scene.now,
        received_at=scene.now,
        properties=given.properties,
        status=EventStatus.PENDING.value,
        silent=False,
        depth=0,
        source=None,
    )
    add_events(scene.connection, [row])
    scene.settle()


def _fate_of_event(scene: Scene, trigger: CompiledTrigger, event_id: str) -> _Fate:
    """What the event has come to for this trigger."""
    profile = scene.published.by_key.get(trigger.profile or "")
    origins = [f"event:{event_id}", *([f"{profile.id}:{event_id}"] if profile is not None else [])]
    for fate in fates(scene.connection, trigger.automation_id, origins).values():
        return _Fate(fate["enrollment"] is not None, fate["enrollment"], fate["reason"])
    return _Fate()


def _fate_of_record(scene: Scene, trigger: CompiledTrigger, named: Named) -> _Fate:
    """What enrolling whoever matches now would come to for this record."""
    if trigger.profile is None:
        return _Fate()
    decided = _decided(scene, trigger, named, matching=True)
    return _Fate(bool(decided.enrollments), skipped=decided.skips[0].reason if decided.skips else None)


def _decided(scene: Scene, trigger: CompiledTrigger, named: Named, *, matching: bool) -> Decided:
    """What enrolling the record by hand comes to; `matching`: only if the filters hold."""
    listed = enlist(
        scene.connection,
        scene.published,
        trigger,
        Wanted(str(uuid7()), matching=matching, again=True),
        shard=scene.shard,
        kind=named.kind,
        ids=[named.record_id],
        now=scene.now,
    )
    return listed.enrolling.decide(scene.connection)


def _enroll(scene: Scene, trigger: CompiledTrigger, named: Named, event_id: str | None) -> str:
    """Enroll the record whatever its trigger says; where the event has moved the score, because of that."""
    open_door = replace(trigger, paused=False, exits=None, reentry=None, while_running="start", rearm=None)
    decided = _decided(scene, open_door, named, matching=False)
    [made] = decided.enrollments
    made = made._replace(event_id=event_id, deal_id=named.deal_id)
    if event_id is not None and made.profile_id is None:
        made = made._replace(cause="event")
    elif event_id is not None and made.profile_id is not None:
        for change in score_reads.changes_of(scene.connection, made.profile_id, named.record_id, None, 1):
            if change["cause_id"] == event_id:
                made = made._replace(
                    cause=change["cause"],
                    previous=change["previous"],
                    current=change["current"],
                    change_seq=change["seq"],
                )
    enrolling.save_enrollments(scene.connection, [made])
    return made.id


def _looked_at(scene: Scene, automation: Automation, enrollment_id: str, fate: _Fate, before: str) -> Entered:
    row = enrollments.load_enrollment(scene.connection, enrollment_id)
    if row is None:
        raise LookupError(enrollment_id)
    situation = Situation(scene.connection, row, automation, scene.now, scene.outbound, scene.published)
    situation.look_back()
    trigger, lookup = automation.trigger, situation.lookup
    tests = explain(trigger.filters, lookup, scene.now)
    holds = compile_conditions(trigger.filters)(lookup, scene.now)
    if trigger.event is not None:
        event = situation.event or Event("", "", scene.now, {})
        where = where_lookup(event, lookup)
        tests = explain(trigger.where, where, scene.now) + tests
        right = event.type == trigger.event
        holds = right and holds and compile_conditions(trigger.where)(where, scene.now)
    exit_when = automation.exit_when
    over = isinstance(exit_when, dict) and compiled(exit_when)(lookup, scene.now)
    if over:
        enrollments.change_enrollment(scene.connection, enrollment_id, watching=0)
    return Entered(
        enrollment_id,
        cause=row["cause"],
        enrolls=fate.would,
        skipped=fate.skipped,
        holds=holds,
        tests=tests,
        over=over,
        before=before,
    )
