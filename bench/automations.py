"""Row 8: scoring beside many published automations that bound the score and do not match."""

from contextlib import AsyncExitStack

from bench.installation import Installation
from bench.result import Result, scaled, slowdown
from bench.sides import score, score_in_turns
from bench.workload import first_events, make_bystanders, make_events
from runtime.clock import now_micros

EVENTS = 8_000
CONTACTS = 4_000
ROUNDS = 12
FEW = 10
#: How many automations, and how many times as long scoring may take as beside a few.
MOST = {500: 1.2, 10_000: 2.0}


async def measure(scale: float) -> list[Result]:
    """Seconds in which pending events are scored, from the commit that makes them visible until none is pending.

    An installation for each number of automations, with one worker process and ten rules; all get the same events, and
    take turns. The floor is the same beside ten automations. Contacts are known and have a score. Nobody enrolls.
    """
    events, contacts = scaled(EVENTS, scale, 20), scaled(CONTACTS, scale, 10)
    first = list(first_events(contacts, now_micros()))
    async with AsyncExitStack() as stack:
        sides: dict[int, Installation] = {}
        for count in (FEW, *MOST):
            automations = list(make_bystanders(scaled(count, scale, FEW)))
            kindling = sides[count] = await stack.enter_async_context(Installation(automations))
            await kindling.start_temporal()
            await kindling.start_worker()
            await score(kindling, first)
        seconds = await score_in_turns(
            sides, ROUNDS, lambda number: make_events(events, contacts, now_micros(), number)
        )
    return [
        slowdown(f"automations_{count}", seconds[count], seconds[FEW], most, f"the time with {FEW}")
        for count, most in MOST.items()
    ]
