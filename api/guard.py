"""Who may call: the API key, or without one only this machine, and no web page but those served here."""

import base64
import binascii
import hmac
import re
import time
from urllib.parse import unquote_to_bytes, urlsplit

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import problem
from runtime.setting_values import is_loopback
from runtime.settings import Settings
from runtime.temporal import UI_PATH

FREE = ("/healthz", "/readyz")
_SAFE = ("GET", "HEAD", "OPTIONS")
_AUTHORITY = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(:(?P<port>[0-9]{1,5}))?")
_STANDARD_PORTS = {"http": 80, "https": 443}
_LAST_PORT = 65_535
#: Refusals are logged up to this many a minute; the rest is counted.
_LOGGED_A_MINUTE = 60
_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_log = structlog.get_logger()


class RequestGuard:
    """ASGI middleware: 400 for an ambiguous host, 401 without the key, 403 for foreign hosts and other sites' pages."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._key = settings.api_key.get_secret_value().encode() if settings.api_key else None
        self._public = urlsplit(settings.public_url) if settings.public_url else None
        self._refusals = _Refusals()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refused = _unreadable(scope) or self.refusal(scope["method"], scope["path"], headers)
        if refused is None:
            await self._app(scope, receive, _private(send))
            return
        status, reason, remedy = refused
        self._refusals.note(scope, status, reason)
        answer = problem(status, f"{reason}; {remedy}", headers=_challenge(status, scope["path"]))
        await answer(scope, receive, _private(send))

    def refusal(self, method: str, path: str, headers: Headers) -> tuple[int, str, str] | None:
        """Status, reason and remedy, or None for a call that may go on."""
        if path in FREE:
            return None
        named = headers.getlist("host")
        host = _authority(named[0]) if len(named) == 1 else None
        if host is None and self._key is not None:
            return 400, "the Host header names no host", "send exactly one, such as 127.0.0.1:8000"
        if host is None or (self._key is None and not self._serves(host["host"])):
            return (
                403,
                f'the host "{", ".join(named)[:100]}" is not served',
                "use a loopback address, or set KINDLING_PUBLIC_URL or KINDLING_API_KEY",
            )
        # Before the key: a page of another site must not make the browser ask for it.
        if (self._key is None or _is_ui(path)) and not self._own_page(method, host, headers):
            site = headers.get("origin") or "another site"
            return (
                403,
                f'requests from pages of "{site[:100]}" are refused',
                "set KINDLING_API_KEY and send it"
                if self._key is None
                else "open the page in a tab of its own",
            )
        if self._key is not None and not self._has_key(headers, path):
            return (
                401,
                "this installation needs its API key",
                "send the header Authorization: Bearer <KINDLING_API_KEY>",
            )
        return None

    def _has_key(self, headers: Headers, path: str) -> bool:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        secret = given.strip().encode()
        if _is_ui(path) and scheme.lower() == "basic":  # what a browser can ask for
            secret = _password(given)
        elif scheme.lower() != "bearer":
            return False
        return self._key is not None and hmac.compare_digest(secret, self._key)

    def _serves(self, host: str) -> bool:
        return is_loopback(host) or (self._public is not None and host.lower() == self._public.hostname)

    def _own_page(self, method: str, host: re.Match[str], headers: Headers) -> bool:
        """Whether a page of ours, a person at the address bar, or no browser at all makes the request.

        Without a key a link from elsewhere may be followed, which nobody else can read.
        """
        site = headers.get("sec-fetch-site")
        if site in ("same-origin", "none"):
            return True
        if site is not None and method in _SAFE:
            return headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
        origin = headers.get("origin")
        return site is None and (origin is None or self._is_own(origin, host))

    def _is_own(self, origin: str, host: re.Match[str]) -> bool:
        try:
            parts = urlsplit(origin)
            port = parts.port or _STANDARD_PORTS.get(parts.scheme)
        except ValueError:
            return False
        if self._public is not None and parts.hostname == self._public.hostname:
            own = self._public.port or _STANDARD_PORTS[self._public.scheme]
            return (parts.scheme, port) == (self._public.scheme, own)
        own = int(host["port"] or _STANDARD_PORTS.get(parts.scheme, 0))
        return parts.hostname == host["host"].strip("[]").lower() and port == own


class _Refusals:
    """The log of refused calls: who, which part of the API, why. Never a key, a query or a record's key."""

    def __init__(self) -> None:
        self._minute = 0
        self._count = 0

    def note(self, scope: Scope, status: int, reason: str) -> None:
        minute = int(time.monotonic() // 60)
        if minute != self._minute:
            if self._count > _LOGGED_A_MINUTE:
                _log.warning("further calls refused", count=self._count - _LOGGED_A_MINUTE)
            self._minute, self._count = minute, 0
        self._count += 1
        if self._count <= _LOGGED_A_MINUTE:
            client = scope.get("client")
            _log.warning(
                "call refused",
                address=client[0] if client else None,
                method=scope["method"],
                route=_part(scope["path"]),
                status=status,
                reason=reason,
            )


def _unreadable(scope: Scope) -> tuple[int, str, str] | None:
    """Bytes that are no UTF-8 would all become one and the same key."""
    try:
        unquote_to_bytes(scope.get("raw_path") or b"").decode()
    except UnicodeDecodeError:
        return 400, "the address is not UTF-8", "encode it so, and each byte as %XX"
    return None


def _authority(named: str) -> re.Match[str] | None:
    match = _AUTHORITY.fullmatch(named)
    return match if match and int(match["port"] or 0) <= _LAST_PORT else None


def _part(path: str) -> str:
    """The beginning of a path, which holds no key of a record: `/v1/contacts`."""
    known = re.match(r"(/v1/[a-z-]{1,40}|/[a-z.]{1,40})(?=/|$)", path)
    return known[0] if known else "/"


def _is_ui(path: str) -> bool:
    return path == UI_PATH or path.startswith(f"{UI_PATH}/")


def _password(credentials: str) -> bytes:
    try:
        return base64.b64decode(credentials, validate=True).partition(b":")[2]
    except (binascii.Error, ValueError):
        return b""


def _challenge(status: int, path: str) -> dict[str, str]:
    if status != 401:
        return {}
    return {
        "WWW-Authenticate": 'Basic realm="Kindling: any name, and the API key"' if _is_ui(path) else "Bearer"
    }


def _private(send: Send) -> Send:
    """Answers hold personal data: no browser or proxy keeps them, guesses their type or shows them in a frame.

    What the Temporal UI answers has a policy of its own, which is kept.
    """

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return sent
