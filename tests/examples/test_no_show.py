"""The example no-show: a missed appointment is followed by offers of a new one, until one is booked."""

import pytest

from tests.examples.conftest import Rehearsal

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.stack]


async def miss(rehearsal: Rehearsal) -> None:
    """An appointment is missed, and a quarter of an hour later the first message is out."""
    await rehearsal.apply("no-show")
    rehearsal.contact("lead-1", owner="dach-1")
    rehearsal.send("appointment.missed", "lead-1")
    await rehearsal.settled()
    assert rehearsal.tags("lead-1") == ["no-show"]
    assert rehearsal.mails() == []
    await rehearsal.after("15m")
    assert rehearsal.mails() == [("contact", "We missed you")]


async def test_without_a_new_booking_it_gives_up_after_ten_days(rehearsal: Rehearsal) -> None:
    """A call on a working morning, a reminder, and back to nurturing."""
    await miss(rehearsal)
    assert rehearsal.goes_on("lead-1") == "Thu 09:00"
    assert rehearsal.tasks() == []
    await rehearsal.after("4d")
    assert rehearsal.tasks() == [("Call lead-1@example.com about the missed appointment", "dach-1")]
    await rehearsal.after("3d")
    assert rehearsal.mails()[1:] == [("contact", "Would another time be better?")]
    await rehearsal.after("7d")
    assert rehearsal.mails()[2:] == [("dach-1", "lead-1@example.com has not booked again")]
    assert rehearsal.application.contacts.get("lead-1").stage == "nurture"
    assert rehearsal.follow_ups("no-show") == ["completed"]


async def test_a_new_booking_ends_it_before_the_call(rehearsal: Rehearsal) -> None:
    """Booking after the first message: no task, no further message."""
    await miss(rehearsal)
    rehearsal.send("appointment.booked", "lead-1")
    await rehearsal.after("30d")
    assert rehearsal.follow_ups("no-show") == ["exited"]
    assert (len(rehearsal.mails()), rehearsal.tasks()) == (1, [])


async def test_missing_another_one_starts_anew(rehearsal: Rehearsal) -> None:
    """The follow-up of the first appointment is replaced by that of the second."""
    await miss(rehearsal)
    rehearsal.send("appointment.missed", "lead-1")
    await rehearsal.settled()
    assert rehearsal.follow_ups("no-show") == ["replaced", "running"]
    await rehearsal.after("15m")
    assert rehearsal.mails() == [("contact", "We missed you")] * 2
