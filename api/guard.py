"""Who calls: by key, by session, or from this machine; and no web page but those served here."""

import base64
import binascii
import re
import time
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import unquote_to_bytes, urlsplit

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import problem
from api.session_cookie import SessionCookie
from api.slowing import Rates, WrongKeys
from runtime.principals import Principal
from runtime.setting_values import is_loopback
from runtime.settings import Settings
from runtime.temporal import CODEC_PATH, UI_PATH
from services.access.access import Access, local
from services.access.tokens import prefix_of
from store.database import DatabaseUnavailable

FREE = ("/healthz", "/readyz")
#: What belongs to programs. Everything else is pages: whoever is not known yet is asked to sign in there.
PROGRAMS = ("/v1/", "/openapi.json", "/metrics", *FREE)
#: The one call that is for those whom nobody knows yet.
SIGN_IN = ("POST", "/v1/session")
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
    "Content-Security-Policy": "default-src 'none'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_HTTPS_FOR_A_YEAR = "max-age=31536000"
_log = structlog.get_logger()


@dataclass(frozen=True)
class Refusal:
    """Why a call may not go on. `is_guess`: it brought a key that opens nothing."""

    status: int
    reason: str
    remedy: str
    is_guess: bool = False
    seconds: int | None = None


@dataclass(frozen=True)
class Call:
    """What the guard looks at."""

    method: str
    path: str
    headers: Headers
    address: str | None = None

    @property
    def key(self) -> str | None:
        """The key that it brings; empty where what it brings is none."""
        scheme, _, given = self.headers.get("authorization", "").partition(" ")
        if not scheme:
            return None
        if _is_ui(self.path) and scheme.lower() == "basic":  # what a browser can ask for
            return _password(given)
        return given.strip() if scheme.lower() == "bearer" else ""


class RequestGuard:
    """ASGI middleware: says who calls, and refuses those whom it cannot recognise.

    400 for an ambiguous host, 401 for nobody known, 403 for foreign hosts and other sites' pages, 429 for too many.
    What the principal may do is for `api.permitted`.
    """

    def __init__(self, app: ASGIApp, settings: Settings, access: Access) -> None:
        self._app = app
        self._access = access
        self._has_key = settings.api_key is not None
        self._open = settings.loopback == "open"
        self._public = urlsplit(settings.public_url) if settings.public_url else None
        self._refusals = _Refusals()
        self._wrong = WrongKeys()
        self._rates = Rates(settings.rate_per_key)
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        client = scope.get("client")
        call = Call(scope["method"], scope["path"], Headers(scope=scope), client[0] if client else None)
        seen = _unreadable(scope) or await self._seen(call)
        if not isinstance(seen, Refusal):
            scope.setdefault("state", {})["principal"] = seen
            await self._app(scope, receive, _private(send, scope.get("scheme", "http")))
            return
        self._refusals.note(scope, seen.status, seen.reason)
        if seen.is_guess:
            await self._wrong.wait(call.address or "")
        headers = _challenge(seen.status, call.path)
        if seen.seconds is not None:
            headers["Retry-After"] = str(seen.seconds)
        answer = problem(seen.status, f"{seen.reason}; {seen.remedy}", headers=headers)
        await answer(scope, receive, _private(send, scope.get("scheme", "http")))

    async def _seen(self, call: Call) -> Principal | Refusal | None:
        """As `admit`, off the event loop where the database is asked, and within the rates."""
        key = call.key
        guesses = key and prefix_of(key) is None and not self._access.is_installation_key(key)
        if guesses and self._wrong.is_full(call.address or ""):
            return Refusal(
                429, "too many wrong keys came from this address", "wait, then send the right one", seconds=1
            )
        try:
            if call.path in FREE or (key and self._access.is_installation_key(key)):
                seen = self.admit(call)
            else:
                seen = await run_in_threadpool(self.admit, call)
        except DatabaseUnavailable as error:
            return Refusal(503, str(error), "try again", seconds=2)
        if isinstance(seen, Principal) and seen.kind in ("key", "installation key"):
            seconds = self._rates.wait(seen.id or seen.kind)
            if seconds:
                rate = self._settings.rate_per_key
                return Refusal(
                    429,
                    f"{seen.author} has made more than {rate:,} calls a minute",
                    "wait as Retry-After says, or send more in one call (KINDLING_RATE_PER_KEY)",
                    seconds=seconds,
                )
        return seen

    def admit(self, call: Call) -> Principal | Refusal | None:
        """Who calls; None where that does not matter."""
        if call.path in FREE:
            return None
        headers = call.headers
        named = headers.getlist("host")
        host = _authority(named[0]) if len(named) == 1 else None
        if host is None and self._has_key:
            return Refusal(400, "the Host header names no host", "send exactly one, such as 127.0.0.1:8000")
        if host is None or (not self._has_key and not self._serves(host["host"])):
            return Refusal(
                403,
                f'the host "{", ".join(named)[:100]}" is not served',
                "use a loopback address, or set KINDLING_PUBLIC_URL or KINDLING_API_KEY",
            )
        key, token = call.key, self._token(headers)
        # Before the key: a page of another site must not make the browser ask for it.
        lent = not self._has_key or _is_ui(call.path) or (key is None and (token is not None or self._open))
        if (lent or _is_sign_in(call)) and not self._own_page(call.method, host, headers):
            site = headers.get("origin") or "another site"
            return Refusal(
                403,
                f'requests from pages of "{site[:100]}" are refused',
                "open the page in a tab of its own" if self._has_key else "set KINDLING_API_KEY and send it",
            )
        return self._recognised(call, host["host"], key, token)

    def _recognised(
        self, call: Call, host: str, key: str | None, token: str | None
    ) -> Principal | Refusal | None:
        if key is not None and (by := self._access.of_key(key, call.address)) is not None:
            return by
        if token is not None and key is None:
            by = self._access.sessions.principal_of(token, call.address)
            if by is not None:
                return by
        if _is_sign_in(call):
            return None
        if not self._access.asks_everybody():
            return local(call.address)
        if key is not None:
            return Refusal(
                401,
                "this key opens nothing: it is wrong, revoked or over",
                "send the header Authorization: Bearer <key>; kindling keys add makes one",
                is_guess=True,
            )
        if self._open and self._comes_from_here(call, host):
            return local(call.address)
        if _is_page(call.path):
            return None
        return Refusal(
            401,
            "this installation needs a key" if token is None else "the session is over",
            "send the header Authorization: Bearer <KINDLING_API_KEY>, or any key that kindling keys add has made; "
            "people sign in with POST /v1/session",
        )

    def _token(self, headers: Headers) -> str | None:
        cookies = headers.get("cookie")
        return self._cookie.token(cookies) if cookies is not None else None

    @cached_property
    def _cookie(self) -> SessionCookie:
        return SessionCookie(self._settings, self._access.installation)

    def _comes_from_here(self, call: Call, host: str) -> bool:
        """Whether a program on this machine makes the call, and no proxy hands it on."""
        handed_on = any(name in call.headers for name in ("x-forwarded-for", "forwarded", "x-real-ip"))
        return call.address is not None and is_loopback(call.address) and is_loopback(host) and not handed_on

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


