"""Our own clients of the API live with connections that it lets go: those that are idle for five seconds."""

import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from bench.http_client import post, send
from commands.demo.client import Client
from runtime.settings import Settings, load_settings

ANSWER = b'{"accepted": 1, "items": []}'
HEAD = b"HTTP/1.1 %d OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


class Forgetful:
    """Answers one request of each connection, promises to keep it open, and closes it."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as sent:
                self.requests.append(line := sent.readline())
                length = 0
                while (header := sent.readline()).strip():
                    name, _, value = header.partition(b":")
                    length = int(value) if name.lower() == b"content-length" else length
                sent.read(length)
                status = 202 if line.startswith(b"POST") else 200
                connection.sendall(HEAD % (status, len(ANSWER)) + ANSWER)

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()


@pytest.fixture
def api() -> Iterator[Forgetful]:
    server = Forgetful()
    yield server
    server.close()


def test_the_clients_of_the_measurements_open_a_new_connection(api: Forgetful) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", api.port, timeout=30)) as connection:
        assert [post(connection, b"{}") for _ in range(3)] == [1, 1, 1]
        assert send(connection, "PUT", "/v1/contacts/ada", b"{}") == (200, ANSWER)
    assert len(api.requests) == 4


@pytest.fixture
def settings(api: Forgetful, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    home = tmp_path_factory.mktemp("home")
    return load_settings({"KINDLING_HOME": str(home), "KINDLING_PORT": str(api.port)}, environ={})


async def test_the_client_of_the_demo_asks_again(api: Forgetful, settings: Settings) -> None:
    async with Client(settings) as client:
        for _ in range(3):
            assert await client.send("POST", "/v1/events", [{"id": "1"}])
            assert await client.get("/v1/status")
    assert len(api.requests) == 6
