"""Encryption of what goes to Temporal: AES-256-GCM, with several keys at once so that they can be changed."""

import os
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload
from temporalio.converter import (
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
    PayloadCodec,
)

from runtime.setting_values import read_secrets

ENCODING = b"binary/kindling-aes256gcm"
_KEY_BYTES, _NONCE_BYTES = 32, 12


class CannotDecrypt(Exception):
    """A payload was encrypted with a key that is not there, or is damaged; the message names the key."""


def read_keys(path: Path) -> dict[str, bytes]:
    """The keys of a file by name, the one that encrypts first: `name=` and 32 bytes in base64 on each line.

    ValueError says which line is wrong.
    """
    keys = {}
    for name, text in read_secrets(path).items():
        try:
            key = b64decode(text, validate=True)
        except NotBase64:
            key = b""
        if len(key) != _KEY_BYTES:
            raise ValueError(f'the key "{name}" is not 32 bytes in base64; openssl rand -base64 32 makes one')
        keys[name] = key
    if not keys:
        raise ValueError("there is no key in it; write name=<the output of openssl rand -base64 32>")
    return keys


class EncryptionCodec(PayloadCodec):
    """Encrypts with the first key and decrypts with the one that a payload names.

    What is not encrypted stays as it is, so that what began before goes on.
    """

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self._ciphers = {name: AESGCM(key) for name, key in keys.items()}
        self._first = next(iter(keys))

    async def encode(self, payloads: Iterable[Payload]) -> list[Payload]:
        return [self._encrypted(payload) for payload in payloads]

    async def decode(self, payloads: Iterable[Payload]) -> list[Payload]:
        return [self._decrypted(payload) for payload in payloads]

    def _encrypted(self, payload: Payload) -> Payload:
        nonce, name = os.urandom(_NONCE_BYTES), self._first.encode()
        sealed = self._ciphers[self._first].encrypt(nonce, payload.SerializeToString(), name)
        return Payload(metadata={"encoding": ENCODING, "key": name}, data=nonce + sealed)

    def _decrypted(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCODING:
            return payload
        named = payload.metadata.get("key", b"")
        name = named.decode(errors="replace")
        cipher = self._ciphers.get(name)
        if cipher is None:
            raise CannotDecrypt(
                f'a payload was encrypted with the key "{name[:60]}", which KINDLING_PAYLOAD_KEYS does not have; '
                "add it behind the others"
            )
        try:
            opened = cipher.decrypt(payload.data[:_NONCE_BYTES], payload.data[_NONCE_BYTES:], named)
        except (InvalidTag, ValueError):
            raise CannotDecrypt(
                f'a payload is damaged, or "{name[:60]}" is another key than it was'
            ) from None
        return Payload.FromString(opened)


def data_converter(keys: Path | None) -> DataConverter:
    """The converter of a client and its workers; with a file of keys it encrypts, messages of errors among the rest."""
    if keys is None:
        return DataConverter.default
    return replace(
        DataConverter.default,
        payload_codec=EncryptionCodec(read_keys(keys)),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )
