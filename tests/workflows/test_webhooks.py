"""Webhooks on the real engine: signed, repeated with one id, guarded, and read by later steps."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import pytest_asyncio
from temporalio.client import WorkflowExecutionStatus
from temporalio.testing import WorkflowEnvironment

from runtime.settings import Settings
from services.follow_ups import FollowUps
from services.repairs import Repairs
from services.resources import Resources
from services.signing import signing_secrets
from tests.workflows.conftest import Town, town_of
from tests.workflows.webhook_server import Hooks, Received, webhook_server

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.stack]

HOT = {"profile": "p", "filters": {"score": {"greater_or_equal": 5}}, "fires": "on_entry"}
SECRET = "s3cr3t-never-to-be-seen"
ODD = 'p"a\\ss & w/o %41?'


@pytest.fixture
def hooks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hooks]:
    secrets = tmp_path / "secrets"
    secrets.write_text(f"# for the CRM\ncrm={SECRET}\nodd={ODD}\n")
    monkeypatch.setenv("KINDLING_SECRETS_FILE", str(secrets))
    monkeypatch.setenv("KINDLING_WEBHOOK_ALLOW", "127.0.0.1")
    with webhook_server() as server:
        yield server


@pytest_asyncio.fixture(loop_scope="session")
async def town(
    hooks: Hooks, temporal: WorkflowEnvironment, settings: Settings, sqlite_url: str
) -> AsyncIterator[Town]:
    async with town_of(temporal, settings, sqlite_url) as found:
        yield found


@pytest.fixture
def resources(town: Town, settings: Settings) -> Resources:
    return Resources(settings, town.world.database, lambda: town.world.now, town.wakes, 4)


def begin(town: Town, *steps: dict[str, Any], **contact: Any) -> None:
    """Ada crosses the threshold."""
    town.world.publish({"on": "e", "points": 7})
    town.world.automate(HOT, "hot", steps=list(steps))
    town.world.send("hello")
    town.world.change(name="Ada Lovelace", **contact)
    town.world.send()
    town.wake()


def step(hooks: Hooks, **webhook: Any) -> dict[str, Any]:
    return {"key": "crm", "webhook": {"url": f"{hooks.url}/in", **webhook}}


async def done(town: Town, status: str = "completed") -> None:
    await town.until(lambda: town.status() == [status])


def verified(received: Received, secret: str) -> bool:
    """As the receiver would: the scheme's own recipe."""
    signed = b".".join(
        (
            received.headers["webhook-id"].encode(),
            received.headers["webhook-timestamp"].encode(),
            received.body,
        )
    )
    digest = hmac.new(base64.b64decode(secret.removeprefix("whsec_")), signed, hashlib.sha256).digest()
    return received.headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"


async def test_it_is_signed_and_its_answer_serves_later_steps(
    town: Town, hooks: Hooks, resources: Resources
) -> None:
    hooks.answer(201, {"id": 812, "known": True, "tags": ["vip"]})
    body = {"score": "{{ score.now }}", "who": "{{ contact.label }}", "tags": "{{ contact.tags }}"}
    begin(
        town,
        step(hooks, headers={"X-Kind": "hot"}, body={**body, "phone": "{{ contact.phone }}"}),
        {
            "if": {"steps.crm.status": {"equal": 201}, "steps.crm.body.tags": {"has": "vip"}},
            "then": [{"create_task": {"title": "Number {{ steps.crm.body.id }}"}}],
        },
        tags=["a", "b"],
    )
    await done(town)
    [received] = hooks.received
    assert received.json == {"score": 7, "who": "Ada Lovelace", "tags": ["a", "b"], "phone": None}
    assert (received.method, received.path, received.headers["x-kind"]) == ("POST", "/in", "hot")
    assert verified(received, signing_secrets(resources)[0])
    assert town.world.query("SELECT title FROM tasks") == [("Number 812",)]
    [shown] = FollowUps(resources).webhooks(limit=10)["items"]
    assert (shown["status"], shown["response_status"], shown["id"]) == (
        "delivered",
        201,
        received.headers["webhook-id"],
    )
    assert shown["response"]["id"] == 812


