"""The example payment-failed: reminders go out until it is paid, or the account is suspended."""

import pytest

from tests.examples.conftest import Rehearsal

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.stack]


async def fail(rehearsal: Rehearsal) -> None:
    """A payment in time is nobody's business; the next one fails, and the first reminder is out."""
    await rehearsal.apply("payment-failed")
    rehearsal.contact("customer-1", tags=["customer"])
    rehearsal.send("payment.succeeded", "customer-1", amount=49, currency="EUR")
    await rehearsal.settled()
    assert rehearsal.follow_ups("payment-received") == []
    rehearsal.send("payment.failed", "customer-1", amount=49, currency="EUR")
    await rehearsal.settled()
    assert rehearsal.mails() == [("contact", "Your payment did not go through")]
    assert rehearsal.tags("customer-1") == ["customer", "payment-overdue"]


async def test_a_payment_ends_the_reminders(rehearsal: Rehearsal) -> None:
    """Paid after the second reminder: no third, thanks instead, and the mark is gone."""
    await fail(rehearsal)
    await rehearsal.after("3d")
    assert rehearsal.mails()[1:] == [("contact", "Reminder: your payment did not go through")]
    rehearsal.send("payment.failed", "customer-1", amount=49, currency="EUR")
    await rehearsal.settled()
    assert rehearsal.skips() == [("payment-failed", "customer-1", "running")]
    rehearsal.send("payment.succeeded", "customer-1", amount=49, currency="EUR")
    await rehearsal.after("30d")
    assert rehearsal.follow_ups("payment-failed") == ["exited"]
    assert rehearsal.follow_ups("payment-received") == ["completed"]
    assert rehearsal.mails()[2:] == [("contact", "Thank you")]
    assert rehearsal.tags("customer-1") == ["customer"]
    assert rehearsal.tasks() == []


async def test_without_a_payment_the_account_is_suspended_until_it_comes(rehearsal: Rehearsal) -> None:
    """Three reminders and a call within ten days; a late payment opens the account again."""
    await fail(rehearsal)
    await rehearsal.after("3d")
    await rehearsal.after("4d")
    assert rehearsal.mails()[2:] == [("contact", "Your account will be suspended")]
    assert rehearsal.tasks() == [("Call customer-1@example.com: 49 EUR are open", "billing-desk")]
    await rehearsal.after("3d")
    assert rehearsal.mails()[3:] == [("billing-desk", "Suspend customer-1@example.com")]
    assert rehearsal.follow_ups("payment-failed") == ["completed"]
    assert rehearsal.application.contacts.get("customer-1").fields == {"account": "suspended"}
    rehearsal.send("payment.succeeded", "customer-1", amount=49, currency="EUR")
    await rehearsal.settled()
    assert rehearsal.mails()[4:] == [
        ("billing-desk", "Open the account of customer-1@example.com again"),
        ("contact", "Thank you"),
    ]
    assert rehearsal.application.contacts.get("customer-1").fields == {}
    assert rehearsal.tags("customer-1") == ["customer"]
