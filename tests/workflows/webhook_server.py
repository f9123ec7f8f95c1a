"""A real HTTP server for tests: it keeps what it is sent, and answers what it is told to."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple


class Received(NamedTuple):
    """A request; header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Hooks:
    """`answers` (status, headers, body) are given first, one a request; then every request gets 200 and {}.

    None is given while the `gate` is shut: `gate.clear()`, then `gate.set()`.
    """

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.answers: list[tuple[int, dict[str, str], bytes]] = []
        self.url = ""
        self.gate = threading.Event()
        self.gate.set()
        self.answered = 0

    def answer(self, status: int, body: Any = None, **headers: str) -> None:
        """What the next unanswered request gets; `body` as JSON unless it is bytes."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers.append((status, named, content))


@contextmanager
def webhook_server() -> Iterator[Hooks]:
    """A server on loopback."""
    hooks = Hooks()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            hooks.received.append(Received(self.command, self.path, headers, self.rfile.read(length)))
            status, more, body = hooks.answers.pop(0) if hooks.answers else (200, {}, b"{}")
            hooks.gate.wait(20)
            self.send_response(status)
            for name, value in {"content-type": "application/json", **more}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            hooks.answered += 1

        def do_POST(self) -> None:
            self.handle_one()

        def do_PUT(self) -> None:
            self.handle_one()

        def do_GET(self) -> None:
            self.handle_one()

        def log_message(self, *args: Any, **kwargs: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    hooks.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hooks
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
