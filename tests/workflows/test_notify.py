"""Notifications that go out by e-mail, through a real SMTP server."""

from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import Any

import pytest
import pytest_asyncio
from temporalio.testing import WorkflowEnvironment

from runtime.clock import now_micros
from runtime.settings import Settings
from services.follow_ups.listing import FollowUps
from services.resources import Resources
from store.design import definitions
from tests.workflows.conftest import Town, town_of
from tests.workflows.mail_server import Mailbox, mail_server

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.stack]

RULE = {"on": "e", "points": 7}


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    with mail_server() as (url, box):
        monkeypatch.setenv("KINDLING_SMTP_URL", url)
        monkeypatch.setenv("KINDLING_MAIL_FROM", "Kindling <kindling@example.com>")
        yield box


@pytest_asyncio.fixture(loop_scope="session")
async def town(
    mailbox: Mailbox, temporal: WorkflowEnvironment, settings: Settings, sqlite_url: str
) -> AsyncIterator[Town]:
    async with town_of(temporal, settings, sqlite_url) as opened:
        yield opened


def begin(town: Town, to: Any, *more: dict[str, Any], on_failure: str = "stop", **contact: Any) -> None:
    """Sales is a recipient with one address; Ada crosses the threshold."""
    town.world.publish(RULE)
    notify = {"to": to, "subject": "Hot:\n{{ contact.label }}", "message": "Score {{ score.current }}"}
    steps = [{"notify": notify, "on_failure": on_failure}, *more]
    town.world.automate({"profile": "p", "filters": {"score": {"greater": 5}}}, "hot", steps=steps)
    town.world.database.run(
        lambda connection: definitions.save_recipient(
            connection, "sales", "Sales", ["mailto:sales@example.com", "mailto:boss@example.com"]
        )
    )
    town.world.send("hello")
    town.world.change(name="Ada Lovelace", **contact)
    town.world.send()
    town.wake()


async def ended(town: Town, status: str = "completed") -> list[tuple[Any, ...]]:
    """What the notifications say once the follow-up has ended."""
    await town.until(lambda: town.status() == [status])
    return town.world.query("SELECT recipient, status, reason FROM notifications")


async def test_every_address_of_a_recipient_gets_the_message(town: Town, mailbox: Mailbox) -> None:
    begin(town, "sales")
    assert await ended(town) == [("sales", "sent", None)]
    assert sorted(str(mail["To"]) for mail in mailbox.accepted) == ["boss@example.com", "sales@example.com"]
    mail = mailbox.accepted[0]
    assert mail["Subject"] == "Hot: Ada Lovelace"
    assert mail["From"] == "Kindling <kindling@example.com>"
    assert str(mail.get_payload()).strip() == "Score 7"


async def test_a_busy_server_is_tried_again_with_the_same_message_id(town: Town, mailbox: Mailbox) -> None:
    mailbox.answers = ["451 try later", "451 try later"]
    begin(town, "ben@example.com", {"add_tag": "told"})
    assert await ended(town) == [("ben@example.com", "sent", None)]
    assert len(mailbox.tries) == 3
    assert len(set(mailbox.tries)) == 1
    assert town.world.query("SELECT tags FROM contacts") == [('["told"]',)]


async def test_a_retry_leaves_alone_those_who_have_it(town: Town, mailbox: Mailbox) -> None:
    mailbox.answers = ["250 OK", "451 try later"]
    begin(town, "sales")
    assert await ended(town) == [("sales", "sent", None)]
    assert len(mailbox.tries) == 3
    assert len(set(mailbox.tries)) == 2


async def test_a_refusal_for_good_fails_the_step_without_telling_temporal_the_address(
    town: Town, mailbox: Mailbox
) -> None:
    mailbox.answers = ["550 no such user ben@example.com"]
    begin(town, "ben@example.com", {"add_tag": "never"})
    reason = "the mail server answered with code 550"
    assert await ended(town, "failed") == [("ben@example.com", "failed", reason)]
    [(error,)] = town.world.query("SELECT last_error FROM enrollments")
    assert reason in error
    history = await town.follow_up(town.ids()[0]).fetch_history()
    assert "ben@example.com" not in history.to_json()


