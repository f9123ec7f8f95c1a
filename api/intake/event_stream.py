"""Events as NDJSON: stored in batches as they arrive, and counted."""

from collections.abc import Sequence
from typing import Any

from uuid_utils import uuid7

from api.line_stream import LineStream
from conditions.limits import LISTED
from conditions.problems import Problem
from services.answers import field_problems
from services.intake.answers import Accepted, Conflicting, Rejected
from services.intake.events import Events


class EventStream:
    """Feed it the body chunk by chunk, then end it. Indexes count lines from 0."""

    def __init__(self, events: Events, *, silent: bool) -> None:
        self._events = events
        self._request = str(uuid7())
        self._silent = silent
        self._lines = LineStream(self._store, self._reject)
        self._accepted = 0
        self._duplicates = 0
        self._suppressed = 0
        self._rejected: list[Rejected] = []
        self._rejected_count = 0
        self._conflicts: list[tuple[int, str, str]] = []
        self._conflicts_count = 0
        self._listed = 0

    async def feed(self, chunk: bytes) -> None:
        """Store what is complete."""
        await self._lines.feed(chunk)

    async def end(self) -> Accepted:
        """Store the rest; the answer: counts, and the first conflicts and rejected lines."""
        await self._lines.end()
        answer = Accepted(
            accepted=self._accepted,
            duplicates=self._duplicates,
            conflicts=conflicting(self._conflicts),
            conflicts_count=self._conflicts_count,
            rejected=self._rejected,
            rejected_count=self._rejected_count,
            request=self._request,
        )
        if self._suppressed:
            answer.suppressed = self._suppressed
        return answer

    def _store(self, places: list[int], bodies: list[Any]) -> None:
        taken = self._events.take(bodies, silent=self._silent, request=self._request)
        self._accepted += taken.accepted
        self._duplicates += taken.duplicates
        self._suppressed += taken.suppressed
        self._conflicts_count += len(taken.conflicts)
        conflicts = [(places[place], event_id, reason) for place, event_id, reason in taken.conflicts]
        self._conflicts += conflicts[: LISTED.most - len(self._conflicts)]
        for place, problems in taken.rejected:
            self._reject(places[place], problems)

    def _reject(self, index: int, problems: list[Problem]) -> None:
        self._rejected_count += 1
        listed = problems[: LISTED.most - self._listed]
        self._listed += len(listed)
        if listed:
            self._rejected.append(Rejected(index=index, errors=field_problems(listed)))


def conflicting(conflicts: Sequence[tuple[int, str, str]]) -> list[Conflicting]:
    """Conflicts as the API lists them."""
    return [
        Conflicting(index=index, id=event_id, reason=reason)
        for index, event_id, reason in conflicts[: LISTED.most]
    ]
