"""What routes reach for: the use cases and metrics of the application they belong to."""

from typing import Annotated

from fastapi import Depends, Request

from api.metrics import Metrics
from runtime.principals import Principal
from services.application import Application


async def _application(request: Request) -> Application:
    application: Application = request.app.state.application
    return application


async def _metrics(request: Request) -> Metrics:
    metrics: Metrics = request.app.state.metrics
    return metrics


async def _principal(request: Request) -> Principal:
    by: Principal = request.state.principal
    return by


App = Annotated[Application, Depends(_application)]
Counted = Annotated[Metrics, Depends(_metrics)]
By = Annotated[Principal, Depends(_principal)]
"""Who makes the call."""
