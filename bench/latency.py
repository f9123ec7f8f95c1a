"""Row 3: one event on an idle system until its follow-up's first step is done, against a bare workflow."""

import asyncio
import http.client
import time
from contextlib import closing
from typing import Any
from uuid import uuid4

import orjson

from bench.bare_worker import TASK_QUEUE, Bare
from bench.http_client import post
from bench.installation import Installation, Stalled
from bench.observer import Observer
from bench.result import Result, percentile, scaled
from bench.workload import EACH_CHANGE
from store.statuses import OPEN_LITERALS

SAMPLES = 100
WARM_UP = 5
#: Times the floor, of the middle; milliseconds, of 99 in 100.
MOST, MOST_P99 = 1.5, 150.0
#: Wake-ups are coalesced for a tenth of a second; an idle system has none behind it.
PAUSE = 0.15


async def measure(scale: float) -> list[Result]:
    """Milliseconds from sending `POST /v1/events` until other processes can see the follow-up's first step committed.

    Product and floor take turns. The floor is a workflow of one empty activity, from its start to its result, in a
    worker with the same settings.
    """
    ours: list[float] = []
    floors: list[float] = []
    async with Installation(EACH_CHANGE) as kindling:
        await kindling.start_temporal()
        await asyncio.gather(kindling.start_worker(), kindling.start_bare_worker(), kindling.start_api())
        api = http.client.HTTPConnection(kindling.settings.local_host, kindling.settings.port, timeout=30)
        with closing(api):
            observer = kindling.observer
            for number in range(scaled(SAMPLES, scale, 3) + WARM_UP):
                event = {"type": "form.submitted", "contact": f"c{number}"}
                ours.append(await asyncio.to_thread(until_notified, api, observer, event, number + 1))
                await kindling.until(lambda: _idle(observer), "the end of a follow-up")
                await asyncio.sleep(PAUSE)
                began = time.perf_counter()
                await kindling.client.execute_workflow(
                    Bare.run, 1, id=f"bare-{uuid4()}", task_queue=TASK_QUEUE
                )
                floors.append((time.perf_counter() - began) * 1000)
    del ours[:WARM_UP], floors[:WARM_UP]
    middle, floor = percentile(ours, 50), percentile(floors, 50)
    worst, worst_floor = percentile(ours, 99), percentile(floors, 99)
    ratio = middle / floor
    return [
        Result("latency", middle, "ms p50", floor, ratio, f"at most {MOST:g} x the floor", ratio <= MOST),
        Result(
            "latency_p99",
            worst,
            "ms p99",
            worst_floor,
            worst / worst_floor,
            f"at most {MOST_P99:g} ms",
            worst <= MOST_P99,
        ),
    ]


def _wait_for_notifications(observer: Observer, count: int) -> None:
    """Until there are so many; raises Stalled after half a minute."""
    deadline = time.monotonic() + 30
    while not (observer.changed() and observer.number("SELECT count(*) FROM notifications") >= count):
        if time.monotonic() > deadline:
            raise Stalled("the first step of a follow-up was not done within half a minute")
        time.sleep(0.0005)


def _idle(observer: Observer) -> bool:
    """Whether no follow-up is open."""
    return not observer.number(f"SELECT EXISTS (SELECT 1 FROM enrollments WHERE status IN {OPEN_LITERALS})")


def until_notified(
    api: http.client.HTTPConnection, observer: Observer, event: dict[str, Any], count: int
) -> float:
    """Send an event; the milliseconds until there are `count` notifications."""
    body = orjson.dumps(event)
    began = time.perf_counter()
    post(api, body)
    _wait_for_notifications(observer, count)
    return (time.perf_counter() - began) * 1000
