"""NDJSON: lines as they arrive, decoded and handed on in batches, in memory that does not grow with the stream."""

import asyncio
from collections.abc import Callable
from typing import Any

import orjson

from conditions.limits import LINE
from conditions.problems import Problem

LONGEST_LINE = LINE.most
#: Lines that are handed on at once, and bytes of them.
PER_BATCH, BATCH_BYTES = 1_000, 8 * 1024**2

#: Takes decoded lines, with the place of each, away from the event loop.
Take = Callable[[list[int], list[Any]], None]
#: Told of a line that is no value, by its place.
Reject = Callable[[int, list[Problem]], None]


class LineStream:
    """Feed it the body chunk by chunk, then end it. Places count lines from 0."""

    def __init__(self, take: Take, reject: Reject) -> None:
        self._take = take
        self._reject = reject
        self._rest = b""
        self._skipping = False
        self._lines: list[tuple[int, bytes]] = []
        self._bytes = 0
        self._index = 0

    async def feed(self, chunk: bytes) -> None:
        """Hand on what is complete; a line that has grown too long is passed over up to its end."""
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

    async def end(self) -> None:
        """Hand on the rest."""
        if self._rest or self._skipping:
            self._line(self._rest)
        await self._flush()

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
            await asyncio.to_thread(self._hand_on, lines)

    def _hand_on(self, lines: list[tuple[int, bytes]]) -> None:
        values, places = [], []
        for index, line in lines:
            try:
                values.append(orjson.loads(line))
            except orjson.JSONDecodeError as error:
                message = f"the line is not JSON: {error.msg} at column {error.colno}"
                self._reject(index, [Problem((), message)])
            else:
                places.append(index)
        self._take(places, values)


_TOO_LONG = Problem((), "the line is longer than 1 MB")
