"""Webhooks: signed HTTP requests whose answers later steps can read."""

import asyncio
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import SplitResult, quote, urljoin, urlsplit, urlunsplit

import httpcore2

from automations.hosts import Allowed, private_host
from channels.delivery import DeliveryFailed
from channels.guarded import GuardedBackend, PrivateAddress, UnknownHost
from channels.signing import signed_headers

CONNECT_SECONDS, WHOLE_SECONDS = 10.0, 30.0
LARGEST_ANSWER, DEEPEST = 64 * 1024, 50
LONGEST_WAIT = 3_600.0
#: Answers after which the same request may succeed later.
_TRANSIENT = {408, 425, 429}
#: Redirects that keep the method and the body, and all.
_SAME_REQUEST = {307, 308}
_REDIRECTS = {301, 302, 303, *_SAME_REQUEST}
_PRIVATE = "the webhook's host leads to a private address; name it in KINDLING_WEBHOOK_ALLOW if that is meant"
_KEPT = "%/:=&~+!$,;'@()*[]"


@dataclass(frozen=True)
class Call:
    """One webhook. `id` is the same on every try; `at` is the time of this one in seconds since the epoch."""

    id: str
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    at: int


@dataclass(frozen=True)
class Answer:
    """What the other side said: `body` is parsed JSON, or text; None when empty, not text, or above 64 KiB."""

    status: int
    body: Any


def sent_headers(keys: Sequence[bytes], call: Call) -> dict[str, str]:
    """Every header of a call that its author or Kindling gives it, by names in lower case; `keys` sign."""
    return {
        "user-agent": "Kindling",
        "accept": "application/json, text/*",
        "accept-encoding": "identity",
        **({"content-type": "application/json"} if call.body else {}),
        **{name.lower(): value for name, value in call.headers.items()},
        **signed_headers(keys, call.id, call.at, call.body),
    }


class Caller:
    """Calls webhooks. `allowed` private hosts are called too, and up to `redirects` within the same origin followed."""

    def __init__(self, keys: Sequence[bytes], allowed: Allowed, redirects: int = 0) -> None:
        self._keys = keys
        self._allowed = allowed
        self._redirects = redirects
        self._tls = httpcore2.default_ssl_context()

    def refusal(self, url: str) -> str | None:
        """Why nothing is ever sent to an address, as far as that says so itself: nobody is asked where it leads."""
        try:
            sendable(url)
        except DeliveryFailed as failure:
            return failure.reason
        return _PRIVATE if private_host(url, self._allowed) is not None else None

    async def call(self, call: Call) -> Answer:
        """The answer, if it says that the call succeeded; raises DeliveryFailed otherwise."""
        backend = GuardedBackend(self._allowed)
        try:
            async with (
                asyncio.timeout(WHOLE_SECONDS),
                httpcore2.AsyncConnectionPool(self._tls, network_backend=backend) as pool,
            ):
                return await self._follow(pool, call)
        except PrivateAddress:
            raise DeliveryFailed(_PRIVATE, permanent=True) from None
        except (TimeoutError, httpcore2.TimeoutException):
            raise DeliveryFailed("the webhook's host did not answer in time", permanent=False) from None
        except (httpcore2.LocalProtocolError, httpcore2.UnsupportedProtocol, UnicodeError):
            raise DeliveryFailed("the webhook's address or headers are not valid", permanent=True) from None
        except UnknownHost:
            raise DeliveryFailed("the webhook's host name cannot be resolved", permanent=False) from None
        except (httpcore2.NetworkError, httpcore2.ProtocolError, OSError) as error:
            raise DeliveryFailed(
                f"the webhook's host cannot be reached ({type(error).__name__})", permanent=False
            ) from None

    async def _follow(self, pool: httpcore2.AsyncConnectionPool, call: Call) -> Answer:
        left = self._redirects
        while True:
            answer, headers = await self._once(pool, call)
            if answer.status // 100 == 2:
                return answer
            if answer.status not in _REDIRECTS:
                raise _refusal(answer.status, headers, call.at)
            if answer.status not in _SAME_REQUEST or not left:
                raise DeliveryFailed(
                    f"the webhook's host answered with a redirect ({answer.status}), which is not followed",
                    permanent=True,
                )
            left -= 1
            target = urljoin(call.url, headers.get("location", ""))
            if _origin(target) != _origin(call.url):
                raise DeliveryFailed(
                    "the webhook's host redirects to another host, port or scheme, which is not followed",
                    permanent=True,
                )
            call = replace(call, url=target)

    async def _once(
        self, pool: httpcore2.AsyncConnectionPool, call: Call
    ) -> tuple[Answer, Mapping[str, str]]:
        url = sendable(call.url)
        headers = sent_headers(self._keys, call)
        timeout = {"connect": CONNECT_SECONDS, "read": WHOLE_SECONDS, "write": WHOLE_SECONDS}
        async with pool.stream(
            call.method,
            url,
            headers=[(name.encode("ascii"), value.encode()) for name, value in headers.items()],
            content=call.body,
            extensions={"timeout": timeout},
        ) as response:
            answered = {
                name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers
            }
            return Answer(response.status, await _body(response, answered)), answered


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0:
            if parts.username is None and parts.password is None:
                return parts
            raise DeliveryFailed("the webhook's address holds a login; put it into a header", permanent=True)
    except ValueError:
        pass
    raise DeliveryFailed("the webhook's address is not a web address", permanent=True)


