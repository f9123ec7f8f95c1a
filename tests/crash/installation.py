"""An installation under test: its definitions, a client of its API, and a look at its database from outside."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx2

from runtime.settings import Settings
from store.database import Database
from store.migrate import migrate

PROFILE = {
    "kind": "score_profile",
    "key": "engagement",
    "rules": [
        {"key": "visit", "on": "page.visited", "points": 1},
        {"key": "paid", "on": "payment.succeeded", "points": 5, "where": {"amount": {"greater": 50}}},
        {"key": "tagged", "on": "tag.added", "where": {"tag": {"equal": "hot"}}, "points": 2},
    ],
}
AUTOMATION = {
    "kind": "automation",
    "key": "hot",
    "trigger": {
        "profile": "engagement",
        "filters": {"score": {"greater_or_equal": 30}},
        "fires": "on_entry",
    },
    "steps": [
        {"create_task": {"title": "Call {{ contact.key }}"}},
        {"add_tag": "hot"},
        {"wait": "2s"},
        {"adjust_score": {"profile": "engagement", "points": 3, "reason": "worked on"}},
        {"notify": {"to": "sales", "message": "{{ contact.key }} is at {{ score.now }}"}},
    ],
}


def prepare(settings: Settings) -> None:
    database = Database(settings.database)
    migrate(database, settings.shards)
    database.close()


class Client:
    """Calls the API again until it answers, as a client that must not lose events does."""

    def __init__(self, settings: Settings) -> None:
        self._http = httpx2.AsyncClient(base_url=f"http://127.0.0.1:{settings.port}", timeout=20)

    async def close(self) -> None:
        await self._http.aclose()

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        async with asyncio.timeout(60):
            while True:
                try:
                    answer = await self._http.request(method, path, json=body)
                except httpx2.TransportError:
                    await asyncio.sleep(0.05)
                    continue
                if answer.status_code < 500:
                    assert answer.is_success, answer.text
                    return answer.json()
                await asyncio.sleep(0.05)

    async def erase(self, contact: str) -> None:
        answer = await self._http.delete(f"/v1/contacts/{contact}")
        assert answer.status_code == 204, answer.text

    async def define(self) -> None:
        await self.call("PUT", "/v1/profiles/engagement", PROFILE)
        await self.call("POST", "/v1/profiles/engagement/publish")
        await self.call("PUT", "/v1/automations/hot", AUTOMATION)
        await self.call("POST", "/v1/automations/hot/publish")


async def eventually(holds: Callable[[], bool], seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while not await asyncio.to_thread(holds):
            await asyncio.sleep(0.1)


class Look:
    """The database, read from outside."""

    def __init__(self, settings: Settings) -> None:
        self.database = Database(settings.database)

    def close(self) -> None:
        self.database.close()

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        with self.database.read() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(statement)]

    def one(self, statement: str) -> Any:
        return self.rows(statement)[0][0]

    def scores(self) -> dict[str, int]:
        return dict(self.rows("SELECT c.key, s.score FROM scores s JOIN contacts c ON c.id = s.record_id"))

    def idle(self) -> bool:
        """Nothing is pending and every follow-up is over, at one moment: what ends may make work."""
        left = self.one(
            "SELECT (SELECT count(*) FROM events WHERE status = 0) "
            "+ (SELECT count(*) FROM adjustments WHERE status = 0) "
            "+ (SELECT count(*) FROM enrollments WHERE status IN ('queued', 'running'))"
        )
        return bool(left == 0)