async def test_every_try_has_the_same_id_and_body_and_the_next_is_announced(
    town: Town, hooks: Hooks, resources: Resources
) -> None:
    hooks.answer(503)
    hooks.answer(429, None, Retry_After="1")
    begin(town, step(hooks))
    await town.until(lambda: len(hooks.received) == 1)

    def enrollment() -> dict[str, Any]:
        found: dict[str, Any] = FollowUps(resources).enrollments(limit=10)["items"][0]
        return found

    await town.until(lambda: enrollment()["tries"] == 1)
    shown = enrollment()
    assert shown["last_error"] == "the webhook's host answered 503 Service Unavailable"
    assert shown["next_attempt_at"] is not None
    await done(town)
    assert len({(received.headers["webhook-id"], received.body) for received in hooks.received}) == 1
    assert len(hooks.received) == 3
    shown = enrollment()
    assert (shown["tries"], shown["last_error"], shown["next_attempt_at"]) == (0, None, None)
    standard = hooks.received[0].json
    assert standard["data"]["contact"]["name"] == "Ada Lovelace"
    assert standard["data"]["score"] == {"previous": None, "current": 7, "now": 7, "change": 7}


async def test_a_refusal_ends_it_and_a_retry_sends_the_same_again(
    town: Town, hooks: Hooks, resources: Resources
) -> None:
    hooks.answer(422, {"error": "no"})
    begin(town, step(hooks), {"add_tag": "told"})
    await done(town, "failed")
    [(error,)] = town.world.query("SELECT last_error FROM enrollments")
    assert error == "call 127.0.0.1: the webhook's host answered 422 Unprocessable Content" or "422" in error
    [enrollment] = town.ids()
    Repairs(resources).retry(enrollment)
    await done(town)
    assert len({received.headers["webhook-id"] for received in hooks.received}) == 1
    assert town.world.query("SELECT tags FROM contacts") == [('["told"]',)]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((302, {"location": "/elsewhere"}), "redirect (302), which is not followed"),
        ((308, {"location": "/elsewhere"}), "redirect (308), which is not followed"),
    ],
)
async def test_redirects_are_refused(
    town: Town, hooks: Hooks, answer: tuple[int, dict[str, str]], reason: str
) -> None:
    hooks.answers.append((*answer, b""))
    begin(town, {**step(hooks), "on_failure": "continue"}, {"add_tag": "went on"})
    await done(town)
    assert len(hooks.received) == 1
    [(status, why)] = town.world.query("SELECT status, reason FROM webhooks")
    assert status == "failed"
    assert reason in why
    assert town.world.query("SELECT tags FROM contacts") == [('["went on"]',)]


async def test_a_private_address_is_refused_and_nothing_leaves(town: Town, hooks: Hooks) -> None:
    begin(town, {"webhook": {"url": hooks.url.replace("127.0.0.1", "127.0.0.2")}})
    await done(town, "failed")
    [(error,)] = town.world.query("SELECT last_error FROM enrollments")
    assert "private address; name it in KINDLING_WEBHOOK_ALLOW" in error
    assert hooks.received == []


async def test_secrets_reach_the_other_side_and_nobody_else(
    town: Town, hooks: Hooks, resources: Resources, capfd: pytest.CaptureFixture[str]
) -> None:
    hooks.answer(500)
    name = "[secret crm of x] {{ secret.crm }}"
    url = f"{hooks.url}/in?key={{{{ secret.crm }}}}"
    headers = {"Authorization": "Bearer {{ secret.crm }}"}
    begin(town, {"webhook": {"url": url, "headers": headers, "body": {"name": "{{ contact.name }}"}}})
    town.world.change(name=name)
    await done(town)
    assert {received.headers["authorization"] for received in hooks.received} == {f"Bearer {SECRET}"}
    assert hooks.received[0].path == f"/in?key={SECRET}"
    assert SECRET.encode() not in hooks.received[0].body
    shown = json.dumps(FollowUps(resources).webhooks(limit=10))
    stored = str(town.world.query("SELECT * FROM webhooks"))
    [enrollment] = town.ids()
    history = (await town.follow_up(enrollment).fetch_history()).to_json()
    captured = capfd.readouterr()
    for text in (shown, stored, history, captured.out, captured.err):
        assert SECRET not in text
    assert '"Authorization": "Bearer [secret crm]"' in shown


async def test_an_unknown_secret_is_named(town: Town, hooks: Hooks) -> None:
    begin(town, step(hooks, headers={"Authorization": "{{ secret.other }}"}))
    await done(town, "failed")
    [(error,)] = town.world.query("SELECT last_error FROM enrollments")
    assert 'there is no secret "other"; add it to KINDLING_SECRETS_FILE' in error
    assert hooks.received == []


