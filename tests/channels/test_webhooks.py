"""What a webhook's answers and failures come to, against a real server."""

from collections.abc import Iterator

import pytest

from automations.hosts import Allowed
from channels.delivery import DeliveryFailed
from channels.signing import new_secret
from channels.webhooks import Call, Caller
from runtime.setting_values import signing_key
from tests.workflows.webhook_server import Hooks, webhook_server

pytestmark = pytest.mark.asyncio


@pytest.fixture
def hooks() -> Iterator[Hooks]:
    with webhook_server() as server:
        yield server


def caller(redirects: int = 0) -> Caller:
    return Caller([signing_key(new_secret())], Allowed(["127.0.0.1"]), redirects)


def call(url: str, method: str = "POST", body: bytes = b"{}") -> Call:
    return Call("msg_1", method, url, {}, body, 1_700_000_000)


@pytest.mark.parametrize(
    ("answer", "content_type", "body"),
    [
        (b'{"a": 1}', "application/json", {"a": 1}),
        (b"", "application/json", None),
        (b"ok", "text/plain; charset=utf-8", "ok"),
        (b"\xff\xfe", "text/plain", None),
        (b'{"a": 1e999, "b": "x\\u0000y", "c": NaN}', "application/json", {"a": None, "b": "xy", "c": None}),
        (b'{"a": "\\ud800"}', "application/json", {"a": "?"}),
        (b"[" * 10_000, "application/json", None),
        (b'{"a":' * 300 + b"1" + b"}" * 300, "application/json", None),
        (b"x" * 70_000, "text/plain", None),
    ],
)
async def test_answers_are_kept_as_far_as_they_can_be_used(
    hooks: Hooks, answer: bytes, content_type: str, body: object
) -> None:
    hooks.answer(200, answer, content_type=content_type)
    assert (await caller().call(call(hooks.url))).body == body


@pytest.mark.parametrize(
    ("status", "headers", "permanent", "wait"),
    [
        (400, {}, True, None),
        (404, {}, True, None),
        (410, {}, True, None),
        (408, {}, False, None),
        (429, {"Retry_After": "7"}, False, 7.0),
        (503, {"Retry_After": "Tue, 14 Nov 2023 22:13:50 GMT"}, False, 30.0),
        (503, {"Retry_After": "999999"}, False, 3_600.0),
        (503, {"Retry_After": "soon"}, False, None),
        (500, {}, False, None),
    ],
)
async def test_which_failures_are_tried_again_and_when(
    hooks: Hooks, status: int, headers: dict[str, str], permanent: bool, wait: float | None
) -> None:
    hooks.answer(status, None, **headers)
    with pytest.raises(DeliveryFailed) as caught:
        await caller().call(call(hooks.url))
    assert (caught.value.permanent, caught.value.retry_after) == (permanent, wait)


async def test_redirects_are_followed_where_allowed_with_method_and_body(hooks: Hooks) -> None:
    hooks.answer(308, None, location="/there")
    await caller(redirects=1).call(call(hooks.url, "PUT", b'{"a": 1}'))
    assert [(received.method, received.path, received.body) for received in hooks.received] == [
        ("PUT", "/", b'{"a": 1}'),
        ("PUT", "/there", b'{"a": 1}'),
    ]


@pytest.mark.parametrize("location", ["http://10.0.0.1/", "http://localhost.example/", "ftp://x/", ""])
async def test_redirects_never_lead_to_another_host(hooks: Hooks, location: str) -> None:
    for _ in range(3):
        hooks.answer(308, None, location=location)
    with pytest.raises(DeliveryFailed) as caught:
        await caller(redirects=2).call(call(hooks.url))
    assert caught.value.permanent


@pytest.mark.parametrize(
    ("url", "permanent"),
    [
        ("http://127.0.0.1:1/", False),
        ("http://user:secret@127.0.0.1/", True),
        ("gopher://127.0.0.1/", True),
        ("http:///path", True),
        ("http://[::1/", True),
        ("http://2130706434/", True),
        ("http://0x7f.0.0.2/", True),
        ("http://does-not-exist.invalid/", False),
    ],
)
async def test_addresses_that_cannot_be_called(url: str, permanent: bool) -> None:
    with pytest.raises(DeliveryFailed) as caught:
        await caller().call(call(url))
    assert caught.value.permanent is permanent
    assert "secret" not in caught.value.reason
    assert "127.0.0" not in caught.value.reason


async def test_redirects_never_lead_to_another_port(hooks: Hooks) -> None:
    with webhook_server() as other:
        hooks.answer(307, None, location=other.url)
        with pytest.raises(DeliveryFailed, match="another host, port or scheme"):
            await caller(redirects=2).call(call(hooks.url))
        assert other.received == []


async def test_what_is_no_redirect_is_not_called_one(hooks: Hooks) -> None:
    hooks.answer(304, b"")
    with pytest.raises(DeliveryFailed, match="answered 304 Not Modified") as caught:
        await caller().call(call(hooks.url))
    assert caught.value.permanent


async def test_what_templates_put_into_an_address_is_encoded(hooks: Hooks) -> None:
    await caller().call(call(f"{hooks.url}/a b?name=Zoë&x=1#part", "GET", b""))
    assert hooks.received[0].path == "/a%20b?name=Zo%C3%AB&x=1"
    assert "content-type" not in hooks.received[0].headers
