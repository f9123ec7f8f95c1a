"""What goes to Temporal is encrypted when there are keys, and keys can be changed."""

from base64 import b64encode
from pathlib import Path

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.exceptions import ApplicationError

from runtime.payload_codec import ENCODING, CannotDecrypt, EncryptionCodec, data_converter, read_keys
from runtime.setting_problems import SettingsError
from runtime.settings import load_settings

OLD, NEW = b"o" * 32, b"n" * 32
PLAIN = Payload(metadata={"encoding": b"json/plain"}, data=b'"a secret of ada"')


def line(name: str, key: bytes) -> str:
    return f"{name}={b64encode(key).decode()}\n"


async def test_what_is_encrypted_says_nothing_and_is_the_same_again() -> None:
    codec = EncryptionCodec({"old": OLD})
    once, twice = await codec.encode([PLAIN, PLAIN])
    assert once.metadata["encoding"] == ENCODING
    assert b"ada" not in once.SerializeToString()
    assert once.data != twice.data
    assert await codec.decode([once, twice]) == [PLAIN, PLAIN]


async def test_what_was_written_before_there_were_keys_is_read_as_it_is() -> None:
    assert await EncryptionCodec({"new": NEW}).decode([PLAIN]) == [PLAIN]


async def test_keys_are_changed_by_putting_a_new_one_first() -> None:
    [before] = await EncryptionCodec({"old": OLD}).encode([PLAIN])
    both = EncryptionCodec({"new": NEW, "old": OLD})
    [after] = await both.encode([PLAIN])
    assert after.metadata["key"] == b"new"
    assert await both.decode([before, after]) == [PLAIN, PLAIN]
    with pytest.raises(CannotDecrypt, match='the key "old", which KINDLING_PAYLOAD_KEYS does not have'):
        await EncryptionCodec({"new": NEW}).decode([before])


async def test_what_was_changed_on_the_way_or_has_another_key_is_refused() -> None:
    codec = EncryptionCodec({"old": OLD})
    [sealed] = await codec.encode([PLAIN])
    for data in (sealed.data[:-1] + bytes([sealed.data[-1] ^ 1]), sealed.data[:20], b""):
        with pytest.raises(CannotDecrypt, match="damaged"):
            await codec.decode([Payload(metadata=sealed.metadata, data=data)])
    with pytest.raises(CannotDecrypt, match="another key"):
        await EncryptionCodec({"old": NEW}).decode([sealed])


async def test_messages_of_errors_are_encrypted_too(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(line("one", OLD))
    converter, failure = data_converter(file), Failure()
    await converter.encode_failure(ApplicationError("ada was here"), failure)
    assert b"ada" not in failure.SerializeToString()
    assert str(await converter.decode_failure(failure)) == "ada was here"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "there is no key in it"),
        ("one", "line 1 is not name=value"),
        ("one=short", 'the key "one" is not 32 bytes in base64'),
        (line("one", OLD[:16]), "32 bytes"),
    ],
)
def test_a_wrong_file_is_told_at_the_start(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "keys"
    file.write_text(text)
    with pytest.raises(SettingsError, match="KINDLING_PAYLOAD_KEYS") as error:
        load_settings({"KINDLING_PAYLOAD_KEYS": str(file)}, environ={})
    assert told in str(error.value)
    assert "short" not in str(error.value)


def test_the_first_key_of_the_file_encrypts(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text("# the newest first\n" + line("new", NEW) + "\n" + line("old", OLD))
    assert list(read_keys(file).items()) == [("new", NEW), ("old", OLD)]
