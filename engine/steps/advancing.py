"""The interpreter of steps: takes a follow-up from where the database says it is as far as it can go."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from automations.steps.words import place_words
from conditions.times import LATEST, Micros
from engine.steps.performing import Result, perform
from engine.steps.situation import Situation, StepFailed, TextsMissing
from engine.steps.waiting import StillWaiting
from runtime.statuses import EnrollmentStatus, MessageStatus
from store.connection import Row, RowMapping
from store.follow_ups import enrollments
from store.follow_ups.messages import NOTIFICATIONS, WEBHOOKS


@dataclass(frozen=True)
class Stand:
    """Where a follow-up stands once it can go no further in this moment; `path`: at which step.

    `due_at`: when it goes on by itself. `sending`: its message has to go out. `paused`: until it is resumed.
    `missing`: the templates of the step have to be filled in first. `ended`: its status, with the reason. `now`: what
    it waits for, in words of the definition. `changed`: it made work for the shard.
    """

    path: str | None = None
    due_at: Micros | None = None
    sending: bool = False
    paused: bool = False
    missing: bool = False
    ended: EnrollmentStatus | None = None
    reason: str | None = None
    now: str = ""
    changed: bool = False


def advance(situation: Situation, here: RowMapping | None) -> Stand:
    """Do every step that can be done, each with its outcome. `here`: the outcome of the step where it is.

    The shard's lock is held. An attempt at steps that have an outcome passes over them. What is written is kept back in
    the situation's working set.
    """
    stand = _Walk(situation, here).walk()
    working_set, row = situation.working_set, situation.enrollment
    if stand.path is not None and stand.path != row["step"]:
        working_set.reach_step(row["id"], stand.path)
    if stand.ended is not None:
        failed = stand.ended == EnrollmentStatus.FAILED
        working_set.end(row["id"], stand.ended, situation.now, stand.reason if failed else None)
    settled = not stand.missing and not row["settled"] and working_set.is_waited_for(row["id"])
    if settled:
        working_set.settle(row["id"])
    return replace(stand, changed=settled or situation.changed)


def next_paths(situation: Situation, here: RowMapping | None, known: str | None = None) -> list[str]:
    """The steps that come next, if nothing holds the follow-up up, as far as that is certain.

    `here`: the outcome of the step where it is; `known`: the step that it was found to need.
    """
    course, path = situation.automation.course, known or situation.enrollment["step"]
    if path is None:
        path = course.first
    elif known is None and here is not None:
        if here["result"].get("until", 0) > situation.reached:
            return []
        path = course.following(path, here["result"].get("branch"))
    return list(course.group(path)) if path is not None else []


class _Walk:
    """One follow-up on its way."""

    def __init__(self, situation: Situation, here: RowMapping | None) -> None:
        self._situation = situation
        self._working_set = situation.working_set
        self._row = situation.enrollment
        self._course = situation.automation.course
        self._known: dict[str, Mapping[str, Any]] = {here["path"]: here["result"]} if here is not None else {}

    def walk(self) -> Stand:
        """Step after step."""
        path = self._row["step"] or self._course.first
        last = path
        later: Mapping[str, Mapping[str, Any]] | None = None
        while path is not None:
            last = path
            result = self._known.get(path)
            if result is None and path != self._row["step"] and self._row["step"] is not None:
                if later is None:  # what an earlier attempt did is passed over
                    later = self._working_set.outcomes(self._row["id"])
                result = later.get(path)
            if result is None:
                done = self._do(path)
                if isinstance(done, Stand):
                    return done
                result = done
            held = self._held(path, result)
            if held is not None:
                return held
            path = self._course.following(path, result.get("branch"))
        return Stand(last, ended=EnrollmentStatus.COMPLETED)

    def _do(self, path: str) -> Result | Stand:
        """Do a step and store its outcome; where it stands instead, if it cannot be done now."""
        situation, row = self._situation, self._row
        step = self._course.stops[path].step
        if row["paused"]:
            return Stand(path, paused=True, now=PAUSED)
        try:
            result: Result = perform(situation, path, step)
        except StillWaiting as waiting:
            return Stand(path, due_at=waiting.deadline_at, now=until_words(step.title, waiting.deadline_at))
        except TextsMissing:
            return Stand(path, missing=True)
        except StepFailed as error:
            if step.on_failure == "stop":
                return self._failed(path, str(error))
            result = {"failed": str(error)}
        self._working_set.add_outcome(row, path, step.kind, result, situation.now)
        return result

    def _held(self, path: str, result: Mapping[str, Any]) -> Stand | None:
        """Where it stands if it may not go on from a step that has an outcome."""
        until = result.get("until")
        step = self._course.stops[path].step
        if until is not None and until > self._situation.reached:
            never = until >= LATEST
            return Stand(path, due_at=None if never else until, now=until_words(step.title, until))
        if "stop" in result:
            reason = f"stopped: {result['stop']}"
            return Stand(path, ended=EnrollmentStatus.COMPLETED, reason=reason)
        message = self._message(result)
        if message is None or "failed" in result:
            return None
        if message["status"] == MessageStatus.PENDING:
            return self._sending(path, step.title)
        if message["status"] == MessageStatus.FAILED:
            reason = (self._row["last_error"] if self._row["step"] == path else None) or message["reason"]
            if step.on_failure == "stop":
                return self._failed(path, reason or "failed")
            changed = {**result, "failed": reason}
            enrollments.change_outcome(self._working_set.connection, self._row["id"], path, changed)
        return None

    def _message(self, result: Mapping[str, Any]) -> Row | None:
        """What the step has to send, where it could not be sent or dropped at once."""
        if result.get("status") != MessageStatus.PENDING:
            return None
        if "notification" in result:
            return self._working_set.message(NOTIFICATIONS, self._row["id"], result["notification"])
        return self._working_set.message(WEBHOOKS, self._row["id"], result["webhook"])

    def _sending(self, path: str, title: str) -> Stand:
        row = self._row
        if row["paused"]:
            return Stand(path, paused=True, now=PAUSED)
        again_at = row["next_attempt_at"] if row["step"] == path else None
        if again_at is not None and again_at > self._situation.reached:
            words = f"{title}: {row['last_error'] or 'failed'}; next try at {_moment(again_at):%Y-%m-%d %H:%M:%S} UTC"
            return Stand(path, due_at=again_at, now=words)
        return Stand(path, sending=True, now=title)

    def _failed(self, path: str, reason: str) -> Stand:
        title = self._course.stops[path].step.title
        words = f"step {place_words(path)} ({title}) failed: {reason}"
        return Stand(path, ended=EnrollmentStatus.FAILED, reason=words)


#: What ops read of somebody who is paused.
PAUSED = "Paused by hand; `kindling resume` lets it go on"


def until_words(title: str, until: Micros | None) -> str:
    """What is waited for, and until when at most."""
    if until is None:
        return title
    if until >= LATEST:
        return f"{title}, which holds no date now"
    return f"{title}, until {_moment(until):%Y-%m-%d %H:%M} UTC"


def _moment(micros: Micros) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=micros)
