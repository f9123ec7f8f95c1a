"""Row 11: everybody on a smart list is enrolled and waits; what that costs, and how they go on together."""

import asyncio
import http.client
import os
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, closing

import orjson

from bench.http_client import post
from bench.installation import Installation, Stalled
from bench.latency import PAUSE
from bench.memory import Peak
from bench.observer import Observer
from bench.result import Result, percentile, scaled, slowdown
from bench.sides import score, score_in_turns
from bench.workload import AUTOMATIONS, CROWD, first_events, make_events
from conditions.times import SECOND, to_iso
from runtime.clock import now_micros
from runtime.wakes import Wakes
from services.operations.watch import Watch
from store.intake.arriving import NewEvent
from store.operations.status import WorkerSelf
from store.statuses import OPEN_LITERALS

LISTED = 50_000
GATHERED = 10_000
EVENTS = 8_000
ROUNDS = 10
#: Seconds until all wait, and until those who wake at one moment are past their next step.
WAITING_WITHIN, WOKEN_WITHIN = 90.0, 15.0
#: Milliseconds until the first step of a single event's follow-up, megabytes of a worker, seconds of an audit.
FIRST_STEP_WITHIN, MOST_MEMORY, AUDIT_WITHIN = 500.0, 400.0, 2.0


async def measure(scale: float) -> list[Result]:
    """As many workers as cores; scores are known.

    `crowd`: seconds from the call that enrolls everybody on a smart list until all are past three steps and wait for
    three days, and `crowd_others`: meanwhile, from a single event to its follow-up's first step. `crowd_woken`: others,
    who wait for one moment, from that until all are past their next step. Then as many again wait: `crowd_memory` is
    the most that a worker has taken, `crowd_temporal` the size of Temporal's database, `crowd_audit` how long the
    search for lost workflows takes, and `crowd_scoring` how long scoring takes, beside an installation where nobody
    waits.
    """
    listed, gathered = scaled(LISTED, scale, 40), scaled(GATHERED, scale, 20)
    async with AsyncExitStack() as stack:
        many, none = [await stack.enter_async_context(Installation([*AUTOMATIONS, *CROWD])) for _ in range(2)]
        for kindling in (many, none):
            await kindling.start_temporal()
            await kindling.start_workers()
            kindling.hold()
            await score(kindling, first_events(listed, now_micros()))
            kindling.release()
        await many.start_api()
        peaks = [Peak(pid) for pid in many.worker_pids]
        watching = [asyncio.create_task(peak.watch()) for peak in peaks]
        many.application().smart_lists.save("everybody", {"profile": "engagement", "filter": {}})
        seconds, samples = await _enroll_listed(many, listed)
        woken = await _gather(many, gathered)
        await _enroll(many, "crowd-again", listed)
        audit = await _audit(many)
        many.hold()
        none.hold()
        rounds = await score_in_turns(
            {"many": many, "none": none},
            ROUNDS,
            lambda number: make_events(scaled(EVENTS, scale, 20), listed, now_micros(), number),
        )
        for task in watching:
            task.cancel()
        temporal = many.temporal_size() / 1_000_000
    others = percentile(samples, 99)
    return [
        _within("crowd", seconds, "s", WAITING_WITHIN),
        _within("crowd_others", others, "ms p99", FIRST_STEP_WITHIN),
        _within("crowd_woken", woken, "s", WOKEN_WITHIN),
        _within("crowd_memory", max(peak.megabytes for peak in peaks), "MB", MOST_MEMORY),
        Result("crowd_temporal", temporal, "MB", None, None, "reported", met=True),
        _within("crowd_audit", audit, "s", AUDIT_WITHIN),
        slowdown("crowd_scoring", rounds["many"], rounds["none"], 1.1, "the time with none"),
    ]


def _within(name: str, value: float, unit: str, most: float) -> Result:
    return Result(name, value, unit, None, None, f"at most {most:g} {unit.partition(' ')[0]}", value <= most)


