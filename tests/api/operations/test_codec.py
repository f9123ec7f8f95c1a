"""The Temporal UI asks the API to decrypt, behind the same sign-in."""

import base64
from pathlib import Path
from typing import Any

from google.protobuf.json_format import MessageToDict
from temporalio.api.common.v1 import Payload, Payloads

from runtime.payload_codec import EncryptionCodec
from store.database import Database
from tests.api.access.principals import key_of
from tests.api.installation import Installation

KEY = b"k" * 32
PLAIN = Payload(metadata={"encoding": b"json/plain"}, data=b'"enrollment 17"')
PATH = "/v1/temporal-codec/decode"


def encrypting(database: Database, folder: Path) -> Installation:
    file = folder / "keys"
    file.write_text(f"one={base64.b64encode(KEY).decode()}\n")
    return Installation(database, str(folder), KINDLING_PAYLOAD_KEYS=str(file))


async def sealed() -> dict[str, Any]:
    encoded: dict[str, Any] = MessageToDict(
        Payloads(payloads=await EncryptionCodec({"one": KEY}).encode([PLAIN]))
    )
    return encoded


async def test_it_decrypts_what_its_keys_encrypted(database: Database, tmp_path: Path) -> None:
    kindling = encrypting(database, tmp_path)
    answer = await kindling.client.post(PATH, json=await sealed())
    assert answer.status_code == 200, answer.text
    [payload] = answer.json()["payloads"]
    assert base64.b64decode(payload["data"]) == PLAIN.data
    plain = MessageToDict(Payloads(payloads=[PLAIN]))
    assert (await kindling.client.post(PATH, json=plain)).json() == plain
    other = Payload(metadata={"encoding": b"binary/kindling-aes256gcm", "key": b"two"}, data=b"x" * 40)
    refused = await kindling.client.post(PATH, json=MessageToDict(Payloads(payloads=[other])))
    assert (refused.status_code, '"two"' in refused.json()["detail"]) == (409, True)
    mistakes: list[Any] = [{"payloads": 1}, {"payloads": [{"data": 1}]}, {"other": []}, "x"]
    for wrong in mistakes:
        assert (await kindling.client.post(PATH, json=wrong)).status_code == 422, wrong


async def test_only_for_those_who_may_read(database: Database, tmp_path: Path) -> None:
    kindling = encrypting(database, tmp_path)
    reads, sends = key_of(kindling, "read"), key_of(kindling, "ingest")
    body = await sealed()
    assert (await kindling.client.post(PATH, json=body)).status_code == 401
    assert (await kindling.client.post(PATH, json=body, headers=sends)).status_code == 403
    assert (await kindling.client.post(PATH, json=body, headers=reads)).status_code == 200
    # As the browser has it from the page of the UI, which asks for a name and a key.
    secret = reads["authorization"].removeprefix("Bearer ")
    basic = {"authorization": "Basic " + base64.b64encode(f"any:{secret}".encode()).decode()}
    assert (await kindling.client.post(PATH, json=body, headers=basic)).status_code == 200
    foreign = {**basic, "origin": "https://evil.example"}
    assert (await kindling.client.post(PATH, json=body, headers=foreign)).status_code == 403


async def test_without_keys_there_is_nothing_to_decrypt(kindling: Installation) -> None:
    assert (await kindling.client.post(PATH, json={"payloads": []})).status_code == 409
