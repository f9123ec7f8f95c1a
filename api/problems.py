"""Errors as problem details (RFC 9457): each names the thing, the mistake and the remedy."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from api.conditional import NotModified
from conditions.limits import LISTED
from conditions.problems import Problem
from runtime.principals import Forbidden
from services.answers import FieldProblem, field_problems
from services.preconditions import PreconditionFailed
from services.records.answers import NotStored
from services.resources import BadParameter, Busy, Conflict, Invalid, NotFound, NotSignedIn, Suppressed
from store.database import CutOff, DatabaseUnavailable

MEDIA_TYPE = "application/problem+json"
_log = structlog.get_logger()
#: With a 503: the seconds after which what was asked may work.
AGAIN_SOON = {"Retry-After": "2"}


class ProblemDetails(BaseModel):
    """An error, as in RFC 9457."""

    type: str = "about:blank"
    title: str = Field(examples=["Unprocessable Entity"])
    status: int = Field(examples=[422])
    detail: str
    errors: list[FieldProblem] = []
    changed: list[str] | None = Field(
        default=None, description="With 412: what differs from what the caller had, as far as it is known"
    )
    permission: str | None = Field(default=None, description="With 403: the permission that is missing")
    etag: str | None = Field(default=None, description="With 412: the present tag")


def problem(
    status: int,
    detail: str,
    errors: Iterable[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
    more: Mapping[str, Any] | None = None,
) -> Response:
    """A response that says what is wrong; `more`: members of its own."""
    content: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    listed = list(errors)
    if listed:
        content["errors"] = listed
    content |= more or {}
    private = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return Response(orjson.dumps(content), status, {**private, **(headers or {})}, MEDIA_TYPE)


def invalid(problems: Iterable[Problem]) -> Response:
    """422 with every mistake."""
    errors = [error.model_dump() for error in field_problems(problems)]
    count = len(errors)
    told = (
        f"{count} mistakes"
        if count <= LISTED.most
        else f"More than {LISTED.most} mistakes, not all of them listed"
    )
    detail = errors[0]["message"] if count == 1 else f"{told}; nothing was saved"
    return problem(422, detail, errors[: LISTED.most])


def bad_parameter(name: str, message: str) -> Response:
    """422 for a parameter of the address."""
    return problem(422, message, [{"pointer": "", "parameter": name, "message": message}])


def _parameter_message(detail: Any) -> str:
    """A validation error of a parameter in plain words."""
    name, kind = detail["loc"][-1], detail["type"]
    if kind in ("definition", "missing"):
        return f'"{name}": {detail["msg"]}' if kind == "definition" else f'"{name}" is missing'
    return f'"{name}": {detail["msg"].replace("Input should", "it should")}'


def handle_errors(app: FastAPI) -> None:
    """Turn every error that use cases and routing raise into problem details."""

    @app.exception_handler(NotFound)
    async def not_found(_: Request, error: NotFound) -> Response:
        return problem(404, str(error))

    @app.exception_handler(NotSignedIn)
    async def not_signed_in(_: Request, error: NotSignedIn) -> Response:
        return problem(401, str(error), headers={"WWW-Authenticate": "Bearer"})

    @app.exception_handler(Forbidden)
    async def forbidden(request: Request, error: Forbidden) -> Response:
        address = request.client.host if request.client else None
        _log.warning("permission missing", address=address, kind=error.kind, permission=error.permission)
        return problem(403, str(error), more={"permission": error.permission})

    @app.exception_handler(Busy)
    async def busy(_: Request, error: Busy) -> Response:
        return problem(429, str(error), headers={"Retry-After": str(error.seconds)})

    @app.exception_handler(Conflict)
    async def conflict(_: Request, error: Conflict) -> Response:
        return problem(409, str(error))

    @app.exception_handler(Suppressed)
    async def suppressed(_: Request, error: Suppressed) -> Response:
        return JSONResponse(NotStored(detail=str(error)).model_dump(), 202)

    @app.exception_handler(PreconditionFailed)
    async def changed_meanwhile(_: Request, error: PreconditionFailed) -> Response:
        headers = {} if error.tag is None else {"ETag": error.tag}
        return problem(412, str(error), headers=headers, more={"changed": error.changed, "etag": error.tag})

    @app.exception_handler(NotModified)
    async def not_modified(_: Request, error: NotModified) -> Response:
        return Response(status_code=304, headers={"ETag": error.tag})

    @app.exception_handler(Invalid)
    async def invalid_input(_: Request, error: Invalid) -> Response:
        return invalid(error.problems)

    @app.exception_handler(BadParameter)
    async def wrong_parameter(_: Request, error: BadParameter) -> Response:
        return bad_parameter(error.name, str(error))

    @app.exception_handler(DatabaseUnavailable)
    async def no_database(_: Request, error: DatabaseUnavailable) -> Response:
        return problem(503, str(error), headers={} if isinstance(error, CutOff) else AGAIN_SOON)

    @app.exception_handler(Exception)
    async def unexpected(_: Request, error: Exception) -> Response:
        del error  # the server logs it
        return problem(500, "something went wrong here; the log of the API says what")

    @app.exception_handler(RequestValidationError)
    async def parameters(_: Request, error: RequestValidationError) -> Response:
        told = [(str(detail["loc"][-1]), _parameter_message(detail)) for detail in error.errors()]
        errors = [{"pointer": "", "parameter": name, "message": message} for name, message in told]
        return problem(422, "; ".join(message for _, message in told), errors)

    @app.exception_handler(HTTPException)
    async def other(request: Request, error: HTTPException) -> Response:
        detail, headers = str(error.detail), dict(error.headers or {})
        if error.status_code == 404 and detail == HTTPStatus.NOT_FOUND.phrase:
            detail = f"there is nothing at {request.url.path}; GET /openapi.json lists all calls"
        if error.status_code == 405:
            allowed = headers.get("Allow", headers.get("allow", ""))
            detail = f"{request.method} is not possible at {request.url.path}; possible: {allowed}"
        return problem(error.status_code, detail, headers=headers)
