"""Events as NDJSON: stored in batches as they arrive, and counted."""

from collections.abc import Sequence
from typing import Any

from uuid_utils import uuid7

from api.line_stream import LineStream
from api.rejections import Rejections
from conditions.limits import LISTED
from services.intake.answers import Accepted, Conflicting
from services.intake.events import Events


class EventStream:
    """Feed it the body chunk by chunk, then end it. Indexes count lines from 0."""

    def __init__(self, events: Events, *, silent: bool) -> None:
        self._events = events
        self._request = str(uuid7())
        self._silent = silent
        self._rejections = Rejections()
        self._lines = LineStream(self._store, self._rejections.add)
        self._accepted = 0
        self._duplicates = 0
        self._suppressed = 0
        self._conflicts: list[tuple[int, str, str]] = []
        self._conflicts_count = 0

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
            rejected=self._rejections.listed(),
            rejected_count=self._rejections.count,
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
            self._rejections.add(places[place], problems)


def conflicting(conflicts: Sequence[tuple[int, str, str]]) -> list[Conflicting]:
    """Conflicts as the API lists them."""
    return [
        Conflicting(index=index, id=event_id, reason=reason)
        for index, event_id, reason in conflicts[: LISTED.most]
    ]
