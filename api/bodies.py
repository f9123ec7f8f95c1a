"""Request bodies: read up to the limit, decoded, with errors that say where they are."""

import asyncio
import json
from typing import Annotated, Any, TypeVar

import orjson
from fastapi import Depends, Request
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException

from conditions.limits import BODY, DEFINITION_DEPTH, PATIENCE, deeper_than, too_deep
from conditions.messages import plain_errors
from services.resources import Invalid

JSON = "application/json"
NDJSON = ("application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines")


def media_type(request: Request) -> str:
    """The body's type without parameters, in lower case; empty when nothing is said."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def read_events_body(request: Request) -> bytes:
    """The whole body of a call that sends events; raises HTTPException 413, 408."""
    limit_mb: int = request.app.state.max_body_mb
    return await _read(
        request,
        limit_mb * 1_000_000,
        f"{limit_mb} MB (KINDLING_MAX_BODY_MB); send events in smaller arrays, or as application/x-ndjson, which has "
        "no limit",
    )


async def read_body(request: Request) -> bytes:
    """The whole body of any other call; raises HTTPException 413 as soon as it is known to be too large, 408."""
    return await _read(request, BODY.most, f"{BODY}; {BODY.remedy}")


async def _read(request: Request, limit: int, allowed: str) -> bytes:
    too_large = HTTPException(413, f"the body is larger than {allowed}", {"Connection": "close"})
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(PATIENCE.most):
            async for chunk in request.stream():
                body += chunk
                if len(body) > limit:
                    raise too_large
    except TimeoutError:
        raise HTTPException(
            408, f"the body was not there after {PATIENCE}; send it faster", {"Connection": "close"}
        ) from None
    return bytes(body)


def decode_json(body: bytes) -> Any:
    """The value; raises HTTPException 400 that says where the text stops being JSON.

    Duplicate keys are refused in a body that is one object; in arrays of events the last one counts.
    """
    if not body.strip():
        raise HTTPException(400, "the body is empty; send JSON")
    try:
        value = orjson.loads(body)
        if isinstance(value, dict) and not deeper_than(value, DEFINITION_DEPTH.most):
            json.loads(body, object_pairs_hook=_once_each)
        return value
    except orjson.JSONDecodeError as error:
        raise HTTPException(
            400, f"the body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        ) from None


def _once_each(pairs: list[tuple[str, Any]]) -> None:
    """Refuse an object with the same key twice, of which a decoder would silently keep the last."""
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            raise HTTPException(400, f'the key "{key}" is there twice in one object; keep one')
        seen.add(key)


def check_json_type(request: Request, *others: str) -> None:
    """Raise HTTPException 415 unless the body is said to be JSON."""
    kind = media_type(request)
    if kind != JSON and not kind.endswith("+json"):
        wanted = " or ".join((JSON, *others))
        said = f"not {kind}" if kind else "which the header Content-Type has to say"
        raise HTTPException(415, f"the body should be {wanted}, {said}")


async def json_body(request: Request) -> Any:
    """The decoded body of a call that needs one."""
    check_json_type(request)
    return _shallow(decode_json(await read_body(request)))


async def optional_json_body(request: Request) -> Any:
    """The decoded body, or None without one."""
    body = await read_body(request)
    if not body.strip():
        return None
    check_json_type(request)
    return _shallow(decode_json(body))


def _shallow(value: Any) -> Any:
    """The value; raises Invalid where it is nested so deep that nothing of it is meant."""
    if deeper_than(value, DEFINITION_DEPTH.most):
        raise Invalid([too_deep()])
    return value


Body = Annotated[Any, Depends(json_body)]
OptionalBody = Annotated[Any, Depends(optional_json_body)]


M = TypeVar("M", bound=BaseModel)


def read_options(model: type[M], body: Any) -> M:
    """A body of options, all of which have defaults; raises Invalid."""
    try:
        return model.model_validate({} if body is None else body)
    except ValidationError as error:
        raise Invalid(plain_errors(error, body)) from None


def takes(model: type[BaseModel], *, required: bool = True) -> dict[str, Any]:
    """What the OpenAPI document says of a route's body; `openapi.py` moves the schema to its components."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    return {"requestBody": {"required": required, "content": {JSON: {"schema": schema}}}}
