"""The cookie of a session: for this installation alone, out of reach of scripts and of other sites."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.requests import cookie_parser
from starlette.responses import Response

from runtime.settings import Settings

_HTTPS_ONLY = "__Host-"
_NAME = "kindling-"


def is_session_cookie(pair: bytes) -> bool:
    """Whether `name=value` is a session of this or another installation."""
    return pair.removeprefix(_HTTPS_ONLY.encode()).startswith(_NAME.encode())


class SessionCookie:
    """`installation`: an id of its own, since cookies know no ports and several installations may share a host."""

    def __init__(self, settings: Settings, installation: str) -> None:
        self._name = f"{_NAME}{installation}"
        self._public = urlsplit(settings.public_url) if settings.public_url else None

    def token(self, cookies: str) -> str | None:
        """The token in a `Cookie` header."""
        given: Mapping[str, str] = cookie_parser(cookies)
        return given.get(f"{_HTTPS_ONLY}{self._name}") or given.get(self._name) or None

    def set(self, response: Response, token: str, seconds: int, *, scheme: str, host: str) -> None:
        """Have the browser keep a token."""
        secure = self._is_secure(scheme, host)
        response.set_cookie(
            self._named(secure=secure),
            token,
            max_age=seconds,
            path="/",
            secure=secure,
            httponly=True,
            samesite="lax",
        )

    def clear(self, response: Response, *, scheme: str, host: str) -> None:
        """Have the browser forget it."""
        secure = self._is_secure(scheme, host)
        response.delete_cookie(
            self._named(secure=secure), path="/", secure=secure, httponly=True, samesite="lax"
        )

    def _named(self, *, secure: bool) -> str:
        return f"{_HTTPS_ONLY if secure else ''}{self._name}"

    def _is_secure(self, scheme: str, host: str) -> bool:
        """Whether the browser came by https, as the proxy says or as the public address has it."""
        if scheme == "https":
            return True
        public = self._public
        named = urlsplit(f"//{host}").hostname
        return public is not None and public.scheme == "https" and named == public.hostname
