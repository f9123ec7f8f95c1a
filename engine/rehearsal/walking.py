"""A follow-up's steps, one after another, in a copy: each done by its performer, with what comes of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from automations import secret_placeholders
from automations.model import Automation
from automations.steps.actions import NotifyStep
from automations.steps.base import BaseStep
from automations.steps.waits import PAST
from channels.delivery import DeliveryFailed
from channels.webhooks import sendable
from conditions.times import LATEST, Micros
from conditions.values import Value
from engine.filling import fill
from engine.notifying import chosen
from engine.rehearsal.scene import Scene
from engine.situation import Situation, StepFailed
from engine.steps import Result, perform
from engine.waiting import StillWaiting
from runtime.statuses import OPEN, EnrollmentStatus, MessageStatus
from store.connection import RowMapping
from store.follow_ups import enrollments, messages, watching
from store.follow_ups.effects import TASKS
from store.records import contacts, deals

#: What the outcome of a step names, and where that stands.
_MADE = {"task": TASKS, "notification": messages.NOTIFICATIONS, "webhook": messages.WEBHOOKS}
MET = "met"

Remaining = list[tuple[str, BaseStep]]


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field of the `contact` or `deal`, before and after."""

    record: str
    field: str
    before: Value | dict[str, Any]
    after: Value | dict[str, Any]


@dataclass(frozen=True, slots=True)
class ScoreMove:
    """A score before and after."""

    profile: str
    before: int | None
    after: int | None


@dataclass(slots=True)
class Tried:
    """One step and what came of it.

    `result`: its outcome, as it would be stored. `made`: the task, notification or webhook. `branch`: the way that is
    gone, and `otherwise` the one that would have been without somebody's choice. `assumed`: what was taken for granted.
    `until`: when what it waits for is over. `scores`: those that moved until the next step. `reaches`: the channels of
    whom a message is for, whether or not it goes there.
    """

    path: str
    step: BaseStep
    at: Micros
    result: Result = field(default_factory=dict)
    failed: str | None = None
    made: RowMapping | None = None
    changes: list[FieldChange] = field(default_factory=list)
    branch: str | None = None
    otherwise: str | None = None
    chosen: bool = False
    assumed: str | None = None
    until: Micros | None = None
    scores: list[ScoreMove] = field(default_factory=list)
    reaches: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Ended:
    """How the follow-up ends."""

    status: EnrollmentStatus
    reason: str | None
    at: Micros


