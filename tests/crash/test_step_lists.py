"""Random step lists with the worker killed meanwhile: all end, no step is done twice, a plain interpreter agrees."""

import asyncio
import random
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as how
from hypothesis import strategies as st

from runtime.embedded import Stack
from runtime.ports import free_port
from runtime.settings import load_settings
from tests.crash.installation import PROFILE, Client, Look, eventually, prepare
from tests.crash.step_lists import OTHER, REFUSED, STARTED, Plain, interpreted, step_lists

pytestmark = [pytest.mark.stack, pytest.mark.slow, pytest.mark.timeout(400)]

#: Each example is a town of so many lists at once, all of which see the kills.
LISTS, EXAMPLES, KILLS = 40, 2, 6
#: Webhooks by id, as the server of this process has seen them.
CALLS: dict[str, set[str]] = {}


class _Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        CALLS.setdefault(self.headers["webhook-id"], set()).add(self.path)
        self.send_response(422 if self.path == REFUSED else 200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *args: Any, **kwargs: Any) -> None:
        """Say nothing."""


PORT = free_port()
URL = f"http://127.0.0.1:{PORT}"


@pytest.fixture(scope="module", autouse=True)
def receiver() -> Iterator[None]:
    server = ThreadingHTTPServer(("127.0.0.1", PORT), _Receiver)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield
    server.shutdown()
    server.server_close()
    thread.join()


@given(st.lists(step_lists(URL), min_size=LISTS, max_size=LISTS), st.integers(0, 2**32))
@how(
    max_examples=EXAMPLES,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_random_step_lists_end_as_a_plain_interpreter_says(
    lists: list[list[dict[str, Any]]], seed: int
) -> None:
    CALLS.clear()
    with TemporaryDirectory(prefix="kindling-steps-") as home:
        asyncio.run(_town(Path(home), lists, random.Random(seed)))


async def _town(home: Path, lists: list[list[dict[str, Any]]], chance: random.Random) -> None:
    settings = load_settings(
        {
            "KINDLING_HOME": str(home),
            "KINDLING_PORT": str(free_port()),
            "KINDLING_TEMPORAL_PORT": str(free_port(above=1000)),
            "KINDLING_WEBHOOK_ALLOW": "127.0.0.1",
        },
        environ={},
    )
    look, client = Look(settings), Client(settings)
    try:
        async with Stack(settings, prepare) as stack:
            await _define(client, lists)
            events = [
                {"type": f"go-{number}", "contact": f"contact-{number}", "properties": {"size": number % 10}}
                for number in range(len(lists))
            ]
            await client.call("POST", "/v1/events", events)
            async with asyncio.TaskGroup() as group:
                killing = group.create_task(_kill(stack, chance))
                group.create_task(_ping(client, look, len(lists), killing))
            await eventually(look.idle, 90)
        for number, steps in enumerate(lists):
            _agrees(look, number, interpreted(steps, number % 10))
        assert len(CALLS) == sum(interpreted(steps, number % 10).calls for number, steps in enumerate(lists))
    finally:
        await client.close()
        look.close()


async def _define(client: Client, lists: list[list[dict[str, Any]]]) -> None:
    await client.call("PUT", "/v1/profiles/engagement", PROFILE)
    await client.call("POST", "/v1/profiles/engagement/publish")
    other = {"trigger": {"event": "never"}, "steps": [{"add_tag": STARTED}]}
    documents = {OTHER: other} | {
        f"list-{number}": {"trigger": {"event": f"go-{number}"}, "steps": steps}
        for number, steps in enumerate(lists)
    }
    for key, document in documents.items():
        await client.call("PUT", f"/v1/automations/{key}", document)
        await client.call("POST", f"/v1/automations/{key}/publish")


async def _kill(stack: Stack, chance: random.Random) -> None:
    for _ in range(KILLS):
        await asyncio.sleep(chance.uniform(0.05, 1.5))
        stack.kill("worker")
        await stack.ready()


async def _ping(client: Client, look: Look, count: int, killing: "asyncio.Task[None]") -> None:
    """Send what steps wait for, again and again, until all is over."""
    async with asyncio.timeout(200):
        while not (killing.done() and await asyncio.to_thread(look.idle)):
            pings = [{"type": "ping", "contact": f"contact-{number}"} for number in range(count)]
            await client.call("POST", "/v1/events", pings)
            await asyncio.sleep(0.4)


def _agrees(look: Look, number: int, plain: Plain) -> None:
    """The state of one contact, and how often each effect is there."""
    [(contact, tags, stage, fields)] = look.rows(
        f"SELECT id, tags, stage, fields FROM contacts WHERE key = 'contact-{number}'"
    )
    [(enrollment, status)] = look.rows(
        "SELECT e.id, e.status FROM enrollments e JOIN automations a ON a.id = e.automation_id "
        f"WHERE e.contact_id = {contact} AND a.key = 'list-{number}'"
    )

    def texts(column: str, table: str) -> list[str]:
        rows = look.rows(f"SELECT {column} FROM {table} WHERE contact_id = {contact}")
        return sorted(text for (text,) in rows)

    started = {STARTED} if plain.started else set()
    assert status == plain.status
    assert set(orjson.loads(tags)) == plain.tags | started
    assert (stage, orjson.loads(fields)) == (plain.stage, plain.fields)
    assert texts("title", "tasks") == sorted(plain.tasks)
    own = [
        text.replace(f", {STARTED}", "").replace(STARTED, "") for text in texts("message", "notifications")
    ]
    assert sorted(own) == sorted(plain.messages)
    assert len(texts("id", "webhooks")) == plain.calls
    outcomes = look.rows(f"SELECT path FROM outcomes WHERE enrollment_id = '{enrollment}'")
    assert sorted(path for (path,) in outcomes) == sorted(plain.outcomes)
    adjusted = f"SELECT count(*) FROM adjustments WHERE record_id = {contact} AND status = 1"
    assert look.one(adjusted) == plain.adjustments
    added = f"SELECT count(*) FROM events WHERE contact_id = {contact} AND type = 'tag.added'"
    assert look.one(added) == plain.tagged + len(started)
    others = (
        "SELECT count(*) FROM enrollments e JOIN automations a ON a.id = e.automation_id "
        f"WHERE e.contact_id = {contact} AND a.key = '{OTHER}'"
    )
    assert look.one(others) == plain.started
