"""The demo's view of the installation: the HTTP API, as any other program sees it."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Self, TypeVar

import httpx2

from runtime.errors import ReadableError
from runtime.settings import Settings

T = TypeVar("T")
PAUSE = 0.02


class Client:
    """JSON in, JSON out; every answer that is no success is a ReadableError."""

    def __init__(self, settings: Settings) -> None:
        key = settings.api_key
        self._http = httpx2.AsyncClient(
            base_url=f"http://127.0.0.1:{settings.port}",
            headers={"Authorization": f"Bearer {key.get_secret_value()}"} if key else {},
            timeout=30,
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def send(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """One call; `query` without its None values."""
        given = {name: value for name, value in query.items() if value is not None}
        try:
            answer = await self._answer(method, path, body, given)
        except httpx2.HTTPError as error:
            raise ReadableError(f"{method} {path} failed: {type(error).__name__} {error}") from error
        if not answer.is_success:
            raise ReadableError(
                f"{method} {path} was answered with {answer.status_code}: {answer.text[:300]}"
            )
        return answer.json()

    async def _answer(self, method: str, path: str, body: Any, query: dict[str, Any]) -> httpx2.Response:
        """Once more where the API has let a kept connection go, as it does with idle ones.

        All that the demo sends may arrive twice: its events have ids.
        """
        try:
            return await self._http.request(method, path, json=body, params=query)
        except (httpx2.NetworkError, httpx2.RemoteProtocolError):
            return await self._http.request(method, path, json=body, params=query)

    async def get(self, path: str, **query: Any) -> Any:
        return await self.send("GET", path, **query)

    async def items(self, path: str, **query: Any) -> AsyncIterator[dict[str, Any]]:
        """Every item of a list, page by page."""
        cursor = None
        while True:
            page = await self.get(path, limit=500, cursor=cursor, **query)
            for item in page["items"]:
                yield item
            cursor = page["next"]
            if cursor is None:
                return


async def until(what: str, look: Callable[[], Awaitable[T | None]], seconds: float) -> T:
    """Look until there is something; a ReadableError when that takes longer."""
    deadline = time.monotonic() + seconds
    while True:
        seen = await look()
        if seen is not None:
            return seen
        if time.monotonic() > deadline:
            raise ReadableError(f"{what} did not happen within {seconds:.0f} s")
        await asyncio.sleep(PAUSE)
