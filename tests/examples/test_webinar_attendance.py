"""The example webinar-attendance: a reminder before, slides or the recording after."""

import pytest

from conditions.times import DAY, to_iso
from tests.examples.conftest import Rehearsal

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.stack]


def register(rehearsal: Rehearsal, days: int) -> None:
    """Register for the webinar in so many days."""
    starts_at = to_iso(rehearsal.clock() + days * DAY)
    rehearsal.send("webinar.registered", "lead-1", webinar="first-steps", starts_at=starts_at)


async def registered(rehearsal: Rehearsal) -> None:
    """Registered for the webinar in two days."""
    await rehearsal.apply("webinar-attendance")
    rehearsal.contact("lead-1", owner="dach-1")
    register(rehearsal, 2)
    await rehearsal.settled()
    assert rehearsal.mails() == [("contact", "You are registered")]


async def test_those_who_came_get_the_slides_and_a_call_when_they_are_warm(rehearsal: Rehearsal) -> None:
    """The reminder goes out an hour before, the slides on the next working morning."""
    await registered(rehearsal)
    await rehearsal.after("46h")
    assert len(rehearsal.mails()) == 1
    await rehearsal.after("1h")
    assert rehearsal.mails()[1:] == [("contact", "We begin in an hour")]
    rehearsal.send("form.submitted", "lead-1")
    rehearsal.send("webinar.attended", "lead-1", webinar="another")
    await rehearsal.settled()
    assert rehearsal.tags("lead-1") == []
    rehearsal.send("webinar.attended", "lead-1", webinar="first-steps")
    await rehearsal.settled()
    assert rehearsal.tags("lead-1") == ["webinar-attended"]
    assert rehearsal.goes_on("lead-1") == "Mon 09:00"
    await rehearsal.after("4d")
    assert rehearsal.mails()[2:] == [("contact", "Slides and answers")]
    assert rehearsal.tasks() == [("Call lead-1@example.com about the webinar", "dach-1")]
    assert rehearsal.follow_ups("webinar-attendance") == ["completed"]


async def test_those_who_did_not_come_get_the_recording(rehearsal: Rehearsal) -> None:
    """A day after the reminder without being seen: the recording, and no call."""
    await registered(rehearsal)
    await rehearsal.after("47h")
    await rehearsal.after("1d")
    assert rehearsal.mails()[2:] == [("contact", "The recording")]
    assert rehearsal.tags("lead-1") == ["webinar-missed"]
    assert rehearsal.tasks() == []
    assert rehearsal.follow_ups("webinar-attendance") == ["completed"]


async def test_another_date_replaces_the_first_and_cancelling_ends_it(rehearsal: Rehearsal) -> None:
    """No reminder for the date that does not count any more, and none for one that was cancelled."""
    await registered(rehearsal)
    register(rehearsal, 9)
    await rehearsal.after("3d")
    assert rehearsal.follow_ups("webinar-attendance") == ["replaced", "running"]
    assert rehearsal.mails() == [("contact", "You are registered")] * 2
    rehearsal.send("webinar.cancelled", "lead-1", webinar="another")
    await rehearsal.settled()
    assert rehearsal.follow_ups("webinar-attendance") == ["replaced", "running"]
    rehearsal.send("webinar.cancelled", "lead-1", webinar="first-steps")
    await rehearsal.after("9d")
    assert rehearsal.follow_ups("webinar-attendance") == ["replaced", "exited"]
    assert len(rehearsal.mails()) == 2
