"""The embedded Temporal UI, behind the API's guard: it has none of its own and believes every `Host`."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any
from urllib.parse import quote

import httpx2
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from api.operations.markdown_frame import markdown_frame
from api.problems import problem
from api.session_cookie import is_session_cookie
from runtime.permissions import Permission, needs
from runtime.principals import Forbidden, Principal
from runtime.settings import Settings
from runtime.temporal import UI_PATH, ui_url
from runtime.temporal_server import ui_address

#: What one request may send, in bytes; the UI's own are a few kilobytes.
LARGEST_REQUEST = 4 * 1024 * 1024
#: Methods that show workflows; the others end them, signal them and start others.
_READING = ("GET", "HEAD")
_TIMEOUT = httpx2.Timeout(30, connect=3)
#: Headers of one connection, not of the message.
_HOP = {
    *(b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-connection"),
    *(b"te", b"trailer", b"transfer-encoding", b"upgrade"),
}
#: What this side sets, or is for the guard alone.
_OURS = {b"host", b"content-length", b"authorization", b"origin"}
#: The UI brings inline script and no policy under a path of its own; this one keeps all else out.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; connect-src 'self'; "
    "manifest-src 'self' data:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)
#: What the UI would say to pages of other sites, and what the API says itself.
_DROPPED = {
    *(b"access-control-allow-origin", b"access-control-allow-credentials", b"server", b"date"),
    *(b"content-security-policy", b"referrer-policy", b"cache-control"),
}


@needs("read")
class TemporalUi:
    """ASGI application under `/temporal`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client: httpx2.AsyncClient | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        by: Principal = scope["state"]["principal"]
        needed: Permission = "read" if scope["method"] in _READING else "operate"
        if needed not in by.permissions:
            answer: Response | httpx2.Response = problem(
                403, str(Forbidden(by, needed)), more={"permission": needed}
            )
        else:
            answer = await self._answer(Request(scope, receive))
        if isinstance(answer, Response):
            await answer(scope, receive, send)
        else:
            await _pass_on(answer, scope["path"], send)

    async def close(self) -> None:
        """End kept connections, and the answers that Temporal keeps open: they must not hold up the end."""
        if self._client is not None:
            await self._client.aclose()

    async def _answer(self, request: Request) -> Response | httpx2.Response:
        if not self._settings.embedded_temporal:
            return RedirectResponse(ui_url(self._settings) + request.scope["path"].removeprefix(UI_PATH), 307)
        if request.scope["path"] == f"{UI_PATH}/render":
            return markdown_frame(request.query_params)
        address = ui_address(self._settings)
        if address is None:
            return problem(502, "the embedded Temporal server is not running here; kindling up starts it")
        try:
            asked = httpx2.Request(
                request.method,
                f"{address}{_target(request.scope)}",
                headers=_without_session(_end_to_end(request.headers.raw, _OURS)),
                content=await _limited(request),
            )
            return await _while_wanted(request, self._open().send(asked, stream=True))
        except httpx2.InvalidURL:
            return problem(400, "the Temporal UI has no such address; its pages begin at /temporal/")
        except _TooLarge:
            return problem(
                413, f"the body is larger than {LARGEST_REQUEST // 1024**2} MiB; the UI sends less"
            )
        except (httpx2.HTTPError, RuntimeError):  # RuntimeError: the client is closed, we are stopping
            return problem(
                502, "the embedded Temporal server does not answer; kindling status says whether it is up"
            )

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


async def _while_wanted(request: Request, answer: Coroutine[Any, Any, httpx2.Response]) -> httpx2.Response:
    """Temporal keeps some answers open for 20 seconds: who has left the page must not hold a connection so long."""
    asking = asyncio.ensure_future(answer)
    leaving = asyncio.ensure_future(_left(request.receive))
    try:
        await asyncio.wait((asking, leaving), return_when=asyncio.FIRST_COMPLETED)
        if not asking.done():
            raise ClientDisconnect
        return asking.result()
    finally:
        leaving.cancel()
        asking.cancel()
        await asyncio.gather(asking, leaving, return_exceptions=True)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":  # the body has been read
        pass


async def _pass_on(upstream: httpx2.Response, path: str, send: Send) -> None:
    headers = [
        *((name.lower(), value) for name, value in _end_to_end(upstream.headers.raw, _DROPPED)),
        (b"content-security-policy", _POLICY.encode()),
        (b"referrer-policy", b"same-origin"),
        # The files of the UI may be kept; what it says of workflows not.
        (b"cache-control", b"no-store" if path.startswith(f"{UI_PATH}/api/") else b"private"),
    ]
    try:
        await send({"type": "http.response.start", "status": upstream.status_code, "headers": headers})
        async for chunk in upstream.aiter_raw():
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
    except httpx2.HTTPError:
        return  # without an end, so that the connection is closed: half an answer must not look whole
    finally:
        await upstream.aclose()
    await send({"type": "http.response.body", "body": b""})


def _end_to_end(headers: Iterable[tuple[bytes, bytes]], without: set[bytes]) -> list[tuple[bytes, bytes]]:
    """Without those of one connection, which `Connection` may name more of."""
    given = list(headers)
    named = b",".join(value for name, value in given if name.lower() == b"connection").lower().split(b",")
    left_out = _HOP | without | {name.strip() for name in named}
    return [(name, value) for name, value in given if name.lower() not in left_out]


def _without_session(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Without the cookies that stand for people of the installation: Temporal has cookies of its own."""
    kept = []
    for name, value in headers:
        told = value
        if name.lower() == b"cookie":
            told = b"; ".join(
                part for part in map(bytes.strip, value.split(b";")) if not is_session_cookie(part)
            )
        if told:
            kept.append((name, told))
    return kept


def _target(scope: Scope) -> str:
    """Path and query as they were sent."""
    path: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
    query: bytes = scope["query_string"]
    return (path + (b"?" + query if query else b"")).decode("latin-1")


def mount(app: Any, settings: Settings) -> TemporalUi:
    """Serve the UI under its path of this application."""
    ui = TemporalUi(settings)
    app.router.routes.append(Route(UI_PATH, _with_slash, methods=["GET"], include_in_schema=False))
    app.mount(UI_PATH, ui)
    return ui


@needs("signed in")
async def _with_slash(request: Request) -> Response:
    query = request.url.query
    return RedirectResponse(f"{UI_PATH}/{f'?{query}' if query else ''}", 307)
