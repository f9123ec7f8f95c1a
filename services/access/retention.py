"""Trims the audit, beside a worker."""

import asyncio
from collections.abc import Callable

import structlog

from conditions.times import Micros
from services.access.audit import trim
from store.database import Database, DatabaseUnavailable, OperationalError

EVERY = 3_600.0
_log = structlog.get_logger()


async def keep_trimmed(database: Database, clock: Callable[[], Micros], days: int) -> None:
    """Every hour, until cancelled; trouble is logged and tried again. `days` 0: nothing is ever deleted."""
    while days:
        try:
            trimmed = await asyncio.to_thread(trim, database, clock(), days)
            if trimmed:
                _log.info("the audit is trimmed", rows=trimmed)
        except (OperationalError, DatabaseUnavailable) as error:
            _log.warning("the audit is not trimmed, will try again", reason=type(error).__name__)
        await asyncio.sleep(EVERY)
