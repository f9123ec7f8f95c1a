"""The example cooling-lead: leads that go cold are written to, and come back or are left alone."""

import pytest

from tests.examples.conftest import Rehearsal

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.stack]


async def cool_down(rehearsal: Rehearsal, *contacts: str) -> None:
    """25 points each, then 30 days of silence: 15 points."""
    await rehearsal.apply("cooling-lead")
    for contact in contacts:
        rehearsal.contact(contact, owner="dach-1")
        for event in ("form.submitted", "webinar.attended"):
            rehearsal.send(event, contact)
    await rehearsal.after("30d")
    assert {contact: rehearsal.tags(contact) for contact in contacts} == {
        key: ["cooling"] for key in contacts
    }


async def test_leads_that_cool_down_come_back_or_are_marked_as_dormant(rehearsal: Rehearsal) -> None:
    """A click on the message brings one back to its owner; two messages and four weeks do not move the other."""
    await cool_down(rehearsal, "lead-1", "lead-2")
    assert rehearsal.goes_on("lead-1") == "Tue 09:00"
    assert rehearsal.mails() == []
    await rehearsal.after("6d")
    assert rehearsal.mails(contact="lead-1") == [("contact", "Still interested?")]
    assert sorted(rehearsal.addresses()) == ["lead-1@example.com", "lead-2@example.com"]
    rehearsal.send("email.clicked", "lead-1")
    await rehearsal.settled()
    assert rehearsal.follow_ups("cooling-lead", contact="lead-1") == ["completed"]
    assert rehearsal.tasks() == [("lead-1@example.com is back: call", "dach-1")]
    assert rehearsal.tags("lead-1") == []
    await rehearsal.after("14d")
    assert rehearsal.mails(contact="lead-2") == [
        ("contact", "Still interested?"),
        ("contact", "Shall we talk?"),
    ]
    await rehearsal.after("14d")
    assert rehearsal.follow_ups("cooling-lead", contact="lead-2") == ["completed"]
    assert rehearsal.tags("lead-2") == ["dormant"]
    assert len(rehearsal.tasks()) == 1


async def test_those_who_are_back_before_the_morning_or_want_no_mail_are_not_asked(
    rehearsal: Rehearsal,
) -> None:
    """Warm again before the message was due: no message, but a call. E-mail switched off: nothing at all."""
    await cool_down(rehearsal, "lead-1", "lead-2")
    rehearsal.send("email.clicked", "lead-1")
    rehearsal.contact("lead-2", dnd=["email"])
    await rehearsal.after("6d")
    assert rehearsal.follow_ups("cooling-lead", contact="lead-1") == ["completed"]
    assert rehearsal.follow_ups("cooling-lead", contact="lead-2") == ["exited"]
    assert rehearsal.mails() == []
    assert rehearsal.tasks() == [("lead-1@example.com is back: call", "dach-1")]


async def test_a_lead_with_few_points_has_not_cooled_down(rehearsal: Rehearsal) -> None:
    """A first score in the band cold is no cooling, and neither is a fall because of an event."""
    await rehearsal.apply("cooling-lead")
    rehearsal.send("form.submitted", "lead-1")
    rehearsal.send("appointment.booked", "lead-2")
    await rehearsal.settled()
    rehearsal.send("appointment.missed", "lead-2")
    await rehearsal.settled()
    assert rehearsal.follow_ups("cooling-lead") == []
