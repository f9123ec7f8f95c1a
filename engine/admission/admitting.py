"""Admission to automations: whom a match enrolls, and whom it skips and why. The same for changes, hands and steps."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from uuid_utils import uuid7

from conditions.causes import Cause
from conditions.times import HOUR, Micros
from engine.published import Published
from engine.subjects import Subject, earlier_subject
from runtime.beginnings import of_publish, of_request
from runtime.statuses import OPEN
from scoring.compiled import CompiledProfile
from scoring.progress import TIME_FIRST, ScoreChange, Turn, turn_of
from store.connection import Connection
from store.follow_ups import beginnings, enrolling, watching
from triggers.evaluate import BY_HAND, UNFILTERED, Guard, Match, Window, is_armed, skip_reason, take_start

#: How somebody chose those whom they enrolled; the last with the key of a smart list after it.
NAMED, MATCHING, OF_LIST = "named", "matching", "list "
#: What ids of adjustments begin with that a bulk job made; its id follows.
OF_BULK = "bulk"


class ByHand(NamedTuple):
    """Who enrolled by hand, if that was said, and how they chose: `named`, `matching` or `list <key>`."""

    author: str | None = None
    chosen: str | None = None

    @property
    def smart_list(self) -> str | None:
        """The key of the list that they chose."""
        chosen = self.chosen or ""
        return chosen.removeprefix(OF_LIST) if chosen.startswith(OF_LIST) else None


class Entrant(NamedTuple):
    """A match with whom it enrolls. `event_id`: what it began with, where the match itself has no event; `started_by`:
    what brings it about with others, where that is known already.
    """

    match: Match
    profile: CompiledProfile | None
    subject: Subject
    event_id: str | None = None
    started_by: str | None = None
    by: ByHand = ByHand()

    @property
    def guard_key(self) -> tuple[int, int, int | None]:
        """Whose earlier enrollments matter."""
        return self.match.trigger.automation_id, *self.subject.guarded

    @property
    def began_with(self) -> tuple[int, int | None, Turn]:
        """What follow-ups of one record that begin because of the same change have in common within a batch."""
        change, event = self.match.change, self.match.event
        turn = change.turn if change else turn_of(event.at, event.id) if event else TIME_FIRST
        return self.subject.contact_id, self.subject.deal_id, turn


class Decided(NamedTuple):
    """What becomes of the matches of a batch. `replaced`: ids of enrollments that end.

    `together`: (order, key, id) of enrollments of one record that begin because of the same change.
    """

    enrollments: list[enrolling.NewEnrollment]
    skips: list[enrolling.NewSkip]
    replaced: list[str]
    together: Sequence[Sequence[tuple[int, str, str]]] = ()


@dataclass(frozen=True)
class Admission:
    """Decides about matches of one shard, whose lock is held when it saves."""

    published: Published
    shard: int
    now: Micros

    def decide(self, connection: Connection, entrants: Sequence[Entrant]) -> Decided:
        """Who enrolls, and who is skipped for which reason; earlier enrollments are read now."""
        decided = Decided([], [], [])
        guards = self._guards(connection, entrants)
        begun: dict[Any, list[tuple[int, str, str]]] = {}
        for entrant in entrants:
            trigger = entrant.match.trigger
            guard = guards.setdefault(entrant.guard_key, Guard())
            if not self._armed(connection, entrant, guard):
                continue
            reason = skip_reason(entrant.match, guard, self.now, self.published.loop_limit)
            if reason is not None:
                decided.skips.append(self._skip(entrant, reason))
                continue
            if trigger.while_running == "replace":
                decided.replaced.extend(guard.running)
                guard.running.clear()
            enrollment = self._enrollment(entrant)
            guard.last_start = guard.entered_at = self.now
            guard.last_seq = enrollment.change_seq
            guard.running.append(enrollment.id)
            if enrollment.cause != BY_HAND:
                guard.recent.append(self.now)
            decided.enrollments.append(enrollment)
            begun.setdefault(entrant.began_with, []).append((trigger.order, trigger.key, enrollment.id))
        return decided._replace(together=list(begun.values()))

    def save(self, connection: Connection, entrants: Sequence[Entrant]) -> Decided:
        """Decide, and write enrollments and skips."""
        decided = self.decide(connection, entrants)
        most = {
            entrant.match.trigger.automation_id: entrant.match.trigger.most_starts for entrant in entrants
        }
        paced = _paced(connection, decided.enrollments, most, self.now)
        known = _with_beginnings(connection, paced)
        enrolling.save_enrollments(connection, _in_order(known, decided.together))
        enrolling.save_skips(connection, decided.skips)
        if decided.replaced:
            enrolling.replace_running(connection, decided.replaced, self.now)
        return decided

    def _guards(
        self, connection: Connection, entrants: Collection[Entrant]
    ) -> dict[tuple[int, int, int | None], Guard]:
        """What has become of earlier matches, by automation, contact, and deal where that was enrolled.

        Of triggers that no earlier enrollment keeps from firing only those of the last hour.
        """
        guards: dict[tuple[int, int, int | None], Guard] = {}
        hour_ago = self.now - HOUR
        for guarded, since in ((True, None), (False, hour_ago)):
            concerned = [one for one in entrants if one.match.trigger.guarded is guarded]
            if not concerned:
                continue
            automations = {
                one.match.trigger.automation_id: one.profile.id if one.profile else None for one in concerned
            }
            contacts = {one.subject.contact_id for one in concerned}
            for earlier in enrolling.load_earlier(connection, automations, contacts, since):
                subject = earlier_subject(earlier, self.published.kinds)
                guard = guards.setdefault((earlier.automation_id, *subject.guarded), Guard())
                if earlier.created_at > hour_ago and earlier.cause != BY_HAND:
                    guard.recent.append(earlier.created_at)
                if guarded:
                    same = earlier.profile_id == automations[earlier.automation_id]
                    guard.last_start = max(earlier.created_at, earlier.start_at)
                    guard.entered_at = earlier.created_at
                    guard.last_seq = earlier.change_seq if same else None
                    if earlier.status in OPEN:
                        guard.running.append(earlier.id)
        return guards

    def _armed(self, connection: Connection, entrant: Entrant, guard: Guard) -> bool:
        """Whether the score has been where `rearm` wants it since the last enrollment. Changes are stored by now.

        Who is enrolled by hand need not wait for that.
        """
        trigger, change, profile = entrant.match.trigger, entrant.match.change, entrant.profile
        if (
            trigger.rearm is None
            or guard.entered_at is None
            or not change
            or change.cause in UNFILTERED
            or profile is None
        ):
            return True
        record_id = entrant.subject.record_id
        scores = enrolling.scores_between(
            connection, profile.id, record_id, guard.last_seq, guard.entered_at, _number_of(change)
        )
        return is_armed(trigger, scores, self.now)

    def _skip(self, entrant: Entrant, reason: str) -> enrolling.NewSkip:
        return enrolling.NewSkip(
            automation_id=entrant.match.trigger.automation_id,
            origin=entrant.match.origin,
            version=entrant.match.trigger.version,
            contact_id=entrant.subject.contact_id,
            deal_id=entrant.subject.deal_id,
            reason=reason,
            at=self.now,
        )

    def _enrollment(self, entrant: Entrant) -> enrolling.NewEnrollment:
        match, trigger, change = entrant.match, entrant.match.trigger, entrant.match.change
        return enrolling.NewEnrollment(
            id=str(uuid7()),
            automation_id=trigger.automation_id,
            version=trigger.version,
            contact_id=entrant.subject.contact_id,
            deal_id=entrant.subject.deal_id,
            shard=self.shard,
            origin=match.origin,
            profile_id=entrant.profile.id if entrant.profile else None,
            change_seq=change.seq or None if change else None,
            event_id=match.event.id if match.event else entrant.event_id,
            cause=change.cause if change else Cause.EVENT,
            previous=change.previous if change else None,
            current=change.current if change else None,
            depth=match.depth,
            created_at=self.now,
            watching=watching.EXIT if trigger.exits_early else 0,
            start_at=self.now,
            started_by=entrant.started_by or self._publish_of(entrant.match),
            **entrant.by._asdict(),
        )

    def _publish_of(self, match: Match) -> str | None:
        """The publish whose re-scoring made the change; origins of changes begin with the profile's id."""
        if match.change is None or match.change.cause != "publish":
            return None
        profile_id = int(match.origin.partition(":")[0])
        return of_publish(profile_id, self.published.versions[profile_id].version)


