"""Lists as files: which format is asked for, and the stream that goes out."""

from typing import Annotated, Any

from fastapi import Depends, Query, Request
from starlette.exceptions import HTTPException
from starlette.responses import StreamingResponse

from api.bodies import NDJSON
from services.exports.streams import Format, Stream

CSV = "text/csv"
MEDIA_TYPES: dict[Format, str] = {"csv": f"{CSV}; charset=utf-8", "ndjson": NDJSON[0]}
#: What the OpenAPI document says of a route that exports.
STREAMED: dict[str, Any] = {
    "response_class": StreamingResponse,
    "responses": {
        200: {
            "description": "All of the list",
            "content": {media_type: {"schema": {"type": "string"}} for media_type in (CSV, NDJSON[0])},
        }
    },
}


def _format(
    request: Request,
    format: Annotated[  # noqa: A002 - the parameter's name
        Format | None, Query(description="Instead of `Accept`, for links; default: csv")
    ] = None,
) -> Format:
    """The format that is asked for by parameter or by `Accept`; raises HTTPException 406."""
    if format is not None:
        return format
    wanted = [
        part.partition(";")[0].strip().lower() for part in request.headers.get("accept", "*/*").split(",")
    ]
    for media_type in wanted:
        if media_type in NDJSON:
            return "ndjson"
        if media_type in (CSV, "text/*", "*/*"):
            return "csv"
    raise HTTPException(406, f"a list is exported as {CSV} or {NDJSON[0]}; ask for one of them")


ExportFormat = Annotated[Format, Depends(_format)]


def streamed(stream: Stream) -> StreamingResponse:
    """The answer with all of a list. What fails on the way breaks it off, so that nobody takes it for all."""
    return StreamingResponse(
        (part.text for part in stream.parts()),
        media_type=MEDIA_TYPES[stream.format],
        headers={"Content-Disposition": f'attachment; filename="{stream.name}.{stream.format}"'},
    )
