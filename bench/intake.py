"""Row 2: events over HTTP in batches of 500 to one API process, against bare inserts of the same rows."""

from statistics import median

from bench.bare_sqlite import BareStore
from bench.installation import Installation
from bench.load import send_bodies, write_bodies
from bench.result import Result, scaled
from bench.workload import first_events, make_events
from runtime.clock import now_micros

EVENTS = 20_000
CONTACTS = 8_000
ROUNDS = 5
LEAST = 15_000


async def measure(scale: float) -> list[Result]:
    """Events a second that are answered with 202, thus on disk.

    Four keep-alive connections from a client in a process of its own, which takes its part of the two cores. No
    worker runs: what scoring takes from intake is seen in the row `actions`, whose events come under load.
    """
    events, contacts = scaled(EVENTS, scale, 20), scaled(CONTACTS, scale, 10)
    ours: list[float] = []
    floors: list[float] = []
    async with Installation() as kindling:
        kindling.take(first_events(contacts, now_micros()))
        await kindling.start_temporal()
        await kindling.start_api()
        floor = BareStore(kindling.file, kindling.spare_file)
        for number in range(ROUNDS):
            count = write_bodies(kindling, make_events(events, contacts, now_micros(), number))
            ours.append(count / await send_bodies(kindling))
            floors.append(count / floor.take_events())
        floor.close()
    value, bare = median(ours), median(floors)
    target = f"at least {LEAST:,} events/s"
    return [Result("intake", value, "events/s", bare, value / bare, target, value >= LEAST)]
