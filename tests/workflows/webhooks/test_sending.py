"""Webhooks on the real engine: signed, repeated with one id, guarded, and read by later steps."""

import base64
import hashlib
import hmac
import json
from pathlib import Path
from urllib.parse import quote

import pytest
from temporalio.testing import WorkflowEnvironment

from runtime.settings import Settings
from services.follow_ups.answers import Enrollment
from services.follow_ups.listing import FollowUps
from services.operations.signing import signing_secrets
from services.resources import Resources
from tests.workflows.conftest import Town, town_of
from tests.workflows.webhook_server import Hooks, Received
from tests.workflows.webhooks.conftest import ODD, SECRET, begin, done, step

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.stack]


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
    assert received.headers["kindling-chain"] == "1"
    assert verified(received, signing_secrets(resources)[0])
    assert town.world.query("SELECT title FROM tasks") == [("Number 812",)]
    [shown] = FollowUps(resources).webhooks(limit=10).items
    assert (shown.status, shown.response_status, shown.id) == (
        "delivered",
        201,
        received.headers["webhook-id"],
    )
    assert shown.response["id"] == 812


async def test_every_try_has_the_same_id_and_body_and_the_next_is_announced(
    town: Town, hooks: Hooks, resources: Resources
) -> None:
    hooks.answer(503)
    hooks.answer(429, None, Retry_After="1")
    begin(town, step(hooks))
    await town.until(lambda: len(hooks.received) == 1)

    def enrollment() -> Enrollment:
        return FollowUps(resources).enrollments(limit=10).items[0]

    await town.until(lambda: enrollment().tries == 1)
    shown = enrollment()
    assert shown.last_error == "the webhook's host answered 503 Service Unavailable"
    assert shown.next_attempt_at is not None
    await done(town)
    assert len({(received.headers["webhook-id"], received.body) for received in hooks.received}) == 1
    assert len(hooks.received) == 3
    shown = enrollment()
    assert (shown.tries, shown.last_error, shown.next_attempt_at) == (0, None, None)
    standard = hooks.received[0].json
    assert standard["data"]["contact"]["name"] == "Ada Lovelace"
    assert standard["data"]["score"] == {"previous": None, "current": 7, "now": 7, "change": 7}


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
    shown = json.dumps(FollowUps(resources).webhooks(limit=10).model_dump(mode="json"))
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
        webhooks = town.world.query("SELECT status, reason, body FROM webhooks")
        assert webhooks == [("recorded", "nothing leaves while KINDLING_OUTBOUND is log", '{"a": 1}')]
    assert hooks.received == []


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


@pytest.mark.parametrize(
    "value",
    [
        "{{ contact.note | float }}",
        "{{ [contact.note.strip] }}",
        "{{ '\\ud800' }}",
        "{{ {(1, 2): 3} }}",
        "{{ [score['n' ~ 'o']] }}",
    ],
)
async def test_a_body_that_json_cannot_hold_fails_the_step_for_good(
    town: Town, hooks: Hooks, value: str
) -> None:
    begin(town, {"webhook": {"url": hooks.url, "body": {"x": value}}}, fields={"note": "inf"})
    await done(town, "failed")
    [(error,)] = town.world.query("SELECT last_error FROM enrollments")
    assert "JSON" in error or "template failed" in error
    assert hooks.received == []
