"""How a page is made: template, language, who reads it, and the headers that keep it to itself."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Depends, Query, Request
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, RedirectResponse
from uuid_utils import uuid7

from conditions.times import DAY, from_iso
from console import charts, language, sentences, words
from console.assets import Assets
from console.language import LANGUAGES, Speech
from console.navigation import Counts, Place, navigation
from runtime.permissions import Permission
from runtime.principals import Principal
from services.application import Application

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'"
)
THEMES = ("light", "dark")
#: For how long a reader's choice of language and look is kept, in seconds.
_KEPT = 400 * 24 * 3600


#: Whoever has not signed in, where that is asked of everybody.
NOBODY = Principal("local", "", frozenset())


class Untidy(Exception):
    """An address with fields that were left empty; `address` is the same without them."""

    def __init__(self, address: str) -> None:
        self.address = address
        super().__init__(address)


class Desk:
    """Where one page is made: the use cases, the reader's language, and the request."""

    def __init__(self, request: Request, done: str | None = None) -> None:
        self.request = request
        self.application: Application = request.app.state.application
        self.assets: Assets = request.app.state.console_assets
        known: Principal | None = getattr(request.state, "principal", None)
        #: Nobody may do anything before they have signed in.
        self.principal = known or NOBODY
        self.done = done
        resources = self.application.resources
        self.settings = resources.settings
        chosen = preferences(request)
        wanted = language.choose(
            chosen.get("language") or self.principal.language, request.headers.get("accept-language", "")
        )
        self.speech = Speech(wanted, self.settings.time_zone, resources.clock())
        self.theme = chosen.get("theme") if chosen.get("theme") in THEMES else None
        self.dense = chosen.get("rows") == "dense"

    def page(self, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        """The template as an answer."""
        made = environment(self.speech.language).get_template(template)
        context = {"desk": self, "speech": self.speech, "languages": LANGUAGES, "path": self.path, **values}
        drawing = {"chart": charts.Drawing(self.speech)}
        saying = {"words": words.Words(self.speech), "say": sentences.Sentences(self.speech)}
        text = made.render(**context, **drawing, **saying)
        return HTMLResponse(text, status, headers={"Content-Security-Policy": POLICY, "Vary": "Cookie"})

    def may(self, permission: Permission) -> bool:
        """Whether the reader may do what needs the permission."""
        return permission in self.principal.permissions

    @staticmethod
    def named_request(request: str | None) -> dict[str, str]:
        """The name of what a form does, as use cases take it."""
        return {"request": request} if request else {}

    @property
    def navigation(self) -> Sequence[Sequence[Place]]:
        """Where else there is to go, with what waits there."""
        counts: Counts = self.request.app.state.console_counts
        return navigation(self.speech, counts.read(), self.path) if self.may("read") else ()

    @property
    def path(self) -> str:
        """The address of the page without its parameters."""
        return self.request.url.path

    def icon(self, name: str) -> str:
        """Where an icon is."""
        return f"{self.assets.address('icons.svg')}#{name}"

    def here(self, **changes: Any) -> str:
        """This page with other parameters; None takes one away. What was done is not said again."""
        kept = [(name, value) for name, value in self.request.query_params.multi_items() if name != "done"]
        return self.address(self.path, {**dict(kept), **changes})

    @staticmethod
    def address(path: str, parameters: Mapping[str, Any]) -> str:
        """A path with its parameters, those that are None left out."""
        given = {name: value for name, value in parameters.items() if value is not None}
        return f"{path}?{urlencode(given)}" if given else path

    @staticmethod
    def new_id() -> str:
        """A name for what a form does, so that sending it twice does it once."""
        return str(uuid7())

    @property
    def next_here(self) -> str:
        """Where a form that belongs to no page leads back to."""
        return self.here()


async def _desk(request: Request, done: Annotated[str | None, Query(max_length=40)] = None) -> Desk:
    given = request.query_params.multi_items()
    if any(not value.strip() for _, value in given):
        kept = [(name, value) for name, value in given if value.strip()]
        raise Untidy(f"{request.url.path}?{urlencode(kept)}" if kept else request.url.path)
    return Desk(request, done)


Here = Annotated[Desk, Depends(_desk)]


def see(address: str, done: str | None = None) -> RedirectResponse:
    """The page to be seen after a form, which may say what was `done`."""
    if done is not None:
        address += f"{'&' if '?' in address else '?'}done={done}"
    return RedirectResponse(address, 303)


def own_address(address: str) -> str:
    """An address of ours that a form names, or the first page."""
    plain = address.startswith("/") and not address.startswith(("//", "/\\"))
    return address if plain and "\\" not in address and address.isprintable() else "/"


def cookie_name(request: Request) -> str:
    """Cookies ignore ports: two installations on one machine have two names."""
    home = str(request.app.state.application.resources.settings.home.resolve())
    return f"kindling-view-{hashlib.sha256(home.encode()).hexdigest()[:8]}"


def preferences(request: Request) -> dict[str, str]:
    """What the reader has chosen: `language`, `theme`, `rows`."""
    given = request.cookies.get(cookie_name(request), "")
    return dict(pair.split(":", 1) for pair in given.split(".") if ":" in pair)


def keep_preferences(request: Request, answer: RedirectResponse, chosen: Mapping[str, str]) -> None:
    """Have the browser keep them."""
    value = ".".join(f"{name}:{text}" for name, text in sorted(chosen.items()) if text)
    secure = request.url.scheme == "https"
    answer.set_cookie(
        cookie_name(request), value, _KEPT, path="/", secure=secure, httponly=True, samesite="lax"
    )


@lru_cache
def environment(name: str) -> Environment:
    """Templates in one language."""
    made = Environment(
        loader=PackageLoader("console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    made.filters["tojson_plain"] = lambda value: json.dumps(value, ensure_ascii=False, indent=2, default=str)
    made.filters["doubled"] = lambda value: (value, value)
    made.filters["days_away"] = lambda moment, today: round((from_iso(moment) - from_iso(today)) / DAY)
    made.policies["ext.i18n.trimmed"] = True
    install = made.install_gettext_translations  # type: ignore[attr-defined]
    install(language.translations(name), newstyle=True)
    return made
