"""Test messages to recipients: what becomes of them, channel by channel."""

from typing import Any

import pytest

from store.database import Database
from tests.api.installation import Installation
from tests.workflows.mail_server import mail_server

CHANNELS = ["mailto:sales@example.com", "mailto:desk@example.com", "sms:+49123"]


async def outcomes(database: Database, home: Any, channels: list[str], **variables: str) -> Any:
    kindling = Installation(database, str(home), **variables)
    async with kindling.client:
        await kindling.client.put("/v1/recipients/sales", json={"name": "Sales", "channels": channels})
        answer = await kindling.client.post("/v1/recipients/sales/test")
    assert answer.status_code == 200, answer.text
    return [(channel["outcome"], channel["reason"]) for channel in answer.json()["channels"]]


async def test_every_channel_gets_a_message_or_says_why_not(database: Database, tmp_path: Any) -> None:
    with mail_server() as (url, box):
        box.answers = ["554 no", "451 later"]
        refused = await outcomes(database, tmp_path, CHANNELS, KINDLING_SMTP_URL=url)
        told = await outcomes(database, tmp_path, CHANNELS, KINDLING_SMTP_URL=url)
    other = ("recorded", "it is no e-mail address, and this version sends e-mail only")
    assert refused == [
        ("failed", "the mail server answered with code 554"),
        ("failed", "the mail server answered with code 451"),
        other,
    ]
    assert told == [("sent", None), ("sent", None), other]
    assert [mail["To"] for mail in box.accepted] == ["sales@example.com", "desk@example.com"]
    assert {str(mail["Subject"]) for mail in box.accepted} == {"[Test] Messages of Kindling arrive here"}
    assert "This is a test message to Sales" in str(box.accepted[0].get_payload())


@pytest.mark.parametrize(
    ("variables", "outcome", "reason"),
    [
        ({}, "recorded", "no mail server is configured (KINDLING_SMTP_URL)"),
        ({"KINDLING_OUTBOUND": "log"}, "recorded", "nothing leaves while KINDLING_OUTBOUND is log"),
        (
            {"KINDLING_SMTP_URL": "smtp://127.0.0.1:1"},
            "failed",
            "the mail server at 127.0.0.1:1 cannot be reached (SMTPConnectError)",
        ),
    ],
)
async def test_what_does_not_leave_says_why(
    database: Database, tmp_path: Any, variables: dict[str, str], outcome: str, reason: str
) -> None:
    assert await outcomes(database, tmp_path, CHANNELS[1:2], **variables) == [(outcome, reason)]


async def test_a_recipient_without_channels_has_nothing_to_test(database: Database, tmp_path: Any) -> None:
    assert await outcomes(database, tmp_path, []) == []


async def test_an_unknown_recipient_is_not_found(database: Database, tmp_path: Any) -> None:
    kindling = Installation(database, str(tmp_path))
    async with kindling.client:
        await kindling.client.put("/v1/recipients/sales", json={"channels": []})
        answer = await kindling.client.post("/v1/recipients/sale/test")
    assert answer.status_code == 404
    assert answer.json()["detail"] == 'there is no recipient "sale"; did you mean "sales"?'
