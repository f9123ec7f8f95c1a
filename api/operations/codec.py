"""Decrypting for the Temporal UI, as it asks for that: what is encrypted there is read by whoever may read here."""

from fastapi import APIRouter, Request
from google.protobuf.json_format import MessageToDict, ParseDict, ParseError
from starlette.responses import JSONResponse, Response
from temporalio.api.common.v1 import Payloads

from api.bodies import Body, takes
from api.problems import problem
from runtime.payload_codec import CannotDecrypt, EncryptionCodec
from runtime.permissions import needs
from runtime.temporal import CODEC_PATH
from services.operations.answers import PayloadsBody

router = APIRouter(prefix=CODEC_PATH, tags=["Operations"])


@router.post(
    "/decode",
    openapi_extra=takes(PayloadsBody),
    responses={200: {"model": PayloadsBody}},
    response_class=Response,
    summary="Decrypt what went to Temporal",
)
@needs("read")
async def decode_payloads(body: Body, request: Request) -> Response:
    """For the Temporal UI, which asks here where `KINDLING_PAYLOAD_KEYS` is set.

    What is not encrypted stays as it is.
    """
    codec: EncryptionCodec | None = request.app.state.codec
    if codec is None:
        return problem(409, "nothing is encrypted here: KINDLING_PAYLOAD_KEYS is not set")
    try:
        given = ParseDict(body if isinstance(body, dict) else {"payloads": body}, Payloads())
    except (ParseError, RecursionError):
        return problem(422, 'send {"payloads": [...]}, each with "metadata" and "data" in base64')
    try:
        decoded = await codec.decode(given.payloads)
    except CannotDecrypt as error:
        return problem(409, str(error))
    return JSONResponse(MessageToDict(Payloads(payloads=decoded)) or {"payloads": []})
