"""Prometheus metrics of the process, and of what is pending in the installation."""

import time
from collections.abc import Callable, Iterable, Sequence

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import problem
from services.operations.answers import ShardStatus
from store.database import DatabaseUnavailable

_log = structlog.get_logger()
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class _Pending(Collector):
    """Asks the database at each scrape."""

    def __init__(self, backlog: Callable[[], Sequence[ShardStatus]]) -> None:
        self._backlog = backlog

    def collect(self) -> Iterable[Metric]:
        pending = GaugeMetricFamily(
            "kindling_pending", "Accepted work that is not done yet", labels=["shard"]
        )
        later = GaugeMetricFamily(
            "kindling_starts_later", "Follow-ups whose start is put off on purpose", labels=["shard"]
        )
        try:
            shards = self._backlog()
        except DatabaseUnavailable:
            shards = []
        for shard in shards:
            pending.add_metric([str(shard.shard)], shard.pending)
            later.add_metric([str(shard.shard)], shard.starts_later)
        yield pending
        yield later


class Metrics:
    """One registry per application. `backlog`: what each shard has to do."""

    def __init__(self, backlog: Callable[[], Sequence[ShardStatus]]) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_Pending(backlog))
        self.events = Counter(
            "kindling_events",
            "Events sent to this process, by what became of them",
            ["result"],
            registry=self._registry,
        )
        self.requests = Histogram(
            "kindling_request_seconds",
            "How long requests took",
            ["method", "route", "status"],
            buckets=_BUCKETS,
            registry=self._registry,
        )

    def render(self) -> bytes:
        return generate_latest(self._registry)


#: In the metrics alone: nobody is there to be answered.
_CLIENT_GONE = 499


class Observed:
    """ASGI middleware, the outermost: times requests, and answers 500 where the application fails."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 0

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except ClientDisconnect:
            status = status or _CLIENT_GONE
        except Exception:
            _log.exception("a request failed", method=scope["method"], route=_route(scope))
            if status:
                raise
            await problem(500, "something went wrong here; the log of the API says what")(
                scope, receive, noted
            )
        finally:
            seconds = time.perf_counter() - began
            self._metrics.requests.labels(scope["method"], _route(scope), str(status)).observe(seconds)


def _route(scope: Scope) -> str:
    """The path's pattern: keys of contacts are no labels."""
    return str(getattr(scope.get("route"), "path", "none"))
