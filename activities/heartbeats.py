"""Heartbeats beside work that runs in a thread."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from temporalio import activity

PAUSE = 1.0


@asynccontextmanager
async def beating() -> AsyncIterator[None]:
    """Say once a second that the activity lives, for as long as the block lasts."""

    async def beat() -> None:
        while True:
            await asyncio.sleep(PAUSE)
            activity.heartbeat()

    beats = asyncio.create_task(beat())
    try:
        yield
    finally:
        beats.cancel()
