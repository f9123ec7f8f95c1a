"""The way to Temporal's UI, at a real API process, before a stand-in for the UI that misbehaves when told to."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.api.processes import api_process

pytestmark = [pytest.mark.stack, pytest.mark.slow]


class Ui(BaseHTTPRequestHandler):
    """Tells what it was asked; `/slow` waits as Temporal's long polls do, `/broken` stops in the middle."""

    protocol_version = "HTTP/1.1"
    #: Released when a slow request has come.
    asked = threading.Semaphore(0)

    def do_GET(self) -> None:
        if self.path.endswith("/slow"):
            self.asked.release()
            self.connection.settimeout(10)
            with suppress(OSError):
                self.connection.recv(1)  # until the other side closes
            self.close_connection = True
            return
        body = json.dumps({"path": self.path, "headers": dict(self.headers)}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Access-Control-Allow-Origin", "*")
        if self.path.endswith("/broken"):
            self.send_header("Transfer-Encoding", "chunked")
            self.close_connection = True
            body = b"5\r\nhalf \r\n"
        else:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def api(tmp_path: Path) -> Iterator[str]:
    """Its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Ui) as ui:
        threading.Thread(target=ui.serve_forever, daemon=True).start()
        (tmp_path / "temporal").mkdir()
        (tmp_path / "temporal" / "ui").write_text(f"http://127.0.0.1:{ui.server_port}")
        with api_process(tmp_path) as (base, _):
            yield base
        ui.shutdown()


def test_the_address_that_is_printed_leads_to_the_ui(api: str) -> None:
    answer = httpx2.get(f"{api}/temporal?a=b", follow_redirects=True)
    assert (answer.status_code, answer.json()["path"]) == (200, "/temporal/?a=b")


def test_headers_of_the_message_pass_and_those_for_us_do_not(api: str) -> None:
    sent: dict[bytes, bytes] = {
        b"X-Name": "J\u00f6rg".encode(),
        b"Authorization": b"Bearer sesame",
        b"Origin": api.encode(),
        b"Connection": b"close, X-Hop",
        b"X-Hop": b"1",
        b"Cookie": b"kindling-0a1b2c3d=token; _csrf=1; __Host-kindling-0a1b2c3d=token",
    }
    answer = httpx2.get(f"{api}/temporal/api/v1/x?q=%C3%B6", headers=sent)
    assert answer.status_code == 200
    seen = {name.lower(): value for name, value in answer.json()["headers"].items()}
    assert seen["x-name"].encode("latin-1") == "J\u00f6rg".encode()
    assert seen["cookie"] == "_csrf=1"
    assert not {"authorization", "origin", "x-hop"} & set(seen)
    assert answer.json()["path"] == "/temporal/api/v1/x?q=%C3%B6"


def test_what_the_ui_says_is_for_no_other_site_and_for_no_store(api: str) -> None:
    data, file = (httpx2.get(f"{api}/temporal/{path}").headers for path in ("api/v1/x", "_app/x.js"))
    assert (data["cache-control"], file["cache-control"]) == ("no-store", "private")
    for headers in (data, file):
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "frame-ancestors 'self'" in headers["content-security-policy"]
        assert "access-control-allow-origin" not in headers


def test_half_an_answer_does_not_look_whole(api: str) -> None:
    with pytest.raises(httpx2.RemoteProtocolError):
        httpx2.get(f"{api}/temporal/broken")


def test_people_who_leave_pages_keep_nobody_waiting(api: str) -> None:
    port = int(api.rpartition(":")[2])
    for _ in range(120):
        with socket.create_connection(("127.0.0.1", port)) as left:
            left.sendall(b"GET /temporal/slow HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert Ui.asked.acquire(timeout=20)
    began = time.monotonic()
    assert httpx2.get(f"{api}/temporal/api/v1/x", timeout=20).status_code == 200
    assert time.monotonic() - began < 3


def test_without_temporal_the_answer_says_what_to_do(tmp_path: Path) -> None:
    with api_process(tmp_path) as (base, _):
        answer = httpx2.get(f"{base}/temporal/namespaces")
        assert (answer.status_code, answer.headers["cache-control"]) == (502, "no-store")
        assert "kindling up starts it" in answer.json()["detail"]
        (tmp_path / "temporal").mkdir()
        (tmp_path / "temporal" / "ui").write_text("http://127.0.0.1:1")
        answer = httpx2.get(f"{base}/temporal/namespaces")
        assert (answer.status_code, "does not answer" in answer.json()["detail"]) == (502, True)


def test_with_a_cluster_old_links_lead_to_its_ui(tmp_path: Path) -> None:
    cluster = {"TEMPORAL_ADDRESS": "127.0.0.1:1", "TEMPORAL_UI_URL": "https://temporal.example"}
    with api_process(tmp_path, **cluster) as (base, _):
        answer = httpx2.get(f"{base}/temporal/namespaces/default/workflows/w")
        assert answer.status_code == 307
        assert answer.headers["location"] == "https://temporal.example/namespaces/default/workflows/w"
