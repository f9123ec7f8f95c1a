"""Digests go out when their hour is over, once, through a real mail server."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from channels.outbound import make_outbound
from channels.signing import new_secret
from conditions.times import Micros
from runtime.settings import load_settings
from services.operations.digests import CLAIM, Digests
from store.database import Database
from store.design import definitions
from store.follow_ups import alerts, holding
from store.follow_ups.alerts import DIGESTS, HOUR
from tests.workflows.mail_server import Mailbox, mail_server

START = 1_000 * HOUR
URL = "http://127.0.0.1:8000"


class Office:
    """Sales with two addresses and a limit of one an hour; three more were held back."""

    def __init__(self, database: Database, smtp: str, mailbox: Mailbox) -> None:
        self.database = database
        self.mailbox = mailbox
        self.smtp = smtp
        self.now: Micros = START
        channels = ["mailto:sales@example.com", "https://chat.example/x", "mailto:boss@example.com"]
        database.run(lambda connection: definitions.save_recipient(connection, "sales", "Sales", channels))
        for number in range(4):
            admit = partial(
                alerts.admit,
                message_id=f"m{number}",
                recipient="sales",
                automation="hot",
                now=START + number,
                most=1,
            )
            database.run(admit)

    def digests(self, **variables: str) -> Digests:
        settings = load_settings({"KINDLING_SMTP_URL": self.smtp, **variables}, environ={})
        return Digests(self.database, lambda: self.now, make_outbound(settings, new_secret()), URL)

    async def due(self, later: Micros = 0, **variables: str) -> None:
        self.now = START + HOUR + 1 + later
        await self.digests(**variables).send_due()

    def row(self) -> dict[str, Any]:
        with self.database.read() as connection:
            return dict(connection.execute(DIGESTS.select()).mappings().one())

    def got(self) -> list[tuple[str, str]]:
        return [(str(mail["To"]), str(mail["Subject"])) for mail in self.mailbox.accepted]


@pytest.fixture
def office(database: Database) -> Iterator[Office]:
    with mail_server() as (url, mailbox):
        yield Office(database, url, mailbox)


BOTH = [("sales@example.com", "and 3 more like this"), ("boss@example.com", "and 3 more like this")]


async def test_it_goes_to_every_address_when_the_hour_is_over_and_not_before(office: Office) -> None:
    await office.due(-2)
    assert office.got() == []
    await office.due()
    assert office.got() == BOTH
    assert "- 3 from the automation hot" in str(office.mailbox.accepted[0].get_payload())
    row = office.row()
    assert (row["status"], row["sent_at"], row["reason"]) == ("sent", START + HOUR + 1, None)


async def test_it_is_sent_once(office: Office) -> None:
    await office.due()
    await office.due(CLAIM * 3)
    assert office.got() == BOTH


async def test_a_busy_server_is_tried_again_with_the_same_message_ids(office: Office) -> None:
    office.mailbox.answers = ["250 OK", "451 try later", "451 try later"]
    await office.due()
    assert (office.row()["tries"], office.row()["reason"]) == (1, "the mail server answered with code 451")
    await office.due(10**6 - 1)
    assert len(office.mailbox.tries) == 2
    await office.due(10**6)
    await office.due(4 * 10**6)
    assert len(office.mailbox.tries) == 4
    assert len(set(office.mailbox.tries)) == 2
    assert (office.row()["status"], office.row()["reason"]) == ("sent", None)


async def test_a_refusal_stays_known_whatever_the_tries_for_the_others_came_to(office: Office) -> None:
    office.mailbox.answers = ["550 no such user", "451 try later"]
    await office.due()
    assert (office.row()["status"], office.row()["reason"]) == (
        "pending",
        "the mail server answered with code 451",
    )
    await office.due(HOUR)
    assert (office.row()["status"], office.row()["reason"]) == (
        "sent",
        "the mail server answered with code 550",
    )


async def test_one_whose_worker_died_is_anothers_with_the_same_message_id(office: Office) -> None:
    now = START + HOUR + 1
    office.now = now
    office.database.run(office.digests()._claimed)
    await office.due(CLAIM - 1)
    assert office.got() == []
    await office.due(CLAIM)
    assert office.got() == BOTH


async def test_an_address_that_refuses_it_keeps_it_from_nobody(office: Office) -> None:
    office.mailbox.answers = ["550 no such user"]
    await office.due()
    assert office.got() == BOTH[1:]
    assert (office.row()["status"], office.row()["reason"]) == (
        "sent",
        "the mail server answered with code 550",
    )


async def test_it_fails_where_nobody_takes_it(office: Office) -> None:
    office.mailbox.answers = ["550 no such user"] * 2
    await office.due()
    assert (office.row()["status"], office.row()["reason"]) == (
        "failed",
        "the mail server answered with code 550",
    )
    await office.due(HOUR)
    assert len(office.mailbox.tries) == 2


async def test_it_fails_where_the_recipient_has_no_address_any_more(office: Office) -> None:
    office.database.run(lambda connection: definitions.save_recipient(connection, "sales", "Sales", []))
    await office.due()
    row = office.row()
    assert (row["status"], row["reason"]) == ("failed", "its recipient has no e-mail address any more")


async def test_nothing_leaves_a_copy_that_only_logs(office: Office) -> None:
    await office.due(KINDLING_OUTBOUND="log")
    row = office.row()
    assert (row["status"], row["reason"]) == ("recorded", "nothing leaves while KINDLING_OUTBOUND is log")
    await office.due(HOUR)
    assert office.got() == []


async def test_it_waits_while_new_starts_are_held(office: Office) -> None:
    office.database.run(lambda connection: holding.set_held(connection, office.now, held=True))
    await office.due()
    assert office.got() == []
    office.database.run(lambda connection: holding.set_held(connection, office.now, held=False))
    await office.due(HOUR)
    assert office.got() == BOTH


async def test_without_a_mail_server_it_is_another_workers(office: Office) -> None:
    await office.due(KINDLING_SMTP_URL="")
    assert (
        office.row()["reason"] == "no mail server is configured (KINDLING_SMTP_URL), but this was to be sent"
    )
    await office.due(10**6)
    assert office.got() == BOTH


async def test_it_gives_up_after_a_day(office: Office) -> None:
    office.database.run(lambda connection: alerts.change(connection, office.row()["id"], tries=149))
    office.mailbox.answers = ["451 try later"]
    await office.due()
    row = office.row()
    assert row["status"] == "failed"
    assert row["reason"] == "gave up after a day of tries: the mail server answered with code 451"


async def test_there_is_none_where_nothing_was_held_back(database: Database) -> None:
    with mail_server() as (url, mailbox):
        database.run(lambda connection: alerts.admit(connection, "m", "sales@example.com", "hot", START, 1))
        settings = load_settings({"KINDLING_SMTP_URL": url}, environ={})
        outbound = make_outbound(settings, new_secret())
        await Digests(database, lambda: START + 5 * HOUR, outbound, URL).send_due()
        assert mailbox.tries == []
