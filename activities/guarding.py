"""Keeps contact data and secrets out of Temporal: what an unexpected error says goes to the log alone."""

from typing import Any
from uuid import uuid4

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError, CancelledError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from store.database import DatabaseUnavailable

_log = structlog.get_logger()


class GuardErrors(Interceptor):
    """Replaces an activity's unexpected error by one that names its type and where the log tells more."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _Guard(next)


class _Guard(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        try:
            return await super().execute_activity(input)
        except (ApplicationError, CancelledError):
            raise
        except DatabaseUnavailable as error:
            _log.warning(
                "activity will be tried again", activity=activity.info().activity_type, reason=str(error)
            )
            raise ApplicationError(
                f"{type(error).__name__}; the worker's log says more", type=type(error).__name__
            ) from None
        except Exception as error:
            reference = uuid4().hex[:12]
            _log.exception(
                "activity failed", activity=activity.info().activity_type, reference=reference, exc_info=error
            )
            raise ApplicationError(
                f"{type(error).__name__}; the worker's log has more under reference {reference}",
                type=type(error).__name__,
            ) from None
