"""The example all-dnd: contacts who switch every channel off are left in peace."""

import pytest

from tests.examples.conftest import Rehearsal

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.stack]


async def switch_off(rehearsal: Rehearsal) -> None:
    """A contact on the newsletter list switches every channel off."""
    await rehearsal.apply("all-dnd")
    rehearsal.contact("lead-1", owner="dach-1", tags=["newsletter"])
    rehearsal.contact("lead-1", dnd="all")
    await rehearsal.settled()


async def test_everybody_hears_of_it_and_of_its_end(rehearsal: Rehearsal) -> None:
    """The owner and data protection are told; with a channel open again, the mark goes."""
    await switch_off(rehearsal)
    assert rehearsal.tags("lead-1") == ["do-not-contact"]
    assert rehearsal.mails() == [("dach-1", "Do not contact lead-1@example.com")]
    assert rehearsal.tasks() == [
        ("Take lead-1@example.com off all lists outside of Kindling", "privacy-desk")
    ]
    await rehearsal.after("30d")
    rehearsal.contact("lead-1", dnd=["sms", "call"])
    await rehearsal.settled()
    assert rehearsal.follow_ups("all-dnd") == ["completed"]
    assert rehearsal.tags("lead-1") == []
    assert rehearsal.mails()[1:] == [("dach-1", "lead-1@example.com may be contacted again")]
    assert rehearsal.messages()[-1] == "Still off: sms, call."


async def test_after_half_a_year_the_data_is_looked_at(rehearsal: Rehearsal) -> None:
    """Who stays silent for 180 days makes a task for data protection, and keeps the mark."""
    await switch_off(rehearsal)
    await rehearsal.after("180d")
    assert rehearsal.follow_ups("all-dnd") == ["completed"]
    assert rehearsal.tasks()[1:] == [("Do we still need the data of lead-1@example.com?", "privacy-desk")]
    assert rehearsal.tags("lead-1") == ["do-not-contact"]


async def test_one_channel_is_not_all_of_them(rehearsal: Rehearsal) -> None:
    """Switching e-mail off starts nothing; the last channel does."""
    await rehearsal.apply("all-dnd")
    rehearsal.contact("lead-1", dnd=["email"])
    await rehearsal.settled()
    assert rehearsal.follow_ups("all-dnd") == []
    rehearsal.contact("lead-1", dnd=["email", "sms", "call", "chat"])
    await rehearsal.settled()
    assert rehearsal.follow_ups("all-dnd") == ["running"]
    assert rehearsal.mails() == [("sales-desk", "Do not contact lead-1@example.com")]
