"""Row 7: points of many contacts expire at one moment."""

import time

from uuid_utils import uuid7

from bench.installation import Installation
from bench.result import Result, scaled
from bench.workload import AUTOMATIONS, first_events
from conditions.times import SECOND, micros_of
from runtime.clock import now_micros
from store.intake.arriving import NewEvent

EXPIRIES = 100_000
LEAST = 0.5
_LIFE = micros_of("14d")


async def measure(scale: float) -> list[Result]:
    """Expiries a second, from the moment at which all are due until none is left; the floor is the same events scored.

    One worker process, ten rules, five automations, new starts held. Fails when a change is missing or made twice.
    """
    count = scaled(EXPIRIES, scale, 50)
    async with Installation(AUTOMATIONS) as kindling:
        kindling.hold()
        kindling.take(first_events(count, now_micros()))
        await kindling.start_temporal()
        await kindling.start_worker()
        kindling.wake()
        await kindling.until_scored()
        # Long enough ahead that all are scored before the first is due.
        due = now_micros() + SECOND * (3 + count // 2_000)
        kindling.take(
            NewEvent(str(uuid7()), "payment.failed", f"contact-{number:06d}", due - _LIFE, "{}")
            for number in range(count)
        )
        began = time.perf_counter()
        kindling.wake()
        await kindling.until_scored()
        scored = count / (time.perf_counter() - began)
        await kindling.until(lambda: now_micros() >= due, "the moment of the storm", pause=0.001)
        began = time.perf_counter()
        await kindling.until(
            lambda: (
                not kindling.observer.number(
                    "SELECT EXISTS (SELECT 1 FROM scores WHERE due_at <= ?)", now_micros()
                )
            ),
            "the end of the storm",
        )
        value = count / (time.perf_counter() - began)
        once = (
            kindling.observer.number("SELECT count(*) FROM changes WHERE cause = 'expiry'") == count
            and kindling.observer.number(
                "SELECT count(DISTINCT record_id) FROM changes WHERE cause = 'expiry'"
            )
            == count
        )
    ratio = value / scored
    met = once and ratio >= LEAST
    return [Result("storm", value, "expiries/s", scored, ratio, f"at least {LEAST} x scoring", met)]
