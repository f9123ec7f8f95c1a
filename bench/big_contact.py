"""One contact with as many events as a mail gateway makes that clicks every link; and everybody else meanwhile."""

import asyncio
import http.client
import random
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from typing import Any

import orjson

from bench.hard_template import scored
from bench.http_client import send
from bench.installation import Installation, Stalled
from bench.memory import Peak
from bench.result import Result, percentile, scaled
from bench.workload import AUTOMATIONS, PROFILE
from conditions.times import Micros, micros_of, to_iso
from runtime.clock import now_micros
from runtime.embedded import process_environment
from store.statuses import PENDING

EVENTS = 300_000
SAMPLES = 60
SECONDS, MEGABYTES, MILLISECONDS = 60, 500, 250
GATEWAY, OTHER = "gateway", "survivor"
#: What is still to be done of the contact.
_LEFT = (
    "SELECT EXISTS (SELECT 1 FROM leftovers) OR EXISTS (SELECT 1 FROM folds) "
    "OR EXISTS (SELECT 1 FROM scores WHERE standing LIKE '%\"r\":%')"
)


async def measure(scale: float) -> list[Result]:
    """Seconds that each thing takes which may befall such a contact, the worker's memory, and others' single events.

    Imported, re-scored (a publish after which every entry is another one), revoked, imported again, merged into another
    contact, and erased, each until nothing of it is left to do. Meanwhile one event after another of other contacts is
    sent; the floor is how long these take on the idle system.
    """
    events = scaled(EVENTS, scale, 3_000)
    seconds: dict[str, float] = {}
    others: list[float] = []
    async with Installation(AUTOMATIONS) as kindling:
        await kindling.start_temporal()
        await asyncio.gather(kindling.start_worker(), kindling.start_api())
        api, single = (
            http.client.HTTPConnection(kindling.settings.local_host, kindling.settings.port, timeout=300)
            for _ in range(2)
        )
        with closing(api), closing(single):
            await scored(kindling, single, OTHER)
            idle = [
                await scored(kindling, single, f"idle-{number}")
                for number in range(scaled(SAMPLES, scale, 9))
            ]
            contact = _BigContact(kindling, api, events)
            peak = Peak(kindling.worker_pid)
            watching = asyncio.create_task(peak.watch())
            async with _singles(kindling, single, others):
                for name, work in (
                    ("import", contact.imported),
                    ("rescore", contact.rescored),
                    ("revoke", contact.revoked),
                    ("", contact.imported),
                    ("merge", contact.merged),
                    ("erase", contact.erased),
                ):
                    began = now_micros()
                    await work()
                    seconds[name] = (now_micros() - began) / 1_000_000
            watching.cancel()
    worst, floor = percentile(others, 99), percentile(idle, 99)
    return [
        *(
            Result(f"big_contact_{name}", took, "s", None, None, f"at most {SECONDS} s", took <= SECONDS)
            for name, took in seconds.items()
            if name
        ),
        Result(
            "big_contact_memory",
            peak.megabytes,
            "MB",
            None,
            None,
            f"under {MEGABYTES} MB",
            peak.megabytes < MEGABYTES,
        ),
        Result(
            "big_contact_others",
            worst,
            "ms p99",
            floor,
            worst / floor,
            f"at most {MILLISECONDS} ms",
            worst <= MILLISECONDS,
        ),
    ]


class _BigContact:
    """What may befall a contact with very many events; each ends when nothing is left to do."""

    def __init__(self, kindling: Installation, api: http.client.HTTPConnection, events: int) -> None:
        self._kindling = kindling
        self._api = api
        self._events = events
        self._imports = 0

    async def imported(self) -> None:
        """`kindling import`, in a process of its own."""
        kindling = self._kindling
        self._imports += 1
        file = kindling.settings.home / f"clicks-{self._imports}.ndjson"
        await asyncio.to_thread(_write, file, self._events, self._imports)
        command = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "cli", "import", str(file)),
            env=process_environment(kindling.settings, "api"),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            out, _ = await command.communicate()
        finally:
            if command.returncode is None:
                command.kill()
        if command.returncode:
            raise Stalled(f"the import failed: {out.decode().strip().splitlines()[-1]}")
        await self._until(f"SELECT EXISTS (SELECT 1 FROM events WHERE status = {PENDING})")

    async def rescored(self) -> None:
        """A publish under which each click is worth something else."""
        application = self._kindling.application()
        rules = [{**rule, "points": rule["points"] + 1} for rule in PROFILE["rules"]]
        application.profiles.save(PROFILE["key"], {**PROFILE, "rules": rules})
        await self._kindling.publish(application, PROFILE["key"])

    async def revoked(self) -> None:
        await self._call("DELETE", f"/v1/imports/clicks-{self._imports}.ndjson")
        await self._until("SELECT EXISTS (SELECT 1 FROM events WHERE status >= 4)")

    async def merged(self) -> None:
        await self._call("POST", f"/v1/contacts/{GATEWAY}/merge", {"into": OTHER})
        await self._until(_LEFT)

    async def erased(self) -> None:
        await self._call("DELETE", f"/v1/contacts/{OTHER}")
        await self._until(_LEFT)

    async def _until(self, left: str) -> None:
        observer = self._kindling.observer
        await self._kindling.until(
            lambda: not observer.number(left),
            "the end of what a big contact has to do",
            pause=0.05,
            patience=600,
        )

    async def _call(self, method: str, path: str, body: Any = None) -> None:
        sent = b"" if body is None else orjson.dumps(body)
        status, text = await asyncio.to_thread(send, self._api, method, path, sent)
        if status not in (200, 202, 204):
            raise Stalled(f"{method} {path} answered {status}: {text[:300].decode(errors='replace')}")


@asynccontextmanager
async def _singles(
    kindling: Installation, api: http.client.HTTPConnection, took: list[float]
) -> AsyncIterator[None]:
    """Meanwhile, one event after another of other contacts; how long each took until it was scored."""

    async def one_after_another() -> None:
        while True:
            took.append(await scored(kindling, api, f"busy-{len(took)}"))

    sending = asyncio.create_task(one_after_another())
    try:
        yield
        if sending.done():
            sending.result()
    finally:
        sending.cancel()
        with suppress(asyncio.CancelledError):
            await sending


def _write(file: Path, events: int, seed: int) -> None:
    """Clicks and visits of sixty days, as lines to be imported."""
    with file.open("wb") as lines:
        lines.writelines(orjson.dumps(line) + b"\n" for line in _clicks(events, seed, now_micros()))


def _clicks(count: int, seed: int, now: Micros) -> Iterator[dict[str, Any]]:
    chance = random.Random(seed)
    since = micros_of("60d")
    for number in range(count):
        click = chance.random() < 0.9
        yield {
            "id": f"gateway-{seed}-{number}",
            "type": "email.clicked" if click else "page.visited",
            "contact": GATEWAY,
            "occurred_at": to_iso(now - since + since * number // count),
            "properties": {"campaign": f"c{chance.randrange(50)}", "path": "/pricing"},
        }
