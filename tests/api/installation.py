"""An installation without processes: the real application over a real database, scored when a test says so."""

from collections.abc import Iterable
from functools import partial
from typing import Any

import httpx2
from fastapi import FastAPI

from api.app import create_app
from conditions.times import DAY, Micros, from_iso
from engine.batch import Batch, score_batch
from engine.published import PublishedCache
from runtime.messages import PublishInput
from runtime.settings import load_settings
from services.application import Application
from services.resources import Resources
from store.connection import Connection
from store.database import Database
from store.design import publications
from store.scoring.pending import NOTHING

SHARDS = 4
BASE = "http://127.0.0.1:8000"
NOW = from_iso("2026-11-22T12:00:00Z")


class Installation:
    """`wakes` and `publishes` record what would have gone to Temporal."""

    def __init__(self, database: Database, home: str, **variables: str) -> None:
        self.now: Micros = NOW
        self.database = database
        self.wakes: list[int] = []
        self.publishes: list[PublishInput] = []
        self.temporal = True
        self._published = PublishedCache()
        settings = load_settings({"KINDLING_HOME": home, **variables}, environ={})
        resources = Resources(settings, database, lambda: self.now, self, SHARDS)
        self.application = Application(resources, self.publishes.append)
        self.app: FastAPI = create_app(self.application, self._temporal_up)
        self.client = self.client_for(BASE)

    def client_for(self, base: str, **headers: str) -> httpx2.AsyncClient:
        transport = httpx2.ASGITransport(app=self.app)
        return httpx2.AsyncClient(transport=transport, base_url=base, headers=headers)

    def request(self, shards: Iterable[int]) -> None:
        """What services call to wake shards."""
        self.wakes.extend(shards)

    async def _temporal_up(self) -> bool:
        return self.temporal

    def later(self, days: float = 1) -> None:
        self.now += int(days * DAY)

    def score(self) -> None:
        """Work off what is pending, and finish publishes, as workers do."""
        for shard in range(SHARDS):
            while self.database.run(partial(self._batch, shard), [shard]):
                pass
        for publish in self.publishes:
            self._sweep(publish)
        self.publishes.clear()

    def _batch(self, shard: int, connection: Connection) -> int:
        published = self._published.read(connection)
        return score_batch(connection, shard, published, lambda: self.now, 1_000).size

    def _sweep(self, publish: PublishInput) -> None:
        with self.database.write(range(SHARDS)) as connection:
            publication = publications.load(connection, publish.publication_id)
            assert publication is not None
            if publication["status"] != "running":
                return
            for shard in range(SHARDS):
                ids = publications.next_records(
                    connection, publication["profile_id"], publish.publication_id, shard, 10_000, 10_000
                )
                if ids:
                    published = self._published.read(connection)
                    profile_id = publication["profile_id"]
                    batch = Batch(
                        connection, shard, published, self.now, NOTHING, only_profile=profile_id, sweep=ids
                    )
                    batch.save(connection)
                    publications.advance(connection, publish.publication_id, shard, ids[-1], len(ids))
            publications.finish(connection, publish.publication_id, self.now)

    async def get(self, path: str, **parameters: Any) -> Any:
        """The decoded answer of a GET that succeeds."""
        answer = await self.client.get(path, params=parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def send(self, *events: Any, **parameters: Any) -> Any:
        answer = await self.client.post("/v1/events", json=list(events), params=parameters)
        assert answer.status_code == 202, answer.text
        return answer.json()

    async def publish(self, key: str = "engagement", **document: Any) -> None:
        """Save and publish a profile, and re-score."""
        saved = await self.client.put(f"/v1/profiles/{key}", json=document or PROFILE)
        assert saved.status_code in (200, 201), saved.text
        published = await self.client.post(f"/v1/profiles/{key}/publish")
        assert published.status_code == 202, published.text
        self.score()

    async def automate(self, key: str = "hot", **document: Any) -> None:
        saved = await self.client.put(f"/v1/automations/{key}", json=document or AUTOMATION)
        assert saved.status_code in (200, 201), saved.text
        published = await self.client.post(f"/v1/automations/{key}/publish")
        assert published.status_code == 200, published.text


PROFILE: dict[str, Any] = {
    "name": "Engagement",
    "bands": {"cold": None, "warm": 3, "hot": 6},
    "rules": [
        {"key": "opened", "on": "email.opened", "points": 1},
        {"key": "demo", "on": "stage.changed", "where": {"to": {"equal": "demo"}}, "points": 3},
        {"key": "left", "on": "list.left", "points": -2},
    ],
}
AUTOMATION: dict[str, Any] = {
    "trigger": {"profile": "engagement", "filters": {"score": {"greater_or_equal": 5}}},
    "steps": [{"notify": {"to": "sales", "message": "{{ contact.label }} is hot"}}, {"add_tag": "hot"}],
}


def opened(contact: str, count: int = 1, **more: Any) -> list[dict[str, Any]]:
    """Events worth a point each."""
    return [{"type": "email.opened", "contact": contact, **more} for _ in range(count)]