class Walk:
    """Goes through the steps once. `takes`: the ways that somebody chose, by the paths of steps.

    When all have been gone through, `ended` says how it ends, and `left` are the steps on its way that are not reached.
    """

    def __init__(
        self, scene: Scene, automation: Automation, enrollment_id: str, takes: Mapping[str, str]
    ) -> None:
        self._scene = scene
        self._automation = automation
        self._id = enrollment_id
        self._takes = takes
        self.ended: Ended | None = None
        self.left: Remaining = _placed(automation.steps, "")

    def steps(self) -> Iterator[Tried]:
        """Each step when it has been done and time has passed up to the next one."""
        while self.left and self.ended is None:
            path, step = self.left.pop(0)
            scores = self._scores()
            tried = self._try(path, step)
            if not self.left or _leaves(tried):
                self._scene.settle()
            tried.scores = _moved(scores, self._scores())
            self._follow(tried)
            yield tried
        if self.ended is None:
            self.ended = Ended(EnrollmentStatus.COMPLETED, None, self._scene.now)

    def _try(self, path: str, step: BaseStep) -> Tried:
        connection, scene = self._scene.connection, self._scene
        enrollments.reach_step(connection, self._id, path)
        tried = Tried(path, step, scene.now)
        fields = self._fields()
        situation = self._situation()
        try:
            situation.texts = fill(situation, {path: step})
            result = perform(situation, path, step)
        except StillWaiting as waiting:
            return self._wait_for(tried, waiting.deadline_at)
        except StepFailed as error:
            tried.failed = str(error)
            result = {"failed": tried.failed}
            if step.on_failure == "stop":
                reason = f"step {path} ({step.title}) failed: {error}"
                self._end(EnrollmentStatus.FAILED, reason)
                return tried
        if isinstance(step, NotifyStep) and tried.failed is None:
            tried.reaches = chosen(situation, step).targets
        self._take(tried, result)
        tried.changes = _changed(fields, self._fields())
        tried.made = next(
            (messages.find(connection, _MADE[name], result[name]) for name in _MADE if name in result), None
        )
        self._let_go(tried)
        if "until" in tried.result:
            self._wait(tried)
        elif tried.chosen and step.waits and tried.branch != tried.otherwise:
            tried.until = scene.now + step.duration()
            scene.pass_time(tried.until, self._over, watched=self._watches())
        return tried

    def _let_go(self, tried: Tried) -> None:
        """Whether a webhook could be sent to its address at all; that of a message is known to be one."""
        if "webhook" not in tried.result or tried.made is None or not _leaves(tried):
            return
        used: list[str] = []

        def secret(name: str) -> str:
            used.append(self._scene.outbound.secrets[name])
            return used[-1]

        url = secret_placeholders.filled(tried.made["url"], tried.made["id"], secret)
        if not all(used):
            return  # the secret is not known here
        try:
            sendable(url)
        except DeliveryFailed as failure:
            tried.failed = failure.reason
            if tried.step.on_failure == "stop":
                reason = f"step {tried.path} ({tried.step.title}) failed: {failure.reason}"
                self._end(EnrollmentStatus.FAILED, reason)

    def _take(self, tried: Tried, result: Result) -> None:
        """Note the outcome; the way is the chosen one where somebody has chosen."""
        taken = self._takes.get(tried.path)
        if taken is not None and "failed" not in result:
            tried.otherwise, tried.chosen = result.get("branch"), True
            result = {**result, "branch": taken}
        tried.result, tried.branch = result, result.get("branch")
        enrollments.add_outcome(
            self._scene.connection, self._id, tried.path, tried.step.kind, result, 1, self._scene.now
        )

    def _wait(self, tried: Tried) -> None:
        """Up to the moment that the outcome names; a change of the record meanwhile may move it."""
        connection, scene = self._scene.connection, self._scene
        tried.until = tried.result["until"]
        if tried.until is None or tried.until <= scene.now or (tried.chosen and tried.branch == PAST):
            return
        if tried.until >= LATEST:
            self._end(EnrollmentStatus.RUNNING, "it waits for a date that never comes")
            return
        scene.pass_time(tried.until, self._over, watched=self._watches())
        known = enrollments.outcomes(connection, self._id, [tried.path])[tried.path]["result"]
        if known != tried.result and not tried.chosen:
            tried.result, tried.branch, tried.until = known, known.get("branch"), known.get("until")

    def _wait_for(self, tried: Tried, deadline: Micros | None) -> Tried:
        """Nothing happens meanwhile but what time brings, unless somebody chose that it does."""
        connection, scene = self._scene.connection, self._scene
        taken = self._takes.get(tried.path)
        tried.until = deadline
        if taken == MET or (taken is None and deadline is None):
            if taken is None:
                tried.assumed = "it comes about at once, since it would be waited for without an end"
            watching.note_met(connection, self._id, tried.path, None, scene.now)
        elif deadline is not None:
            scene.pass_time(deadline, partial(self._comes_to_an_end, tried.path, taken), watched=True)
        if self._over():
            return tried
        situation = self._situation()
        situation.timed_out = tried.path
        result = perform(situation, tried.path, tried.step)
        if taken is None and result.get("branch") != MET:
            tried.assumed = "nothing of what it waits for happens in time"
        self._take(tried, result)
        if tried.branch == MET:
            tried.until = scene.now
        return tried

    def _follow(self, tried: Tried) -> None:
        """Find out what comes next."""
        row = enrollments.load_enrollment(self._scene.connection, self._id)
        if self.ended is None and row is not None and row["status"] not in OPEN:
            self._end(EnrollmentStatus(row["status"]), row["last_error"])
        if self.ended is not None:
            return
        if "stop" in tried.result:
            self._end(EnrollmentStatus.COMPLETED, f"stopped: {tried.result['stop']}")
            return
        if tried.branch is None:
            return
        ways = {way.name: way for way in tried.step.branches()}
        if tried.step.leads_on:
            if tried.branch != next(iter(ways)):
                _pass_over(self.left, tried.path)
        elif tried.branch in ways:
            self.left[:0] = _placed(ways[tried.branch].steps, f"{tried.path}.{tried.branch}.")

    def _end(self, status: EnrollmentStatus, reason: str | None) -> None:
        self.ended = Ended(status, reason, self._scene.now)

    def _over(self) -> bool:
        row = enrollments.load_enrollment(self._scene.connection, self._id)
        return row is None or row["status"] not in OPEN

    def _watches(self) -> bool:
        row = enrollments.load_enrollment(self._scene.connection, self._id)
        return row is not None and row["watching"] > 0

    def _comes_to_an_end(self, path: str, taken: str | None) -> bool:
        """Whether the follow-up is over, or the wait, unless somebody chose that this is not."""
        if self._over() or taken is not None:
            return self._over()
        wait = watching.find_wait(self._scene.connection, self._id, path)
        return wait is not None and wait["met_at"] is not None

    def _situation(self) -> Situation:
        scene = self._scene
        row = enrollments.load_enrollment(scene.connection, self._id)
        if row is None:
            raise LookupError(self._id)
        return Situation(scene.connection, row, self._automation, scene.now, scene.outbound, scene.published)

    def _fields(self) -> dict[tuple[str, str], Any]:
        """What the record holds now, and a deal's contact."""
        situation = self._situation()
        held = _held("contact", situation.contact, contacts.WRITABLE)
        if situation.deal is not None:
            held |= _held("deal", situation.deal, deals.WRITABLE)
        return held

    def _scores(self) -> dict[str, int | None]:
        return {profile: score for profile, (_, score) in self._situation().scores.items()}


def _placed(steps: Sequence[BaseStep], prefix: str) -> Remaining:
    return [(f"{prefix}{index}", step) for index, step in enumerate(steps)]


def _pass_over(left: Remaining, path: str) -> None:
    """Leave out what stands behind a step in its own list, up to the next one that waits."""
    prefix = path.rpartition(".")[0]
    while left and left[0][0].rpartition(".")[0] == prefix and not left[0][1].waits:
        del left[0]


def _leaves(tried: Tried) -> bool:
    """Whether the step is over only when a message has gone out: scoring is not waited for else."""
    return tried.result.get("status") == MessageStatus.PENDING


def _held(record: str, row: RowMapping, columns: Sequence[str]) -> dict[tuple[str, str], Any]:
    own = {(record, name): row[name] for name in columns if name != "fields"}
    return {**own, **{(record, name): value for name, value in row["fields"].items()}}


def _changed(
    before: Mapping[tuple[str, str], Any], after: Mapping[tuple[str, str], Any]
) -> list[FieldChange]:
    places = dict.fromkeys((*before, *after))
    return [
        FieldChange(*place, before.get(place), after.get(place))
        for place in places
        if before.get(place) != after.get(place)
    ]


def _moved(before: Mapping[str, int | None], after: Mapping[str, int | None]) -> list[ScoreMove]:
    return [
        ScoreMove(profile, before.get(profile), after.get(profile))
        for profile in sorted({*before, *after})
        if before.get(profile) != after.get(profile)
    ]
