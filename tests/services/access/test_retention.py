"""The audit is trimmed beside a worker."""

import asyncio

from conditions.times import DAY
from runtime.principals import LOCAL
from services.access.retention import keep_trimmed
from store.access import audit
from store.database import Database

NOW = 1_795_000_000_000_000


async def test_it_is_trimmed_at_once_and_what_is_young_enough_stays(database: Database) -> None:
    with database.write() as connection:
        for age in range(3):
            audit.note(connection, LOCAL, NOW - age * DAY, "save", "profile", f"{age} days old")

    def left() -> list[str]:
        with database.read() as connection:
            rows = audit.find(connection, before=None, limit=10, equal={})
        return sorted(row["subject"] for row in rows)

    await asyncio.wait_for(keep_trimmed(database, lambda: NOW, 0), 5)  # it ends: there is nothing to do
    assert len(left()) == 3
    trimming = asyncio.create_task(keep_trimmed(database, lambda: NOW + 1, 2))
    async with asyncio.timeout(20):
        while len(left()) == 3:
            await asyncio.sleep(0.01)
    trimming.cancel()
    await asyncio.gather(trimming, return_exceptions=True)
    assert left() == ["0 days old", "1 days old"]
