"""Requests with a `Host` that nobody should send, at a real API process."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.processes import api_process

pytestmark = [pytest.mark.stack, pytest.mark.slow]

HOSTS = [
    b"Host: evil.example\r\n",
    b"Host: user@127.0.0.1\r\n",
    b"Host: 127.0.0.1 junk\r\n",
    b"Host: 127.0.0.1/x\r\n",
    b"Host: 127.0.0.1:99999\r\n",
    b"Host: 127.0.0.1:\r\n",
    b"Host: 127.0.0.1,evil.example\r\n",
    b"Host: 127.0.0.1\x01\r\n",
    b"Host: evil\x9b31m\r\n",
    b"Host: 127.1\r\n",
    b"Host: localhost.\r\n",
    b"Host:\r\n",
    b"",
    b"Host: 127.0.0.1\r\nHost: evil.example\r\n",
    b"Host: 127.0.0.1\r\n evil.example\r\n",
    b"Host : 127.0.0.1\r\n",
]
#: With a key a name is nobody's secret; what is ambiguous is refused all the same.
WELL_FORMED = {b"Host: evil.example\r\n", b"Host: 127.1\r\n", b"Host: localhost.\r\n"}


@pytest.fixture(scope="module")
def installations(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[tuple[int, bytes]]]:
    """Ports of one without a key and of one with it, and what callers add."""
    home: Path = tmp_path_factory.mktemp("hosts")
    with (
        api_process(home / "open") as (open_base, _),
        api_process(home / "keyed", KINDLING_API_KEY="sesame") as (keyed_base, _),
    ):
        ports = [int(base.rpartition(":")[2]) for base in (open_base, keyed_base)]
        yield [(ports[0], b""), (ports[1], b"Authorization: Bearer sesame\r\n")]


def ask(port: int, path: bytes, headers: bytes) -> tuple[int, dict[str, object]]:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(b"GET %s HTTP/1.1\r\n%sConnection: close\r\n\r\n" % (path, headers))
        heard = b""
        while more := connection.recv(65_536):
            heard += more
    head, _, body = heard.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


@pytest.mark.parametrize("path", [b"/v1/contacts", b"/temporal/api/v1/namespaces", b"/metrics"])
@pytest.mark.parametrize("host", HOSTS)
def test_such_a_host_is_refused_with_a_reason(
    installations: list[tuple[int, bytes]], host: bytes, path: bytes
) -> None:
    for port, key in installations:
        if key and host in WELL_FORMED:
            continue
        status, answer = ask(port, path, host + key)
        assert status in (400, 403)
        assert answer["detail"]