async def test_a_refusal_with_on_failure_continue_goes_on(town: Town, mailbox: Mailbox) -> None:
    mailbox.answers = ["550 no such user"]
    begin(town, "ben@example.com", {"add_tag": "on"}, on_failure="continue")
    await ended(town)
    assert town.world.query("SELECT tags FROM contacts") == [('["on"]',)]


@pytest.mark.parametrize("on_failure", ["stop", "continue"])
async def test_cancelling_while_a_message_is_tried_again_cancels_everything(
    town: Town, mailbox: Mailbox, on_failure: str
) -> None:
    mailbox.answers = ["451 try later"] * 50
    begin(town, "ben@example.com", {"add_tag": "never"}, on_failure=on_failure)
    await town.until(lambda: len(mailbox.tries) > 0)
    await town.follow_up(town.ids()[0]).cancel()
    assert await ended(town, "cancelled") == [
        ("ben@example.com", "failed", "the follow-up ended before it was sent (cancelled)")
    ]
    assert town.world.query("SELECT tags FROM contacts") == [("[]",)]


@pytest.mark.parametrize(
    ("to", "contact", "expected"),
    [
        ("contact", {"email": "ada@example.com"}, ("contact", "sent", None)),
        (
            "contact",
            {"email": "ada@example.com", "dnd": ["email"]},
            ("contact", "withheld", "the contact does not want e-mail (dnd)"),
        ),
        ("contact", {}, ("contact", "recorded", "contact: empty for this contact")),
        (["owner", "sales"], {}, ("sales", "sent", None)),
        (["owner", "sales"], {"owner": "ben@example.com"}, ("ben@example.com", "sent", None)),
        ("owner", {"owner": "ben"}, ("ben", "recorded", 'no recipient "ben" with a channel is defined')),
        (
            "nobody-defined",
            {},
            ("nobody-defined", "recorded", 'no recipient "nobody-defined" with a channel is defined'),
        ),
    ],
)
async def test_whom_a_notification_reaches(
    town: Town, mailbox: Mailbox, to: Any, contact: dict[str, Any], expected: tuple[str, str, str | None]
) -> None:
    begin(town, to, **contact)
    assert await ended(town) == [expected]


@pytest.mark.parametrize(
    ("to", "contact", "status", "reason", "reached"),
    [
        (
            ["contact", "owner", "sales"],
            {"email": "not an address", "owner": "ben@example.com"},
            "sent",
            "passed over: contact.email is not an e-mail address",
            ["ben@example.com"],
        ),
        (
            ["contact", "owner", "sales"],
            {"email": "a@x, b@x", "owner": "c@x; d@x"},
            "sent",
            "passed over: contact.email holds more than one address; contact.owner holds more than one address",
            ["sales@example.com", "boss@example.com"],
        ),
        (
            ["old", "sales"],
            {},
            "sent",
            'passed over: a channel of "old" holds more than one address',
            ["sales@example.com", "boss@example.com"],
        ),
        (
            ["half", "sales"],
            {},
            "sent",
            'passed over: a channel of "half" is not an e-mail address',
            ["ben@example.com"],
        ),
        (
            ["contact", "owner"],
            {"email": "a@x, b@x"},
            "recorded",
            "contact.email holds more than one address; owner: empty for this contact",
            [],
        ),
        ("contact", {"email": "not an address"}, "recorded", "contact.email is not an e-mail address", []),
        ("a@x, b@x", {}, "recorded", '"a@x, b@x" holds more than one address', []),
        (
            ["contact", "sales"],
            {"email": "Ada <ada@bücher.example>"},
            "sent",
            None,
            ["Ada <ada@xn--bcher-kva.example>"],
        ),
    ],
)
async def test_an_address_that_is_none_is_passed_over_and_said(
    town: Town,
    mailbox: Mailbox,
    settings: Settings,
    to: Any,
    contact: dict[str, Any],
    status: str,
    reason: str | None,
    reached: list[str],
) -> None:
    for key, channels in {"old": ["mailto:a@x,b@x"], "half": ["mailto:@", "mailto:ben@example.com"]}.items():
        town.world.database.run(partial(definitions.save_recipient, key=key, name=key, channels=channels))
    begin(town, to, **contact)
    await town.until(lambda: town.status() == ["completed"])
    resources = Resources(settings, town.world.database, now_micros, town.wakes, shards=4)
    [shown] = FollowUps(resources).notifications(limit=10).items
    assert (shown.status, shown.reason) == (status, reason)
    assert [str(mail["To"]) for mail in mailbox.accepted] == reached