async def test_skipping_ends_the_tries_of_a_webhook(town: Town, hooks: Hooks, resources: Resources) -> None:
    hooks.answer(429, None, Retry_After="3600")
    begin(town, step(hooks), {"add_tag": "went on"})
    await town.until(lambda: town.world.query("SELECT tries FROM enrollments") == [(1,)])
    [enrollment] = town.ids()
    Repairs(resources).skip(enrollment)
    await done(town)
    assert len(hooks.received) == 1
    assert town.world.query("SELECT status, reason FROM webhooks") == [("skipped", "skipped by hand")]
    assert town.world.query("SELECT tags FROM contacts") == [('["went on"]',)]


async def test_a_pause_between_tries_holds_and_a_resume_tries_at_once(
    town: Town, hooks: Hooks, resources: Resources
) -> None:
    hooks.answer(429, None, Retry_After="3600")
    begin(town, step(hooks))
    await town.until(lambda: town.world.query("SELECT tries FROM enrollments") == [(1,)])
    [enrollment] = town.ids()
    repairs = Repairs(resources)
    assert repairs.pause(enrollment)["paused"] is True
    assert repairs.resume(enrollment)["paused"] is False
    await done(town)
    assert len(hooks.received) == 2
    assert len({received.headers["webhook-id"] for received in hooks.received}) == 1


async def test_nothing_leaves_while_outbound_is_log(
    hooks: Hooks,
    temporal: WorkflowEnvironment,
    settings: Settings,
    sqlite_url: str,
) -> None:
    quiet = settings.model_copy(update={"outbound": "log"})
    async with town_of(temporal, quiet, sqlite_url) as town:
        begin(town, step(hooks, body={"a": 1}), {"add_tag": "went on"})
        await done(town)
        found = town.world.query("SELECT status, reason, body FROM webhooks")
        assert found == [("recorded", "nothing leaves while KINDLING_OUTBOUND is log", '{"a": 1}')]
    assert hooks.received == []


async def test_a_retry_leaves_alone_what_failed_before_and_was_passed_over(
    town: Town, hooks: Hooks, resources: Resources
) -> None:
    hooks.answer(400)
    hooks.answer(404)
    first = {"webhook": {"url": f"{hooks.url}/first"}, "on_failure": "continue"}
    begin(town, first, {"add_tag": "x"}, {"webhook": {"url": f"{hooks.url}/second"}})
    await done(town, "failed")
    [enrollment] = town.ids()
    Repairs(resources).retry(enrollment)
    await done(town)
    assert [received.path for received in hooks.received] == ["/first", "/second", "/second"]
    assert hooks.received[1].headers["webhook-id"] == hooks.received[2].headers["webhook-id"]


async def test_a_call_under_way_comes_to_its_end_whatever_happens_meanwhile(
    town: Town, hooks: Hooks, resources: Resources
) -> None:
    """Skipped while it was answered with a refusal: the follow-up goes on, and the answer changes nothing."""
    hooks.gate.clear()
    hooks.answer(400)
    begin(town, step(hooks), {"wait": "30d"}, {"add_tag": "end"})
    await town.until(lambda: len(hooks.received) == 1)
    [enrollment] = town.ids()
    repairs = Repairs(resources)
    repairs.skip(enrollment)
    await town.until(lambda: town.world.query("SELECT waking FROM enrollments") == [(0,)])
    hooks.gate.set()
    await town.until(lambda: "1" in town.outcomes())
    assert town.world.query("SELECT status, reason FROM webhooks") == [("skipped", "skipped by hand")]
    assert town.world.query("SELECT tries, last_error FROM enrollments") == [(0, None)]
    assert len(hooks.received) == 1


async def test_a_pause_and_a_resume_during_a_call_do_not_send_it_twice(
    town: Town, hooks: Hooks, resources: Resources
) -> None:
    hooks.gate.clear()
    begin(town, step(hooks))
    await town.until(lambda: len(hooks.received) == 1)
    [enrollment] = town.ids()
    repairs = Repairs(resources)
    repairs.pause(enrollment)
    repairs.resume(enrollment)
    await town.until(lambda: town.world.query("SELECT waking FROM enrollments") == [(0,)])
    hooks.gate.set()
    await done(town)
    assert len(hooks.received) == 1


async def test_a_cancelled_one_keeps_its_reason_whatever_a_call_under_way_comes_to(
    town: Town, hooks: Hooks, resources: Resources
) -> None:
    hooks.gate.clear()
    hooks.answer(503)
    begin(town, step(hooks))
    await town.until(lambda: len(hooks.received) == 1)
    [enrollment] = town.ids()
    Repairs(resources).cancel(enrollment)
    await town.until(lambda: town.world.query("SELECT closing FROM enrollments") == [(0,)])
    hooks.gate.set()
    await town.until(lambda: hooks.answered == 1)
    shown = "SELECT status, last_error, tries, next_attempt_at FROM enrollments"

    async def closed() -> bool:
        return (await town.follow_up(enrollment).describe()).status is WorkflowExecutionStatus.CANCELED

    await town.until(closed)
    assert town.world.query(shown) == [("cancelled", "cancelled by hand", 0, None)]


async def test_secrets_are_put_in_whole(town: Town, hooks: Hooks, tmp_path: Path) -> None:
    """Quotes and backslashes in a body, spaces and signs in an address."""
    webhook = {
        "url": f"{hooks.url}/in?k={{{{ secret.odd | urlencode }}}}",
        "headers": {"X-Key": "key {{ secret.odd }}"},
        "body": {"pw": "{{ secret.odd }}", "list": ["a {{ secret.odd }} b"]},
    }
    begin(town, {"webhook": webhook})
    await done(town)
    [received] = hooks.received
    assert received.json == {"pw": ODD, "list": [f"a {ODD} b"]}
    assert received.path == f"/in?k={quote(ODD, safe='')}"
    assert received.headers["x-key"] == f"key {ODD}"


async def test_what_was_pending_is_only_recorded_once_nothing_leaves(
    hooks: Hooks, temporal: WorkflowEnvironment, settings: Settings, sqlite_url: str
) -> None:
    """A copy of an installation that is looked at with KINDLING_OUTBOUND=log."""
    hooks.answer(429, None, Retry_After="1")
    async with town_of(temporal, settings, sqlite_url) as town:
        begin(town, step(hooks))
        await town.until(lambda: town.world.query("SELECT tries FROM enrollments") == [(1,)])
    quiet = settings.model_copy(update={"outbound": "log"})
    async with town_of(temporal, quiet, sqlite_url) as town:
        await done(town)
        assert town.world.query("SELECT status, reason FROM webhooks") == [
            ("recorded", "nothing leaves while KINDLING_OUTBOUND is log")
        ]
    assert len(hooks.received) == 1


async def test_a_try_under_way_that_fails_is_tried_again_though_news_came_meanwhile(
    town: Town, hooks: Hooks, resources: Resources
) -> None:
    hooks.gate.clear()
    hooks.answer(503)
    begin(town, step(hooks), {"add_tag": "told"})
    await town.until(lambda: len(hooks.received) == 1)
    [enrollment] = town.ids()
    repairs = Repairs(resources)
    repairs.pause(enrollment)
    repairs.resume(enrollment)
    await town.until(lambda: town.world.query("SELECT waking FROM enrollments") == [(0,)])
    hooks.gate.set()
    await done(town)
    assert len(hooks.received) == 2
    assert len({received.headers["webhook-id"] for received in hooks.received}) == 1


async def test_a_cancel_in_temporal_counts_though_news_came_during_a_call(
    town: Town, hooks: Hooks, resources: Resources
) -> None:
    hooks.gate.clear()
    begin(town, step(hooks), {"add_tag": "never"})
    await town.until(lambda: len(hooks.received) == 1)
    [enrollment] = town.ids()
    repairs = Repairs(resources)
    repairs.pause(enrollment)
    repairs.resume(enrollment)
    await town.until(lambda: town.world.query("SELECT waking FROM enrollments") == [(0,)])
    await town.follow_up(enrollment).cancel()
    hooks.gate.set()
    await done(town, "cancelled")
    assert town.world.query("SELECT tags FROM contacts") == [("[]",)]


async def test_a_message_is_skipped_while_paused(town: Town, hooks: Hooks, resources: Resources) -> None:
    hooks.answer(429, None, Retry_After="3600")
    begin(town, step(hooks), {"add_tag": "next"})
    await town.until(lambda: town.world.query("SELECT tries FROM enrollments") == [(1,)])
    [enrollment] = town.ids()
    repairs = Repairs(resources)
    repairs.pause(enrollment)
    repairs.skip(enrollment)
    await town.until(lambda: town.world.query("SELECT step FROM enrollments") == [("1",)])
    repairs.resume(enrollment)
    await done(town)
    assert len(hooks.received) == 1
