"""The OpenAPI document: schemas that routes bring along are moved to its components."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import iter_route_contexts

from runtime.permissions import needed_by

DESCRIPTION = """
Engagement scores that start durable workflows. Events of contacts move scores; score changes start automations,
whose follow-ups run on Temporal.

- Errors are problem details (RFC 9457), with `errors: [{pointer, message}]` for mistakes in the body.
- Lists are `{items, next}`; send `next` as `cursor` for the next page. Unknown parameters are refused.
- `key` is the caller's own stable name for a thing, `id` is ours. Times are ISO 8601, UTC.
- One thing has an `ETag`. With it as `If-Match` a change is made only while the thing is as it was read; else 412.
- Send a key as `Authorization: Bearer <key>`; people sign in with `POST /v1/session`, which sets a cookie. Each call
  needs the permission that it names as `x-permission`; without it the answer is 403.
"""


def describe(app: FastAPI) -> None:
    """Give the application its document, made when first asked for."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = get_openapi(
                title=app.title, version=app.version, description=DESCRIPTION.strip(), routes=app.routes
            )
            components = document.setdefault("components", {})
            _hoist(document["paths"], components.setdefault("schemas", {}))
            components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
            _tell_needs(app, document["paths"])
            document["security"] = [{"key": []}]
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _tell_needs(app: FastAPI, paths: dict[str, Any]) -> None:
    """Say of each call which permission it needs."""
    for route in iter_route_contexts(app.routes):
        for method in route.methods or ():
            if (call := paths.get(route.path_format or "", {}).get(method.lower())) is not None:
                call["x-permission"] = needed_by(route.endpoint)


def _hoist(part: Any, schemas: dict[str, Any]) -> None:
    """Move every `$defs` below `part` to the components."""
    if isinstance(part, dict):
        for name, schema in part.pop("$defs", {}).items():
            _hoist(schema, schemas)
            schemas.setdefault(name, schema)
        for inner in part.values():
            _hoist(inner, schemas)
    elif isinstance(part, list):
        for inner in part:
            _hoist(inner, schemas)
