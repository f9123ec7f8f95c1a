"""Row 10: ten thousand follow-ups that wait at once, what scoring notices of them, and how fast one wakes."""

import asyncio
import http.client
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, closing
from uuid import uuid4

from bench.bare_worker import TASK_QUEUE, BareWait
from bench.follow_ups import bare_burst
from bench.installation import Installation
from bench.latency import PAUSE, until_notified
from bench.result import Result, percentile, scaled, slowdown
from bench.sides import score, score_in_turns
from bench.workload import AUTOMATIONS, WAITING, first_events, make_events
from conditions.times import SECOND
from runtime.clock import now_micros
from store.intake.arriving import NewEvent
from store.statuses import QUEUED

WAITERS = 10_000
BURSTS = 5
EVENTS = 8_000
CONTACTS = 4_000
ROUNDS = 10
WOKEN = 20
WARM_UP = 3


async def measure(scale: float) -> list[Result]:
    """`waiting`: follow-ups a second, from the release of queued enrollments until the database has all as waiting.

    Its floor is bare workflows of one activity, a twentieth as many, which end where ours begin to wait. Then, with all
    waiting for an event: `waiting_scoring`, the seconds in which events of other contacts are scored, beside an
    installation where none waits; and `waiting_wake`, the milliseconds from sending the event that one waits for until
    other processes can see its next step committed, beside a signal to a bare workflow until its activity's result.
    """
    waiters, woken = scaled(WAITERS, scale, 25), scaled(WOKEN, scale, 3)
    events, contacts = scaled(EVENTS, scale, 20), scaled(CONTACTS, scale, 10)
    first = list(first_events(contacts, now_micros()))
    async with AsyncExitStack() as stack:
        many, none = [
            await stack.enter_async_context(Installation([*AUTOMATIONS, WAITING])) for _ in range(2)
        ]
        for kindling in (many, none):
            kindling.hold()
            await kindling.start_temporal()
            await kindling.start_worker()
        await many.start_bare_worker()
        value, floor = await _fill(many, waiters)
        for kindling in (many, none):
            await score(kindling, first)
        seconds = await score_in_turns(
            {"many": many, "none": none},
            ROUNDS,
            lambda number: make_events(events, contacts, now_micros(), number),
        )
        await many.start_api()
        ours, floors = await _wake(many, woken + WARM_UP)
    middle, bare = percentile(ours, 50), percentile(floors, 50)
    return [
        Result("waiting", value, "follow-ups/s", floor, value / floor, "reported", met=True),
        slowdown("waiting_scoring", seconds["many"], seconds["none"], 1.2, "the time with none"),
        Result("waiting_wake", middle, "ms p50", bare, middle / bare, "reported", met=True),
    ]


async def _fill(kindling: Installation, waiters: int) -> tuple[float, float]:
    """Have so many follow-ups wait; how many a second begin to, and how many bare workflows a second are done."""
    size, bare = waiters // BURSTS, max(1, waiters // BURSTS // 20)
    ours = floors = 0.0
    await bare_burst(kindling, 5, 5, 1)
    for number in range(BURSTS):
        await _enroll(kindling, number * size, size)
        kindling.release()
        began = time.perf_counter()
        kindling.wake()
        await _count(kindling, "SELECT count(*) FROM waits", (number + 1) * size)
        ours += time.perf_counter() - began
        kindling.hold()
        floors += await bare_burst(kindling, bare, 5 + (number + 1) * bare, 1)
    return BURSTS * size / ours, BURSTS * bare / floors


async def _enroll(kindling: Installation, first: int, size: int) -> None:
    """Queue follow-ups of contacts `first` to `first + size`."""
    await score(kindling, _events("trial.started", first, size))
    await _count(kindling, f"SELECT count(*) FROM enrollments WHERE status = {QUEUED}", size)
    await asyncio.sleep(0.3)  # passes that found nothing more end


def _events(kind: str, first: int, size: int) -> Iterator[NewEvent]:
    now = now_micros() - SECOND
    for number in range(first, first + size):
        yield NewEvent(f"{kind}-{number}", kind, _contact(number), now, "{}")


def _contact(number: int) -> str:
    return f"waiting-{number:06d}"


async def _count(kindling: Installation, statement: str, count: int) -> None:
    """Until the database counts so many."""
    await kindling.until(
        lambda: kindling.observer.number(statement) >= count,
        f"{count} follow-ups that wait",
        pause=0.02,
        patience=300,
    )


async def _wake(kindling: Installation, count: int) -> tuple[list[float], list[float]]:
    """Milliseconds in which so many follow-ups and bare workflows woke, in turns, without the first ones."""
    ours: list[float] = []
    floors: list[float] = []
    settings = kindling.settings
    client = kindling.client
    api = http.client.HTTPConnection(settings.local_host, settings.port, timeout=30)
    bare = [
        await client.start_workflow(BareWait.run, id=f"wait-{uuid4()}", task_queue=TASK_QUEUE)
        for _ in range(count)
    ]
    with closing(api):
        for number in range(count):
            await asyncio.sleep(2 * PAUSE)
            event = {"type": "trial.ended", "contact": _contact(number)}
            ours.append(await asyncio.to_thread(until_notified, api, kindling.observer, event, number + 1))
            await asyncio.sleep(2 * PAUSE)
            began = time.perf_counter()
            await bare[number].signal(BareWait.wake)
            await bare[number].result()
            floors.append((time.perf_counter() - began) * 1000)
    return ours[WARM_UP:], floors[WARM_UP:]
