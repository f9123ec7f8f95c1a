"""The application: routes, guard, metrics and errors around the use cases."""

from collections.abc import Awaitable, Callable
from importlib.metadata import PackageNotFoundError, version

from fastapi import Depends, FastAPI
from starlette.middleware import Middleware

from api.access import audit, keys, people, session
from api.design import automations, profiles
from api.follow_ups import bulk, by_automation, follow_ups, tasks, undoing
from api.follow_ups import exports as follow_up_exports
from api.foresight import foresight
from api.guard import RequestGuard
from api.intake import events
from api.intake import exports as event_exports
from api.metrics import Metrics, Observed
from api.openapi import describe
from api.operations import codec, finding, health, recipients, temporal_ui
from api.parameters import only_known_parameters
from api.permitted import permitted, undeclared
from api.problems import ProblemDetails, handle_errors
from api.records import contacts, deals, duplicates, smart_lists, suppressions
from api.records import exports as record_exports
from runtime.payload_codec import EncryptionCodec, read_keys
from services.application import Application

ROUTERS = (
    events.router,
    contacts.router,
    duplicates.router,
    deals.router,
    smart_lists.router,
    suppressions.router,
    profiles.router,
    automations.router,
    recipients.router,
    by_automation.router,
    foresight.router,
    events.by_id,
    follow_ups.router,
    tasks.router,
    bulk.router,
    finding.router,
    undoing.router,
    record_exports.router,
    follow_up_exports.router,
    event_exports.router,
    session.router,
    people.router,
    keys.router,
    audit.router,
    codec.router,
    health.router,
)
_ERRORS = {
    "4XX": {
        "description": "What is wrong, and what would be right",
        "content": {"application/problem+json": {}},
        "model": ProblemDetails,
    }
}


def create_app(application: Application, temporal_up: Callable[[], Awaitable[bool]]) -> FastAPI:
    """The ASGI application. `temporal_up` says whether Temporal answers; it should not take long."""
    metrics = Metrics(application.status.backlog)
    app = FastAPI(
        title="Kindling",
        version=_version(),
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        middleware=[
            Middleware(Observed, metrics=metrics),
            Middleware(RequestGuard, settings=application.resources.settings, access=application.access),
        ],
        dependencies=[Depends(permitted), Depends(only_known_parameters)],
        responses=_ERRORS,  # type: ignore[arg-type]
    )
    app.state.application = application
    app.state.metrics = metrics
    app.state.temporal_up = temporal_up
    keys = application.resources.settings.payload_keys
    app.state.codec = EncryptionCodec(read_keys(keys)) if keys is not None else None
    app.state.max_body_mb = application.resources.settings.max_body_mb
    handle_errors(app)
    for router in ROUTERS:
        app.include_router(router)
    app.state.temporal_ui = temporal_ui.mount(app, application.resources.settings)
    if forgotten := undeclared(app):
        raise RuntimeError(f"calls that declare no permission: {', '.join(forgotten)}")
    describe(app)
    return app


def _version() -> str:
    try:
        return version("kindling")
    except PackageNotFoundError:
        return "0"
