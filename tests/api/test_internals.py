"""Errors that nobody thought of tell nothing of the inside."""

import httpx2
import pytest
import structlog
from structlog.testing import capture_logs

from tests.api.access.principals import key_of
from tests.api.installation import BASE, Installation


async def test_an_unexpected_error_is_told_without_anything_of_it(
    kindling: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("the password of /etc/kindling is sesame")

    monkeypatch.setattr(kindling.application.contacts, "get", fails)
    transport = httpx2.ASGITransport(app=kindling.app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url=BASE) as client:
        answer = await client.get("/v1/contacts/ada")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"] == "something went wrong here; the log of the API says what"
    assert "sesame" not in answer.text
    assert "RuntimeError" not in answer.text
    for name in ("cache-control", "x-content-type-options"):
        assert name in answer.headers


async def test_every_answer_says_that_nobody_may_keep_frame_or_guess_it(kindling: Installation) -> None:
    calls = ("/v1/contacts", "/v1/contacts/nobody", "/v1/nothing", "/healthz", "/metrics", "/openapi.json")
    for path in calls:
        headers = (await kindling.client.get(path)).headers
        assert headers["cache-control"] == "no-store", path
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["referrer-policy"] == "no-referrer", path
        assert "frame-ancestors 'none'" in headers["content-security-policy"], path
        assert "object-src 'none'; base-uri 'none'" in headers["content-security-policy"], path
        assert headers["cross-origin-opener-policy"] == "same-origin", path
        assert "strict-transport-security" not in headers, path
    async with kindling.client_for("https://127.0.0.1:8000") as client:
        told = (await client.get("/v1/contacts")).headers["strict-transport-security"]
    assert told == "max-age=31536000"


async def test_who_lacks_a_permission_is_logged(kindling: Installation) -> None:
    sender = key_of(kindling, "ingest")
    structlog.reset_defaults()
    with capture_logs() as lines:
        await kindling.client.get("/v1/contacts/ada@example.com", headers=sender)
    [line] = [line for line in lines if line["event"] == "permission missing"]
    assert (line["kind"], line["permission"], line["address"]) == ("key", "read", "127.0.0.1")
    assert "ada" not in str(line)
