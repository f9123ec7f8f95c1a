"""Row 1: pending events scored through the real shard workflow, against a script that only writes the rows."""

import time

from bench.bare_sqlite import BareStore
from bench.installation import Installation
from bench.result import Result, rate, scaled
from bench.workload import AUTOMATIONS, first_events, make_events
from runtime.clock import now_micros

EVENTS = 20_000
CONTACTS = 8_000
ROUNDS = 5


async def measure(scale: float) -> list[Result]:
    """Events a second, from the commit that makes them visible until none is pending.

    As many worker processes as cores, ten rules, five automations. New starts are held, so that enrollments are
    written, as the floor does too, while no follow-up takes part of the cores. Contacts are known and have a score.
    """
    events, contacts = scaled(EVENTS, scale, 20), scaled(CONTACTS, scale, 10)
    ours: list[float] = []
    floors: list[float] = []
    async with Installation(AUTOMATIONS) as kindling:
        kindling.hold()
        kindling.take(first_events(contacts, now_micros()))
        await kindling.start_temporal()
        await kindling.start_workers()
        kindling.wake()
        await kindling.until_scored()
        floor = BareStore(kindling.file, kindling.spare_file)
        for number in range(ROUNDS):
            kindling.take(make_events(events, contacts, now_micros(), number))
            began = time.perf_counter()
            kindling.wake()
            await kindling.until_scored()
            ours.append(events / (time.perf_counter() - began))
            floors.append(events / floor.score_events())
        floor.close()
    return [rate("scoring", "events/s", ours, floors, 0.5)]
