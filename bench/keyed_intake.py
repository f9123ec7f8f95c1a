"""Events over HTTP with an API key, against the same with the installation's key, for which no database is read."""

from statistics import median

from bench.installation import Installation
from bench.intake import CONTACTS, EVENTS
from bench.load import send_bodies, write_bodies
from bench.result import Result, scaled
from bench.workload import first_events, make_events
from runtime.clock import now_micros
from runtime.principals import SYSTEM
from services.access.keys import Keys

ROUNDS = 6
LEAST = 0.95
_INSTALLATIONS_KEY = "the-key-of-the-installation"


async def measure(scale: float) -> list[Result]:
    """Events a second, the two keys in turn, to one API process."""
    events, contacts = scaled(EVENTS, scale, 20), scaled(CONTACTS, scale, 10)
    rates: dict[str, list[float]] = {}
    async with Installation(KINDLING_API_KEY=_INSTALLATIONS_KEY) as kindling:
        kindling.take(first_events(contacts, now_micros()))
        own = Keys(kindling.resources()).add({"name": "bench", "permissions": ["ingest"]}, SYSTEM).key
        await kindling.start_temporal()
        await kindling.start_api()
        for number in range(ROUNDS):
            for key in (own, _INSTALLATIONS_KEY) if number % 2 else (_INSTALLATIONS_KEY, own):
                run = len(rates.get(own, ())) + len(rates.get(_INSTALLATIONS_KEY, ()))
                count = write_bodies(kindling, make_events(events, contacts, now_micros(), run))
                rates.setdefault(key, []).append(count / await send_bodies(kindling, key))
    value, floor = median(rates[own]), median(rates[_INSTALLATIONS_KEY])
    ratio = value / floor
    return [
        Result("keyed_intake", value, "events/s", floor, ratio, f"ratio at least {LEAST}", ratio >= LEAST)
    ]
