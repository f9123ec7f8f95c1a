"""The embedded Temporal UI, behind the API's guard: it has none of its own and believes every `Host`."""

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import httpx2
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from api.problems import problem
from runtime.settings import Settings
from runtime.temporal import UI_PATH, ui_url
from runtime.temporal_server import ui_address

#: What one request may send, in bytes; the UI's own are a few kilobytes.
LARGEST_REQUEST = 4 * 1024 * 1024
_TIMEOUT = httpx2.Timeout(30, connect=3)
#: Headers of one connection, not of the message, and those that this side sets.
_HOP = {
    *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer"),
    *(
        "transfer-encoding",
        "upgrade",
        "host",
        "content-length",
        "authorization",
        "proxy-connection",
        "origin",
    ),
}
#: The UI brings inline script and no policy under a path of its own; this one keeps all else out.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; connect-src 'self'; "
    "manifest-src 'self' data:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)
_DROPPED = {*_HOP, "access-control-allow-origin", "access-control-allow-credentials", "server", "date"}


class TemporalUi:
    """ASGI application under `/temporal`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client: httpx2.AsyncClient | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (await self._answer(Request(scope, receive)))(scope, receive, send)

    async def close(self) -> None:
        """End kept connections, and the answers that Temporal keeps open: they must not hold up the end."""
        if self._client is not None:
            await self._client.aclose()

    async def _answer(self, request: Request) -> Response:
        if not self._settings.embedded_temporal:
            return RedirectResponse(ui_url(self._settings), 307)
        address = ui_address(self._settings)
        if address is None:
            return problem(502, "the embedded Temporal server is not running here; kindling up starts it")
        path = request.scope.get("raw_path", request.scope["path"].encode()).decode("ascii")
        query = request.scope["query_string"].decode("ascii")
        try:
            upstream = await self._open().send(
                httpx2.Request(
                    request.method,
                    f"{address}{path}{f'?{query}' if query else ''}",
                    headers=[(name, value) for name, value in request.headers.items() if name not in _HOP],
                    content=await _limited(request),
                ),
                stream=True,
            )
        except _TooLarge:
            return problem(
                413, f"the body is larger than {LARGEST_REQUEST // 1024**2} MiB; the UI sends less"
            )
        except (httpx2.HTTPError, RuntimeError):  # RuntimeError: the client is closed, we are stopping
            return problem(
                502, "the embedded Temporal server does not answer; kindling status says whether it is up"
            )
        return _passed_on(upstream)

    def _open(self) -> httpx2.AsyncClient:
        if self._client is None:
            self._client = httpx2.AsyncClient(timeout=_TIMEOUT, trust_env=False, follow_redirects=False)
        return self._client


class _TooLarge(Exception):
    """A request that nothing of the UI's sends."""


async def _limited(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_REQUEST:
            raise _TooLarge
    return bytes(body)


def _passed_on(upstream: httpx2.Response) -> Response:
    async def body() -> AsyncIterator[bytes]:
        with suppress(httpx2.HTTPError):
            async for chunk in upstream.aiter_raw():
                yield chunk

    answer = StreamingResponse(body(), upstream.status_code, background=BackgroundTask(upstream.aclose))
    raw: list[tuple[bytes, bytes]] = [
        (name.lower(), value) for name, value in upstream.headers.raw if name.decode().lower() not in _DROPPED
    ]
    if length := upstream.headers.get("content-length"):
        raw.append((b"content-length", length.encode()))
    raw += [(b"content-security-policy", _POLICY.encode()), (b"referrer-policy", b"same-origin")]
    answer.raw_headers = raw
    return answer


def mount(app: Any, settings: Settings) -> TemporalUi:
    """Serve the UI under its path of this application."""
    ui = TemporalUi(settings)
    app.mount(UI_PATH, ui)
    return ui