async def test_nobodys_inbox_is_flooded(
    mailbox: Mailbox, temporal: WorkflowEnvironment, settings: Settings, sqlite_url: str
) -> None:
    """Five contacts at once, at most three alerts an hour: two are only recorded; contacts get theirs all the same."""
    few = settings.model_copy(update={"alerts_per_hour": 3})
    async with town_of(temporal, few, sqlite_url) as town:
        town.world.publish(RULE)
        steps = [
            {"notify": {"to": "boss@example.com", "message": "hot"}},
            {"notify": {"to": "contact", "message": "hello"}},
        ]
        town.world.automate({"profile": "p", "filters": {"score": {"greater": 5}}}, "hot", steps=steps)
        for number in range(5):
            town.world.send("hello", f"c{number}")
            town.world.change(f"c{number}", email=f"c{number}@example.com")
            town.world.send("e", f"c{number}")
        town.wake()
        await town.until(lambda: town.status() == ["completed"] * 5)
        counted = (
            "SELECT recipient, status, count(*) FROM notifications GROUP BY recipient, status ORDER BY 1, 2"
        )
        assert town.world.query(counted) == [
            ("boss@example.com", "recorded", 2),
            ("boss@example.com", "sent", 3),
            ("contact", "sent", 5),
        ]
        reasons = town.world.query("SELECT DISTINCT reason FROM notifications WHERE status = 'recorded'")
        assert reasons == [("this recipient got 3 e-mails within an hour; more are only recorded",)]


async def test_what_was_held_back_is_told_in_one_message_when_the_hour_is_over(
    mailbox: Mailbox, temporal: WorkflowEnvironment, settings: Settings, sqlite_url: str
) -> None:
    """Erasing those whom messages were about changes neither the limit nor the count."""
    few = settings.model_copy(update={"alerts_per_hour": 2})
    async with town_of(temporal, few, sqlite_url) as town:
        town.world.publish(RULE)
        steps = [
            {"notify": {"to": "boss@example.com", "subject": "Hot: {{ contact.label }}", "message": "hot"}}
        ]
        town.world.automate({"profile": "p", "filters": {"score": {"greater": 5}}}, "hot", steps=steps)
        contacts = [f"c{number}" for number in range(4)]
        for contact in contacts:
            town.world.send("e", contact)
        town.wake()
        await town.until(lambda: town.status() == ["completed"] * 4)
        for contact in contacts:
            town.world.erase(contact)
        town.world.send("e", "last")
        town.wake()
        await town.until(lambda: town.status() == ["completed"])
        assert town.world.query("SELECT status FROM notifications") == [("recorded",)]
        assert len(mailbox.accepted) == 2
        assert town.world.query("SELECT held, status FROM digests") == [(3, "pending")]
        with town.world.database.write() as connection:
            connection.exec_driver_sql("UPDATE digests SET due_at = 1, next_at = 1")
        await town.until(lambda: town.world.query("SELECT status FROM digests") == [("sent",)])
        assert [str(mail["Subject"]) for mail in mailbox.accepted[2:]] == ["and 3 more like this"]
        assert str(mailbox.accepted[2]["To"]) == "boss@example.com"


async def test_who_opts_out_while_it_is_tried_again_is_not_written_to(town: Town, mailbox: Mailbox) -> None:
    mailbox.answers.append("451 later")
    begin(town, "contact", {"add_tag": "on"}, email="ada@example.com")
    await town.until(lambda: town.world.query("SELECT tries FROM enrollments") == [(1,)])
    town.world.change(dnd=["email"])
    [(_, status, reason)] = await ended(town)
    assert (status, reason) == ("withheld", "the contact does not want e-mail (dnd)")
    assert mailbox.accepted == []
