"""What routes reach for: the use cases and metrics of the application they belong to."""

from typing import Annotated

from fastapi import Depends, Request

from api.metrics import Metrics
from services.application import Application


async def _application(request: Request) -> Application:
    application: Application = request.app.state.application
    return application


async def _metrics(request: Request) -> Metrics:
    metrics: Metrics = request.app.state.metrics
    return metrics


App = Annotated[Application, Depends(_application)]
Counted = Annotated[Metrics, Depends(_metrics)]