def _number_of(change: ScoreChange) -> int | None:
    """The number before which changes are earlier; one that stands in for another's comes after its own last one."""
    if not change.seq:
        return None
    return change.seq + 1 if change.previous == change.current else change.seq


def _in_order(
    enrollments: Sequence[enrolling.NewEnrollment], begun: Iterable[Sequence[tuple[int, str, str]]]
) -> list[enrolling.NewEnrollment]:
    """The same, each with whom it comes after among those (order, key, id) that began with the same change.

    Those that the storm limit puts off come after those that may start.
    """
    after: dict[str, str] = {}
    starts = {enrollment.id: enrollment.start_at for enrollment in enrollments}
    for together in begun:
        ids = [id_ for _, _, _, id_ in sorted((starts[id_], order, key, id_) for order, key, id_ in together)]
        after.update(zip(ids[1:], ids, strict=False))
    if not after:
        return list(enrollments)
    return [enrollment._replace(after_id=after.get(enrollment.id)) for enrollment in enrollments]


def _with_beginnings(
    connection: Connection, enrollments: Sequence[enrolling.NewEnrollment]
) -> list[enrolling.NewEnrollment]:
    """The same, each with what brought its event about, or the follow-up or bulk job that moved its score."""
    unknown = [one for one in enrollments if one.started_by is None]
    of_events = beginnings.of_events(
        connection, {one.event_id for one in unknown if one.event_id is not None}
    )
    movers = {
        one.id: one.origin.partition(":")[2].partition("/") for one in unknown if one.cause == "adjustment"
    }
    by_step = {
        enrollment_id: mover[0] for enrollment_id, mover in movers.items() if mover[1] and mover[0] != OF_BULK
    }
    by_bulk = {
        enrollment_id: of_request(mover[2].partition("/")[0])
        for enrollment_id, mover in movers.items()
        if mover[0] == OF_BULK
    }
    of_steps = beginnings.of_enrollments(connection, {*by_step.values()})
    found = {
        one.id: of_events.get(one.event_id or "")
        or of_steps.get(by_step.get(one.id, ""))
        or by_bulk.get(one.id)
        for one in unknown
    }
    return [one._replace(started_by=found.get(one.id, one.started_by)) for one in enrollments]


def _paced(
    connection: Connection,
    enrollments: Sequence[enrolling.NewEnrollment],
    most: Mapping[int, tuple[int, Micros]],
    now: Micros,
) -> list[enrolling.NewEnrollment]:
    """The same, each with the moment at which its automation's storm limit (`most`) lets it start."""
    automations = {enrollment.automation_id for enrollment in enrollments}
    if not automations:
        return []
    windows = {key: Window(*pace) for key, pace in enrolling.lock_paces(connection, automations).items()}
    paced = []
    for enrollment in enrollments:
        key = enrollment.automation_id
        windows[key], start_at = take_start(windows.get(key), most[key], now)
        paced.append(enrollment._replace(start_at=start_at))
    enrolling.save_paces(connection, [(key, windows[key].began_at, windows[key].used) for key in automations])
    return paced
