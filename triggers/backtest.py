"""A trigger against changes and events of the past: who would have entered when."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from conditions.times import Micros
from triggers.compiled import CompiledTrigger
from triggers.evaluate import LOOP_LIMIT, Guard, Match, is_armed, skip_reason


class Entered(NamedTuple):
    """An enrollment that would have been made, with the scores of its change."""

    at: Micros
    previous: int | None
    current: int | None


@dataclass(slots=True)
class Replay:
    """What one record would have gone through; feed it with every change in order.

    `lasts` is how long a follow-up is taken to run, for `while_running`; `last_start` and `armed` tell of the time
    before.
    """

    trigger: CompiledTrigger
    lasts: Micros
    last_start: Micros | None = None
    armed: bool = True
    enrollments: list[Entered] = field(default_factory=list)
    skips: list[str] = field(default_factory=list)

    def look(self, matches: Iterable[Match], score: int | None, at: Micros) -> None:
        """One change to `score`, or one event, at its time, with those of the trigger's matches that it made."""
        before = len(self.enrollments)
        for match in matches:
            self._enter(match, at)
        if not self.armed and len(self.enrollments) == before:
            self.armed = is_armed(self.trigger, [score], at)

    def _enter(self, match: Match, at: Micros) -> None:
        if not self.armed:
            return
        guard = Guard(
            self.last_start, recent=[enrollment.at for enrollment in self.enrollments[-LOOP_LIMIT:]]
        )
        if self.last_start is not None and (at <= self.last_start or at < self.last_start + self.lasts):
            guard.running.append("before")
        reason = skip_reason(match, guard, at)
        if reason is not None:
            self.skips.append(reason)
            return
        change = match.change
        self.enrollments.append(
            Entered(at, change.previous if change else None, change.current if change else None)
        )
        self.last_start = at
        self.armed = self.trigger.rearm is None
