"""Row 6: publishing a profile re-scores every contact from its full history; and looking at it before."""

import asyncio
import time

from bench.installation import Installation
from bench.memory import Peak
from bench.result import Result, scaled
from bench.workload import AUTOMATIONS, PROFILE, make_events
from runtime.clock import now_micros
from services.application import Application
from services.foresight.preview import preview
from store.bulk import Bulk
from store.statuses import APPLIED

CONTACTS = 100_000
EVENTS = 1_000_000
SECONDS, MEGABYTES = 60, 500


async def measure(scale: float) -> list[Result]:
    """Seconds from the publish until all contacts are re-scored, and the most memory the worker took meanwhile.

    One worker process. The contacts have scores and entries of an earlier version. Beside it, the preview of the same
    draft. Nothing is waited for that is not part of it.
    """
    events, contacts = scaled(EVENTS, scale, 100), scaled(CONTACTS, scale, 20)
    async with Installation(AUTOMATIONS) as kindling:
        kindling.hold()
        kindling.take(make_events(events, contacts, now_micros(), 7))
        kindling.database.run(
            lambda connection: Bulk(connection).run(f"UPDATE events SET status = {APPLIED}")
        )
        await kindling.start_temporal()
        await kindling.start_worker()
        application = kindling.application()
        await _publish(kindling, application, 100)
        began = time.perf_counter()
        ahead = await asyncio.to_thread(preview, kindling.resources(), PROFILE["key"])
        looked = time.perf_counter() - began
        peak = Peak(kindling.worker_pid)
        watching = asyncio.create_task(peak.watch())
        seconds = await _publish(kindling, application, 150)
        watching.cancel()
        everybody = kindling.observer.number("SELECT count(*) FROM contacts")
    looked_at_all = ahead.records == everybody
    return [
        Result("publish", seconds, "s", None, None, f"at most {SECONDS} s", seconds <= SECONDS),
        Result(
            "publish_memory",
            peak.megabytes,
            "MB",
            None,
            None,
            f"under {MEGABYTES} MB",
            peak.megabytes < MEGABYTES,
        ),
        Result(
            "preview", looked, "s", None, None, f"at most {SECONDS} s", looked <= SECONDS and looked_at_all
        ),
    ]


async def _publish(kindling: Installation, application: Application, maximum: int) -> float:
    """Publish the profile with another upper bound; the seconds until it is through."""
    key = PROFILE["key"]
    application.profiles.save(key, {**PROFILE, "max": maximum})
    began = time.perf_counter()
    await kindling.publish(application, key)
    return time.perf_counter() - began