def _unreadable(scope: Scope) -> Refusal | None:
    """Bytes that are no UTF-8 would all become one and the same key."""
    try:
        unquote_to_bytes(scope.get("raw_path") or b"").decode()
    except UnicodeDecodeError:
        return Refusal(400, "the address is not UTF-8", "encode it so, and each byte as %XX")
    return None


def _authority(named: str) -> re.Match[str] | None:
    match = _AUTHORITY.fullmatch(named)
    return match if match and int(match["port"] or 0) <= _LAST_PORT else None


def _part(path: str) -> str:
    """The beginning of a path, which holds no key of a record: `/v1/contacts`."""
    known = re.match(r"(/v1/[a-z-]{1,40}|/[a-z.]{1,40})(?=/|$)", path)
    return known[0] if known else "/"


def _is_page(path: str) -> bool:
    """Whether people open it. What it needs it says itself; without a principal only few pages are shown."""
    return not path.startswith(PROGRAMS) and not _is_ui(path)


def _is_ui(path: str) -> bool:
    return path == UI_PATH or path.startswith((f"{UI_PATH}/", f"{CODEC_PATH}/"))


def _is_sign_in(call: Call) -> bool:
    return (call.method, call.path) == SIGN_IN


def _password(credentials: str) -> str:
    try:
        return (
            base64.b64decode(credentials, validate=True).partition(b":")[2].decode("utf-8", "surrogateescape")
        )
    except (binascii.Error, ValueError):
        return ""


def _challenge(status: int, path: str) -> dict[str, str]:
    if status != 401:
        return {}
    return {
        "WWW-Authenticate": 'Basic realm="Kindling: any name, and the API key"' if _is_ui(path) else "Bearer"
    }


def _private(send: Send, scheme: str) -> Send:
    """Answers hold personal data: no browser or proxy keeps them, guesses their type or shows them in a frame.

    What the Temporal UI answers has a policy of its own, which is kept.
    """

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            if scheme == "https":
                headers.setdefault("Strict-Transport-Security", _HTTPS_FOR_A_YEAR)
        await send(message)

    return sent
