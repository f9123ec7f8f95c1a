"""Whether the principal may make a call: each route declares what it needs."""

from collections.abc import Iterator

from fastapi import FastAPI, Request
from fastapi.routing import APIRoute

from runtime.permissions import PERMISSIONS, needed_by
from runtime.principals import Principal
from services.resources import NotSignedIn


async def permitted(request: Request) -> None:
    """Refuse who lacks what the route declares, before anything of the call is looked at. 401 or 403."""
    needed = needed_by(request.scope["route"].endpoint)
    if needed == "anybody":
        return
    by: Principal | None = request.state.principal
    if by is None:
        raise NotSignedIn("this call needs a key or somebody who is signed in")
    if needed != "signed in":
        by.require(needed or "admin")


def undeclared(app: FastAPI) -> Iterator[str]:
    """The routes that do not say what they need."""
    for route in app.routes:
        if isinstance(route, APIRoute) and needed_by(route.endpoint) not in {
            *PERMISSIONS,
            "anybody",
            "signed in",
        }:
            yield f"{' '.join(route.methods or ())} {route.path}"
