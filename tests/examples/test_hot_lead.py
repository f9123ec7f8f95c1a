"""The example hot-lead: sales is told of hot leads, the head of sales of those whom nobody calls."""

import pytest

from tests.examples.conftest import Rehearsal

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.stack]


async def become_hot(rehearsal: Rehearsal) -> None:
    """A form, a webinar and an appointment, and a company of some size: 55 points."""
    await rehearsal.apply("hot-lead")
    rehearsal.contact("lead-1", owner="dach-1", fields={"employees": 80})
    for event in ("form.submitted", "webinar.attended", "appointment.booked"):
        rehearsal.send(event, "lead-1")
    await rehearsal.settled()


async def test_a_lead_that_is_called_keeps_the_tag_until_it_cools_down(rehearsal: Rehearsal) -> None:
    """A call within two days keeps the head of sales out of it; below 40 points the tag goes."""
    await become_hot(rehearsal)
    assert rehearsal.mails() == [("dach-1", "Hot lead: lead-1@example.com")]
    assert rehearsal.addresses() == ["dach-1@example.com"]
    assert rehearsal.tasks() == [("Call lead-1@example.com", "dach-1")]
    assert rehearsal.tags("lead-1") == ["hot"]
    rehearsal.send("call.completed", "lead-1")
    await rehearsal.after("3d")
    assert len(rehearsal.mails()) == 1
    assert rehearsal.follow_ups("hot-lead") == ["running"]
    await rehearsal.after("58d")
    assert rehearsal.follow_ups("hot-lead") == ["completed"]
    assert rehearsal.tags("lead-1") == []


async def test_a_lead_that_nobody_calls_goes_to_the_head_of_sales_until_it_buys(rehearsal: Rehearsal) -> None:
    """After two days the head of sales gets a message and a task; becoming a customer ends it."""
    await become_hot(rehearsal)
    await rehearsal.after("2d")
    assert rehearsal.mails()[1:] == [("sales-lead", "Not called yet: lead-1@example.com")]
    assert rehearsal.tasks()[1:] == [("See that lead-1@example.com is called", "sales-lead")]
    rehearsal.contact("lead-1", tags=["hot", "customer"])
    await rehearsal.settled()
    assert rehearsal.follow_ups("hot-lead") == ["exited"]


async def test_a_lead_that_swings_around_the_threshold_is_reported_once(rehearsal: Rehearsal) -> None:
    """Hot again at 55 after 40 is no news; hot again after 25 is."""
    await become_hot(rehearsal)
    for event in ("appointment.missed", "webinar.attended"):
        rehearsal.send(event, "lead-1")
        await rehearsal.settled()
    assert rehearsal.follow_ups("hot-lead") == ["running"]
    assert rehearsal.skips() == []
    rehearsal.send("call.completed", "lead-1")
    for _ in range(2):
        rehearsal.send("appointment.missed", "lead-1")
    await rehearsal.settled()
    assert rehearsal.follow_ups("hot-lead") == ["completed"]
    for event in ("appointment.booked", "form.submitted"):
        rehearsal.send(event, "lead-1")
    await rehearsal.settled()
    assert rehearsal.follow_ups("hot-lead") == ["completed", "running"]
