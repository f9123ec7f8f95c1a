"""Who may call: the API key, or without one only this machine, and no web page that happens to run on it."""

import hmac
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from api.problems import problem
from runtime.setting_values import is_loopback
from runtime.settings import Settings

FREE = ("/healthz", "/readyz")
_SAFE = ("GET", "HEAD", "OPTIONS")


class Guard:
    """ASGI middleware: 401 without the key; without a key set, 403 for foreign hosts and origins."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._key = settings.api_key.get_secret_value().encode() if settings.api_key else None
        self._public = urlsplit(settings.public_url).hostname if settings.public_url else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal = None
        headers = Headers(scope=scope)
        if self._key is not None:
            if scope["path"] not in FREE and not self._has_key(headers):
                refusal = problem(
                    401,
                    "this installation needs its API key: send the header Authorization: Bearer <KINDLING_API_KEY>",
                    headers={"WWW-Authenticate": "Bearer"},
                )
        elif not self._known(_host(headers.get("host", ""))):
            refusal = problem(
                403,
                f'the host "{headers.get("host", "")[:100]}" is not served; use a loopback address, or set '
                "KINDLING_PUBLIC_URL or KINDLING_API_KEY",
            )
        elif scope["method"] not in _SAFE and not self._own_origin(headers):
            refusal = problem(
                403,
                f'requests from pages of "{headers.get("origin", "")[:100]}" are refused; set KINDLING_API_KEY',
            )
        await (refusal or self._app)(scope, receive, send)

    def _has_key(self, headers: Headers) -> bool:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        return (
            scheme.lower() == "bearer"
            and self._key is not None
            and hmac.compare_digest(given.strip().encode(), self._key)
        )

    def _known(self, host: str) -> bool:
        return is_loopback(host) or (self._public is not None and host == self._public)

    def _own_origin(self, headers: Headers) -> bool:
        origin = headers.get("origin")
        if origin is None:
            return True
        try:
            return self._known(urlsplit(origin).hostname or "")
        except ValueError:
            return False


def _host(header: str) -> str:
    """The host in a Host header without its port."""
    try:
        return urlsplit(f"//{header}").hostname or ""
    except ValueError:
        return ""
