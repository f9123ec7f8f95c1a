"""A follow-up's steps, one after another, in a copy: each done by its performer, with what comes of it."""

from collections.abc import Iterator, Mapping
from functools import partial

from automations import secret_placeholders
from automations.model import Automation
from automations.steps.actions import NotifyStep
from automations.steps.base import BaseStep
from automations.steps.course import Stop
from automations.steps.waits import PAST
from automations.steps.words import place_words
from conditions.times import LATEST, Micros
from engine.rehearsal.scene import Scene
from engine.rehearsal.tried import Ended, Held, Tried, changed, held, moved
from engine.steps.filling import fill
from engine.steps.notifying import chosen
from engine.steps.performing import Result, perform
from engine.steps.situation import Situation, StepFailed
from engine.steps.waiting import StillWaiting
from runtime.statuses import OPEN, EnrollmentStatus, MessageStatus
from store.follow_ups import enrollments, messages, watching
from store.follow_ups.tasks import TASKS
from store.records import contacts, deals

#: What the outcome of a step names, and where that stands.
_MADE = {"task": TASKS, "notification": messages.NOTIFICATIONS, "webhook": messages.WEBHOOKS}
MET = "met"


class Walk:
    """Goes through the steps once. `takes`: the ways that somebody chose, by the paths of steps.

    When all have been gone through, `ended` says how it ends, and `left` which steps on its way are not reached.
    """

    def __init__(
        self, scene: Scene, automation: Automation, enrollment_id: str, takes: Mapping[str, str]
    ) -> None:
        self._scene = scene
        self._automation = automation
        self._course = automation.course
        self._id = enrollment_id
        self._takes = takes
        self.ended: Ended | None = None
        self._next = automation.course.first

    def steps(self) -> Iterator[Tried]:
        """Each step when it has been done and time has passed up to the next one."""
        while self._next is not None:
            scores = self._scores()
            tried = self._try(self._next, self._course.stops[self._next].step)
            if _leaves(tried):
                self._scene.settle()
            self._follow(tried)
            if self.ended is not None:
                self._scene.settle()
            tried.scores = moved(scores, self._scores())
            yield tried
            if self.ended is not None:
                return

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
                self._fail(tried)
                return tried
        if isinstance(step, NotifyStep) and tried.failed is None:
            tried.reaches = chosen(situation, step).targets
        self._take(tried, result)
        tried.changes = changed(fields, self._fields())
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
        outbound = self._scene.outbound
        if "webhook" not in tried.result or tried.made is None or outbound.caller is None:
            return
        used: list[str] = []

        def secret(name: str) -> str:
            used.append(outbound.secrets[name])
            return used[-1]

        url = secret_placeholders.filled(tried.made["url"], tried.made["id"], secret)
        if not all(used):
            return  # a secret is not known here
        tried.failed = outbound.caller.refusal(url)
        if tried.failed is not None and tried.step.on_failure == "stop":
            self._fail(tried)

    def _fail(self, tried: Tried) -> None:
        """A step that could not be done ends the follow-up."""
        reason = f"step {place_words(tried.path)} ({tried.step.title}) failed: {tried.failed}"
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
        situation.reached = LATEST
        result = perform(situation, tried.path, tried.step)
        if taken is None and result.get("branch") != MET:
            tried.assumed = "nothing of what it waits for happens in time"
        self._take(tried, result)
        if tried.branch == MET:
            tried.until = scene.now
        return tried

    def _follow(self, tried: Tried) -> None:
        """Find out what comes next."""
        self._next = self._course.stops[tried.path].after
        row = enrollments.load_enrollment(self._scene.connection, self._id)
        if self.ended is None and row is not None and row["status"] not in OPEN:
            self._end(EnrollmentStatus(row["status"]), row["last_error"])
        if self.ended is not None:
            return
        if "stop" in tried.result:
            self._end(EnrollmentStatus.COMPLETED, f"stopped: {tried.result['stop']}")
            return
        self._next = self._course.following(tried.path, tried.branch)
        if self._next is None:
            self._end(EnrollmentStatus.COMPLETED, None)

    @property
    def left(self) -> list[Stop]:
        """The steps that come behind; of branches that nobody has gone, none."""
        stops, path = [], self._next
        while path is not None:
            stops.append(self._course.stops[path])
            path = stops[-1].after
        return stops

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

    def _fields(self) -> Held:
        """What the record holds now, and a deal's contact."""
        situation = self._situation()
        fields = held("contact", situation.contact, contacts.WRITABLE)
        if situation.deal is not None:
            fields |= held("deal", situation.deal, deals.WRITABLE)
        return fields

    def _scores(self) -> dict[str, int | None]:
        return {profile: score for profile, (_, score) in self._situation().scores.items()}


def _leaves(tried: Tried) -> bool:
    """Whether the step is over only when a message has gone out: scoring is not waited for else."""
    return tried.result.get("status") == MessageStatus.PENDING
