"""The API as a process of its own, with no Temporal anywhere."""

import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from runtime.ports import free_port
from tests.api import processes
from tests.runtime.conftest import eventually

pytestmark = pytest.mark.stack


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return processes.environment(tmp_path / "home")


def start(environment: dict[str, str]) -> subprocess.Popen[str]:
    """With a log that is read."""
    return processes.start(environment, log=subprocess.PIPE)


@pytest.fixture
def process(environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    started = start(environment)
    yield started
    started.kill()
    started.communicate()


def answers(client: httpx2.Client) -> bool:
    try:
        return client.get("/readyz").status_code == 200
    except httpx2.ConnectError:
        return False


async def test_events_are_taken_while_temporal_is_down_and_kept(
    environment: dict[str, str], process: subprocess.Popen[str]
) -> None:
    with httpx2.Client(base_url=f"http://127.0.0.1:{environment['KINDLING_PORT']}", timeout=20) as client:
        await eventually(lambda: answers(client))
        sent = client.post("/v1/events", json=[{"type": "x", "contact": "ada"}] * 3)
        assert (sent.status_code, sent.json()["accepted"]) == (202, 3)
        document = {"rules": [{"key": "x", "on": "x", "points": 1}]}
        assert client.put("/v1/profiles/p", json=document).status_code == 201
        assert client.post("/v1/profiles/p/publish").status_code == 202
        status = client.get("/v1/status").json()
        assert (status["temporal"], status["pending_events"], status["publishing"]) == ("down", 4, 1)

        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=20)
        assert process.returncode == 0, log
        assert "Traceback" not in log

        again = start(environment)
        try:
            await eventually(lambda: answers(client))
            assert client.get("/v1/status").json()["pending_events"] == 4
        finally:
            again.terminate()
            again.communicate(timeout=20)


def test_a_port_in_use_is_a_clear_error(environment: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", int(environment["KINDLING_PORT"]))):
        refused = start(environment)
        _, log = refused.communicate(timeout=30)
    assert refused.returncode == 1
    assert f"Port {environment['KINDLING_PORT']} for the API is in use" in log
    assert "Set KINDLING_PORT to another port" in log.replace("set KINDLING_PORT", "Set KINDLING_PORT")
    assert "Traceback" not in log


def test_a_database_that_is_not_there_is_a_clear_error(environment: dict[str, str]) -> None:
    refused = start(environment | {"DATABASE_URL": f"postgresql://u:secret@127.0.0.1:{free_port()}/kindling"})
    _, log = refused.communicate(timeout=30)
    assert refused.returncode == 1
    assert "the database postgresql+psycopg://u:***@127.0.0.1" in log
    assert "cannot be reached" in log
    assert "secret" not in log
    assert "Traceback" not in log
