"""Whether the principal may make a call: each route declares what it needs.

What is mounted checks by itself.
"""

from collections.abc import Iterator

from fastapi import FastAPI, Request
from fastapi.routing import iter_route_contexts
from starlette.routing import Mount

from runtime.permissions import PERMISSIONS, Needed, needed_by
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


def declared_calls(app: FastAPI) -> Iterator[tuple[str, str, Needed | None]]:
    """Every (method, path, what it needs) of an application; what is mounted has the method `*`."""
    for route in iter_route_contexts(app.routes):
        called = route.original_route.app if isinstance(route.original_route, Mount) else route.endpoint
        needed: Needed | None = "signed in" if route.path == app.openapi_url else needed_by(called)
        for method in sorted(route.methods or "*"):
            yield method, route.path or "/", needed


def undeclared(app: FastAPI) -> list[str]:
    """The calls that do not say what they need."""
    return [
        f"{method} {path}"
        for method, path, needed in declared_calls(app)
        if needed not in (*PERMISSIONS, "anybody", "signed in")
    ]
