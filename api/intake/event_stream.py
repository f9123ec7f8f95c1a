"""NDJSON: lines as they arrive, stored in batches, in memory that does not grow with the stream."""

import asyncio
from collections.abc import Sequence

import orjson

from conditions.limits import LINE, LISTED
from conditions.problems import Problem
from services.answers import field_problems
from services.intake.answers import Accepted, Conflicting, Rejected
from services.intake.events import Events

LONGEST_LINE = LINE.most
#: Lines that are stored at once, and bytes of them.
PER_BATCH, BATCH_BYTES = 1_000, 8 * 1024**2


class EventStream:
    """Feed it the body chunk by chunk, then end it. Indexes count lines from 0."""

    def __init__(self, events: Events, *, silent: bool) -> None:
        self._events = events
        self._silent = silent
        self._rest = b""
        self._skipping = False
        self._lines: list[tuple[int, bytes]] = []
        self._bytes = 0
        self._index = 0
        self._accepted = 0
        self._duplicates = 0
        self._suppressed = 0
        self._rejected: list[Rejected] = []
        self._rejected_count = 0
        self._conflicts: list[tuple[int, str, str]] = []
        self._conflicts_count = 0
        self._listed = 0

    async def feed(self, chunk: bytes) -> None:
        """Store what is complete; a line that has grown too long is passed over up to its end."""
        *complete, rest = chunk.split(b"\n")
        for part in complete:
            self._line(self._rest + part)
            self._rest = b""
            if len(self._lines) >= PER_BATCH or self._bytes >= BATCH_BYTES:
                await self._flush()
        self._rest += rest
        if len(self._rest) > LONGEST_LINE:
            if not self._skipping:
                self._reject(self._index, [_TOO_LONG])
            self._skipping, self._rest = True, b""

    async def end(self) -> Accepted:
        """Store the rest; the answer: counts, and the first conflicts and rejected lines."""
        if self._rest or self._skipping:
            self._line(self._rest)
        await self._flush()
        answer = Accepted(
            accepted=self._accepted,
            duplicates=self._duplicates,
            conflicts=conflicting(self._conflicts),
            conflicts_count=self._conflicts_count,
            rejected=self._rejected,
            rejected_count=self._rejected_count,
        )
        if self._suppressed:
            answer.suppressed = self._suppressed
        return answer

    def _line(self, line: bytes) -> None:
        index, self._index = self._index, self._index + 1
        if self._skipping:
            self._skipping = False
        elif len(line) > LONGEST_LINE:
            self._reject(index, [_TOO_LONG])
        elif line.strip():
            self._lines.append((index, line))
            self._bytes += len(line)

    async def _flush(self) -> None:
        if self._lines:
            lines, self._lines, self._bytes = self._lines, [], 0
            await asyncio.to_thread(self._store, lines)

    def _store(self, lines: list[tuple[int, bytes]]) -> None:
        bodies, places = [], []
        for index, line in lines:
            try:
                bodies.append(orjson.loads(line))
            except orjson.JSONDecodeError as error:
                message = f"the line is not JSON: {error.msg} at column {error.colno}"
                self._reject(index, [Problem((), message)])
            else:
                places.append(index)
        taken = self._events.take(bodies, silent=self._silent)
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


_TOO_LONG = Problem((), "the line is longer than 1 MB")


def conflicting(conflicts: Sequence[tuple[int, str, str]]) -> list[Conflicting]:
    """Conflicts as the API lists them."""
    return [
        Conflicting(index=index, id=event_id, reason=reason)
        for index, event_id, reason in conflicts[: LISTED.most]
    ]