async def _enroll_listed(kindling: Installation, count: int) -> tuple[float, list[float]]:
    """The seconds until all on the list wait, and the milliseconds of single events meanwhile."""
    samples: list[float] = []
    singles = asyncio.create_task(asyncio.to_thread(_singles, kindling, samples, stop := [False]))
    began = time.perf_counter()
    try:
        await _enroll(kindling, "crowd", count)
        seconds = time.perf_counter() - began
    finally:
        stop[0] = True
        await singles
    return seconds, samples


async def _enroll(kindling: Installation, key: str, count: int) -> None:
    """Until all on the list are in an automation and wait."""
    enrolled = await asyncio.to_thread(
        kindling.application().enroll_by_hand.enroll, key, {"smart_list": "everybody"}
    )
    if enrolled.enrolled < count:  # single events bring further contacts meanwhile
        raise Stalled(f"{enrolled.enrolled} were enrolled instead of {count}")
    kindling.wake()
    await _at(kindling, key, "3", enrolled.enrolled)


async def _at(kindling: Installation, key: str, step: str, count: int) -> None:
    """Until so many of an automation are at a step."""
    of_automation = "automation_id = (SELECT id FROM automations WHERE key = ?)"
    statement = f"SELECT count(*) FROM enrollments WHERE step = ? AND {of_automation}"
    await kindling.until(
        lambda: kindling.observer.number(statement, step, key) >= count,
        f"{count} follow-ups at step {step}",
        pause=0.05,
        patience=900,
    )


def _singles(kindling: Installation, samples: list[float], stop: list[bool]) -> None:
    """Single events one after another, each until the first step of its follow-up is done."""
    api = http.client.HTTPConnection(kindling.settings.local_host, kindling.settings.port, timeout=60)
    done = (
        "SELECT count(*) FROM enrollments WHERE step IS NOT NULL AND automation_id = "
        "(SELECT id FROM automations WHERE key = 'single')"
    )
    with closing(api), closing(Observer(kindling.file)) as observer:
        while not stop[0]:
            began = time.perf_counter()
            post(api, orjson.dumps({"type": "single", "contact": f"single-{len(samples)}"}))
            while observer.number(done) <= len(samples):
                if time.perf_counter() - began > 120:
                    raise Stalled("the first step of a single event's follow-up was not done")
                time.sleep(0.001)
            samples.append((time.perf_counter() - began) * 1000)
            time.sleep(PAUSE)


async def _gather(kindling: Installation, count: int) -> float:
    """The seconds from the moment for which so many wait until all are past the step behind it."""
    at = now_micros() + SECOND * (20 + count // 500)
    kindling.take(_gathering(count, to_iso(at)))
    kindling.wake()
    await _at(kindling, "gathering", "0", count)
    await kindling.until(lambda: now_micros() >= at, "the moment for which all wait", pause=0.001)
    began = time.perf_counter()
    left = (
        f"SELECT count(*) FROM enrollments WHERE status IN {OPEN_LITERALS} AND automation_id = "
        "(SELECT id FROM automations WHERE key = 'gathering')"
    )
    await kindling.until(lambda: kindling.observer.number(left) == 0, "the end of a gathering", pause=0.02)
    return time.perf_counter() - began


def _gathering(count: int, at: str) -> Iterator[NewEvent]:
    properties = orjson.dumps({"date": at}).decode()
    for number in range(count):
        yield NewEvent(
            f"gathering-{number}", "gathering", f"gathering-{number:06d}", now_micros(), properties
        )


async def _audit(kindling: Installation) -> float:
    """The seconds of one audit."""
    settings = kindling.settings
    wakes = Wakes(kindling.client, settings.task_queue)
    identity = WorkerSelf("bench", "bench", os.getpid())
    watch = Watch(kindling.database, kindling.client, wakes, now_micros, settings.task_queue, identity)
    began = time.perf_counter()
    await watch.audit()
    seconds = time.perf_counter() - began
    await wakes.close()
    return seconds
