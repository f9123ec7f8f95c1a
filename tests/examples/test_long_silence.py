"""The example long-silence: customers of whom nothing is heard are asked, and not given up lightly."""

import pytest

from tests.examples.conftest import Rehearsal

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.stack]


async def fall_silent(rehearsal: Rehearsal, *customers: str) -> None:
    """Customers, and a lead, log in and are not heard of for 60 days."""
    await rehearsal.apply("long-silence")
    for customer in customers:
        rehearsal.contact(customer, owner="dach-1", tags=["customer"])
    for contact in (*customers, "lead-1"):
        rehearsal.send("app.login", contact)
    await rehearsal.after("59d")
    assert rehearsal.follow_ups("long-silence") == []
    await rehearsal.after("1d")
    assert rehearsal.follow_ups("long-silence") == ["running"] * len(customers)
    assert rehearsal.follow_ups("long-silence", contact="lead-1") == []


async def test_silent_customers_answer_soon_or_late_or_not_at_all(rehearsal: Rehearsal) -> None:
    """A sign of life ends it at any time; after 30 more days one is at risk, after 60 more somebody decides."""
    await fall_silent(rehearsal, "customer-1", "customer-2", "customer-3")
    assert rehearsal.goes_on("customer-1") == "Mon 09:00"
    await rehearsal.after("4d")
    assert rehearsal.tasks(contact="customer-1") == [
        ("Ask customer-1@example.com whether all is well", "dach-1")
    ]
    assert rehearsal.mails(contact="customer-1") == [("contact", "Can we help?")]
    rehearsal.send("support.requested", "customer-1")
    await rehearsal.after("30d")
    assert rehearsal.follow_ups("long-silence", contact="customer-1") == ["completed"]
    assert rehearsal.mails(contact="customer-1")[1:] == [("dach-1", "customer-1@example.com is back")]
    assert rehearsal.tags("customer-1") == ["customer"]
    assert rehearsal.tags("customer-2") == ["customer", "at-risk"]
    assert rehearsal.mails(contact="customer-2")[1:] == [
        ("care-lead", "Still silent: customer-2@example.com")
    ]
    rehearsal.send("app.login", "customer-2")
    await rehearsal.settled()
    assert rehearsal.follow_ups("long-silence", contact="customer-2") == ["completed"]
    assert rehearsal.tags("customer-2") == ["customer"]
    await rehearsal.after("60d")
    assert rehearsal.follow_ups("long-silence", contact="customer-2") == ["completed", "running"]
    assert rehearsal.tasks(contact="customer-3")[1:] == [("Decide about customer-3@example.com", "care-lead")]
    assert rehearsal.tags("customer-3") == ["customer", "at-risk"]


async def test_those_who_are_back_before_the_morning_or_no_customers_any_more_are_not_asked(
    rehearsal: Rehearsal,
) -> None:
    """No task and no message for a silence that ended by itself, or that is no customer's."""
    await fall_silent(rehearsal, "customer-1", "customer-2")
    rehearsal.send("app.login", "customer-1")
    rehearsal.contact("customer-2", tags=[])
    await rehearsal.after("4d")
    assert rehearsal.follow_ups("long-silence", contact="customer-1") == ["completed"]
    assert rehearsal.follow_ups("long-silence", contact="customer-2") == ["exited"]
    assert (rehearsal.tasks(), rehearsal.mails()) == ([], [])
