"""Clients that stop in the middle of a request, and heads without end, at a real API process."""

import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import psutil
import pytest

from tests.api.processes import api_process

pytestmark = [pytest.mark.stack, pytest.mark.slow]

#: Thirty seconds are what is meant; a test need not wait so long.
IMPATIENT = """
import api.connection
from conditions.limits import InputLimit
api.connection.SILENCE = InputLimit("Silence", 1, "seconds", "")
"""
HALF = b"POST /v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{"


@pytest.fixture
def api(tmp_path: Path) -> Iterator[tuple[str, psutil.Process]]:
    with api_process(tmp_path, IMPATIENT) as (base, process):
        yield base, psutil.Process(process.pid)


def opened(base: str, sent: bytes) -> socket.socket:
    address = urlsplit(base)
    connection = socket.create_connection((address.hostname or "", address.port or 0), timeout=20)
    with suppress(BrokenPipeError, ConnectionResetError):  # it may be refused before all of it was sent
        connection.sendall(sent)
    return connection


def said(connection: socket.socket) -> bytes:
    """What the server says until it closes."""
    heard = b""
    try:
        while more := connection.recv(65_536):
            heard += more
    except ConnectionResetError:
        pass
    finally:
        connection.close()
    return heard


@pytest.mark.parametrize(
    "head",
    [
        b"GET /v1/status HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"x" * 5_000_000,
        b"GET /v1/status HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"x" * 70_000 + b"\r\n\r\n",
        b"GET /v1/status HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"X: y\r\n" * 20_000 + b"\r\n",
        b"GET /v1/status?" + b"x" * 70_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    ],
    ids=["without end", "one long", "many", "address"],
)
def test_a_head_has_a_size(api: tuple[str, psutil.Process], head: bytes) -> None:
    before = api[1].memory_info().rss
    heard = said(opened(api[0], head))
    assert heard == b"" or heard.startswith(b"HTTP/1.1 431 "), heard[:100]
    assert heard.count(b"HTTP/1.1") <= 1
    assert api[1].memory_info().rss - before < 50 * 1024**2
    assert httpx2.get(f"{api[0]}/readyz").status_code == 200


def test_a_head_of_usual_size_is_fine_even_in_pieces(api: tuple[str, psutil.Process]) -> None:
    request = (
        b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"x" * 60_000 + b"\r\nConnection: close\r\n\r\n"
    )
    connection = opened(api[0], request[:30_000])
    connection.sendall(request[30_000:])
    assert said(connection).startswith(b"HTTP/1.1 200 ")


def test_who_stops_in_the_middle_is_let_go(api: tuple[str, psutil.Process]) -> None:
    began = time.monotonic()
    waiting = [opened(api[0], sent) for sent in (HALF, HALF, b"GET / HTTP/1.1\r\nHo", b"")]
    heard = [said(connection) for connection in waiting]
    assert [answer[:12] for answer in heard] == [b"HTTP/1.1 408", b"HTTP/1.1 408", b"HTTP/1.1 408", b""]
    assert time.monotonic() - began < 15


def test_a_stream_that_goes_on_is_not_cut(api: tuple[str, psutil.Process]) -> None:
    def lines() -> Iterator[bytes]:
        for number in range(4):
            yield b'{"type": "x", "contact": "ada", "id": "%d"}\n' % number
            time.sleep(0.5)  # slower in all than a silence may be

    answer = httpx2.post(
        f"{api[0]}/v1/events", content=lines(), headers={"content-type": "application/x-ndjson"}, timeout=20
    )
    assert answer.json()["accepted"] == 4


def test_others_are_served_beside_many_who_hold_their_requests_open(api: tuple[str, psutil.Process]) -> None:
    held = [opened(api[0], HALF) for _ in range(600)]
    assert httpx2.get(f"{api[0]}/readyz", timeout=20).status_code == 200
    assert len([said(connection) for connection in held]) == 600
    assert len(api[1].net_connections(kind="tcp")) < 20
