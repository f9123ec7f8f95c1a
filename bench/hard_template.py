"""Single events beside follow-ups whose template works as hard as it may: nobody else waits for them."""

import asyncio
import http.client
from contextlib import closing

import orjson

from bench.http_client import post, send
from bench.installation import Installation, Stalled
from bench.result import Result, percentile, scaled
from bench.workload import HARD_TEMPLATE
from conditions.times import SECOND
from runtime.clock import now_micros
from store.statuses import APPLIED

CONTACTS = 100
SAMPLES = 60
PAUSE = 0.1
_FAILED = "SELECT count(*) FROM enrollments WHERE status = 'failed' AND last_error LIKE '%more work than%'"


async def measure(scale: float) -> list[Result]:
    """Milliseconds from sending `POST /v1/events` until the event is scored, p99.

    The floor: on an idle system. Against it: while a hundred contacts with a long note are followed up by an automation
    whose template takes all the work that it may.
    """
    contacts = scaled(CONTACTS, scale, 4)
    samples = scaled(SAMPLES, scale, 4)
    async with Installation([HARD_TEMPLATE]) as kindling:
        await kindling.start_temporal()
        await asyncio.gather(kindling.start_worker(), kindling.start_api())
        api = http.client.HTTPConnection(kindling.settings.local_host, kindling.settings.port, timeout=30)
        with closing(api):
            note, tags = "anbn " * 12_000, [f"tag {number}" for number in range(200)]
            for number in range(contacts):
                body = {"fields": {"note": note}, "tags": tags}
                await asyncio.to_thread(_put, api, f"/v1/contacts/heavy-{number}", orjson.dumps(body))
            await kindling.until_scored()
            idle = [await scored(kindling, api, f"idle-{number}") for number in range(samples)]
            events = [{"type": "heavy", "contact": f"heavy-{number}"} for number in range(contacts)]
            await asyncio.to_thread(post, api, orjson.dumps(events))
            busy = [await scored(kindling, api, f"busy-{number}") for number in range(samples)]
            await kindling.until(
                lambda: kindling.observer.number(_FAILED) == contacts,
                "the end of the follow-ups, each with its reason",
            )
    worst, floor = percentile(busy, 99), percentile(idle, 99)
    return [
        Result("hard_template", worst, "ms p99", floor, worst / floor, "at most 250 ms", worst <= 250),
    ]


def _put(api: http.client.HTTPConnection, path: str, body: bytes) -> None:
    status, _ = send(api, "PUT", path, body)
    if status not in (200, 201):
        raise Stalled(f"a contact was not taken: {status}")


async def scored(kindling: Installation, api: http.client.HTTPConnection, event_id: str) -> float:
    """Send an event; the milliseconds until it is scored."""
    body = orjson.dumps({"id": event_id, "type": "form.submitted", "contact": event_id})
    began = now_micros()
    await asyncio.to_thread(post, api, body)
    await kindling.until(
        lambda: bool(
            kindling.observer.changed()
            and kindling.observer.number(
                f"SELECT EXISTS (SELECT 1 FROM events WHERE id = ? AND status = {APPLIED})", event_id
            )
        ),
        "the scoring of an event",
        pause=0.0005,
    )
    took = (now_micros() - began) / SECOND * 1000
    await asyncio.sleep(PAUSE)
    return took
