"""Events over HTTP, sent by a client process of its own."""

import asyncio
import json
import os
import sys
from collections.abc import Iterable
from typing import Any

import orjson

from bench.http_client import KEY
from bench.installation import Installation
from conditions.times import to_iso
from runtime.errors import ReadableError
from store.intake.arriving import NewEvent

BATCH = 500
CONNECTIONS = 4


class LoadFailed(ReadableError):
    """The client process did not get through; the message says why."""


def as_sent(event: NewEvent) -> dict[str, Any]:
    """An event as callers write it."""
    return {
        "id": event.id,
        "type": event.type,
        "contact": event.contact,
        "occurred_at": to_iso(event.occurred_at),
        "properties": json.loads(event.properties),
    }


def write_bodies(kindling: Installation, events: Iterable[NewEvent]) -> int:
    """Put the events, in batches, where the client process finds them; how many there are."""
    sent = [as_sent(event) for event in events]
    with (kindling.settings.home / "bodies").open("wb") as file:
        for start in range(0, len(sent), BATCH):
            file.write(orjson.dumps(sent[start : start + BATCH]) + b"\n")
    return len(sent)


async def send_bodies(kindling: Installation, key: str | None = None) -> float:
    """Send what was written last, with a key if one is given; the seconds from the first request to the last answer."""
    settings = kindling.settings
    client = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.http_client", f"{settings.local_host}:{settings.port}"),
        *(str(settings.home / "bodies"), str(CONNECTIONS)),
        env={**os.environ, KEY: key} if key is not None else None,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, trouble = await client.communicate()
    finally:
        if client.returncode is None:
            client.kill()
    if client.returncode:
        raise LoadFailed(f"the load client failed: {trouble.decode().strip().splitlines()[-1]}")
    return float(json.loads(out)["seconds"])
