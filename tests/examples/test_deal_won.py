"""The example deal-won: a won deal makes a customer, whom customer care takes over."""

import pytest

from tests.examples.conftest import Rehearsal

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.stack]


async def win(rehearsal: Rehearsal, value: int) -> None:
    """A deal of that value is won with a contact that was hot."""
    await rehearsal.apply("deal-won")
    rehearsal.contact("lead-1", tags=["hot"])
    rehearsal.deal(
        "deal-1", contact="lead-1", name="First order", value=value, currency="EUR", owner="dach-1"
    )
    rehearsal.deal("deal-1", status="won")
    await rehearsal.settled()


async def test_a_large_deal_gets_a_kick_off_meeting(rehearsal: Rehearsal) -> None:
    """The contact becomes a customer at once, is welcomed on a working morning, and asked after a month."""
    await win(rehearsal, 12_000)
    assert rehearsal.tags("lead-1") == ["customer"]
    assert rehearsal.mails(deal="deal-1") == [("dach-1", "Won: First order")]
    assert rehearsal.messages() == ["lead-1@example.com has said yes to First order: 12000 EUR."]
    assert rehearsal.tasks(deal="deal-1") == [("Take over First order from sales", "customer-care")]
    assert rehearsal.goes_on("lead-1") == "Thu 09:00"
    await rehearsal.after("4d")
    assert rehearsal.mails()[1:] == [("contact", "Welcome")]
    assert rehearsal.tasks()[1:] == [("Invite lead-1@example.com to a kick-off meeting", "customer-care")]
    await rehearsal.after("30d")
    assert rehearsal.tasks()[2:] == [("Ask lead-1@example.com how the first month went", "customer-care")]
    assert rehearsal.follow_ups("deal-won", deal="deal-1") == ["completed"]


async def test_a_small_deal_gets_a_guide_and_ends_when_it_is_lost_after_all(rehearsal: Rehearsal) -> None:
    """Two messages instead of a meeting; a deal that is no longer won is not asked about after a month."""
    await win(rehearsal, 900)
    await rehearsal.after("4d")
    assert rehearsal.mails()[1:] == [("contact", "Welcome"), ("contact", "How to begin")]
    rehearsal.deal("deal-1", status="lost")
    await rehearsal.after("30d")
    assert rehearsal.follow_ups("deal-won") == ["exited"]
    assert len(rehearsal.tasks()) == 1


async def test_a_deal_that_is_won_twice_is_welcomed_once_but_each_deal_by_itself(
    rehearsal: Rehearsal,
) -> None:
    """`once` counts for the deal, not for its contact."""
    await win(rehearsal, 900)
    for status in ("open", "won"):
        rehearsal.deal("deal-1", status=status)
        await rehearsal.settled()
    assert rehearsal.skips() == [("deal-won", "lead-1", "reentry")]
    rehearsal.deal("deal-2", contact="lead-1", status="won")
    await rehearsal.settled()
    assert rehearsal.follow_ups("deal-won") == ["exited", "running"]
