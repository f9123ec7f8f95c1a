"""The console as a part of the API's process: its pages, its files, and errors as pages."""

from typing import Any

import orjson
from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from api.guard import PROGRAMS
from api.permitted import undeclared
from console import preferences
from console.access import settings, sign_in
from console.access.sign_in import asking
from console.assets import Assets
from console.design import automations, profiles
from console.follow_ups import follow_ups, messages, tasks
from console.forms import read_form
from console.navigation import Counts
from console.operations import finding, overview
from console.pages import Desk, Untidy
from console.records import events, lists, record
from runtime.permissions import needs
from runtime.temporal import UI_PATH

ROUTERS = (
    sign_in.router,
    settings.router,
    overview.router,
    lists.router,
    record.router,
    events.router,
    tasks.router,
    follow_ups.router,
    messages.router,
    profiles.router,
    automations.router,
    finding.router,
    preferences.router,
)
#: Where errors stay as programs read them.
_PROGRAMS = (*PROGRAMS, UI_PATH, "/assets/")


def add_console(app: FastAPI) -> None:
    """Serve the console beside the API of `app`."""
    app.state.console_assets = assets = Assets()
    app.state.console_counts = Counts(app.state.application)

    @app.get("/assets/{name}", include_in_schema=False)
    @needs("anybody")
    async def asset(name: str) -> Response:
        found = assets.find(f"/assets/{name}")
        if found is None:
            raise HTTPException(404)
        return Response(found.content, media_type=found.media_type, headers=dict(found.headers))

    for router in ROUTERS:
        app.include_router(router, include_in_schema=False)
    if forgotten := undeclared(app):
        raise RuntimeError(f"pages that declare no permission: {', '.join(forgotten)}")

    @app.exception_handler(Untidy)
    async def untidy(_: Request, error: Untidy) -> Response:
        return RedirectResponse(error.address, 303)

    for kind, handler in [*app.exception_handlers.items()]:
        if isinstance(kind, type) and kind is not Untidy:
            app.exception_handler(kind)(_as_page(handler))


def _as_page(handler: Any) -> Any:
    """The same error, as a page where a page was asked for."""

    async def handled(request: Request, error: Exception) -> Response:
        answer: Response = await handler(request, error)
        programs = request.url.path.startswith(_PROGRAMS)
        if programs or "problem+json" not in (answer.media_type or ""):
            return answer
        desk = Desk(request)
        if answer.status_code == 401 and request.method == "GET":
            back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            return RedirectResponse(Desk.address("/sign-in", {"next": back}), 303)
        if answer.status_code == 401:
            try:
                return asking(desk, request.url.path, await read_form(request))
            except HTTPException as refused:
                return desk.page(
                    "error.html",
                    refused.status_code,
                    problem={"detail": refused.detail, "status": refused.status_code},
                )
        told = orjson.loads(answer.body)
        if answer.status_code == 404 and "endpoint" not in request.scope:
            told["detail"] = desk.speech.gettext("There is no page at this address.")
        page = desk.page("error.html", answer.status_code, problem=told)
        for name in ("Retry-After", "Allow"):
            if name in answer.headers:
                page.headers[name] = answer.headers[name]
        return page

    return handled