def _origin(url: str) -> tuple[str, str | None, int]:
    parts = _parts(url)
    return parts.scheme, parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)


def sendable(url: str) -> str:
    """The address in ASCII: path and query percent-encoded, a host in other letters as punycode.

    Raises DeliveryFailed where nothing can be sent to it.
    """
    parts = _parts(url)
    host = parts.hostname or ""
    netloc = (
        parts.netloc if host.isascii() else parts.netloc.lower().replace(host, host.encode("idna").decode())
    )
    path, query = quote(parts.path, safe=_KEPT), quote(parts.query, safe=_KEPT + "?")
    return urlunsplit((parts.scheme, netloc, path or "/", query, ""))


async def _body(response: httpcore2.Response, headers: Mapping[str, str]) -> Any:
    parts: list[bytes] = []
    size = 0
    async for part in response.aiter_stream():
        size += len(part)
        if size > LARGEST_ANSWER:
            return None
        parts.append(part)
    try:
        text = b"".join(parts).decode().replace("\x00", "")
    except UnicodeDecodeError:
        return None
    try:
        return _plain(json.loads(text))
    except (ValueError, RecursionError):
        kind = headers.get("content-type", "")
        return (text or None) if kind.startswith("text/") and "json" not in kind else None


def _plain(value: Any, depth: int = 0) -> Any:
    """JSON that every database and client can hold: finite numbers, no NUL, no half characters, not too deep."""
    if depth > DEEPEST:
        raise ValueError("the answer nests too deep")
    if isinstance(value, str):
        return value.replace("\x00", "").encode("utf-8", "replace").decode()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {_plain(key): _plain(inner, depth + 1) for key, inner in value.items()}
    return [_plain(inner, depth + 1) for inner in value] if isinstance(value, list) else value


def _refusal(status: int, headers: Mapping[str, str], at: int) -> DeliveryFailed:
    """Why the answer is no success, and whether another try makes sense."""
    phrase = f" {HTTPStatus(status).phrase}" if status in set(HTTPStatus) else ""
    permanent = status // 100 in (1, 3, 4) and status not in _TRANSIENT
    return DeliveryFailed(
        f"the webhook's host answered {status}{phrase}",
        permanent=permanent,
        retry_after=_seconds(headers.get("retry-after"), at),
    )


def _seconds(value: str | None, at: int) -> float | None:
    """What a `Retry-After` header asks for, at most an hour."""
    if value is None:
        return None
    try:
        seconds = float(value) if value.isdecimal() else parsedate_to_datetime(value).timestamp() - at
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT)
