"""The example renewal-reminder: everybody hears in time that a contract ends."""

from datetime import timedelta

import pytest

from tests.examples.conftest import Rehearsal

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.stack]


def ends_in(rehearsal: Rehearsal, days: int) -> str:
    """Set the day on which the contract ends; it."""
    day = (rehearsal.now() + timedelta(days=days)).date().isoformat()
    rehearsal.contact("customer-1", fields={"renewal_date": day})
    return day


async def signed(rehearsal: Rehearsal) -> str:
    """A customer whose contract ends in 60 days."""
    await rehearsal.apply("renewal-reminder")
    rehearsal.contact("customer-1", owner="dach-1", tags=["customer"])
    day = ends_in(rehearsal, 60)
    await rehearsal.settled()
    return day


async def test_the_owner_a_month_before_the_customer_a_week_before(rehearsal: Rehearsal) -> None:
    """Each at midnight in Berlin; when the day has passed without a renewal, customer care is alarmed."""
    day = await signed(rehearsal)
    await rehearsal.after("29d")
    assert rehearsal.tasks() == []
    await rehearsal.after("1d")
    assert rehearsal.tasks() == [(f"Talk to customer-1@example.com about the renewal on {day}", "dach-1")]
    assert rehearsal.mails() == [("dach-1", f"Renewal of customer-1@example.com on {day}")]
    await rehearsal.after("23d")
    assert rehearsal.mails()[1:] == [("contact", "Your contract ends soon")]
    await rehearsal.after("9d")
    assert rehearsal.mails()[2:] == [("care-lead", "The contract of customer-1@example.com has lapsed")]
    assert rehearsal.tags("customer-1") == ["customer", "contract-lapsed"]
    assert rehearsal.follow_ups("renewal-reminder") == ["completed"]


async def test_a_renewed_contract_is_reminded_of_at_its_new_date(rehearsal: Rehearsal) -> None:
    """A later date replaces what was planned for the first; nothing of that happens any more."""
    await signed(rehearsal)
    await rehearsal.after("31d")
    day = ends_in(rehearsal, 365)
    await rehearsal.after("40d")
    assert rehearsal.follow_ups("renewal-reminder") == ["replaced", "running"]
    assert (len(rehearsal.mails()), rehearsal.tags("customer-1")) == (1, ["customer"])
    await rehearsal.after("296d")
    assert rehearsal.mails()[1:] == [("dach-1", f"Renewal of customer-1@example.com on {day}")]


async def test_a_contract_without_an_end_is_not_reminded_of(rehearsal: Rehearsal) -> None:
    """Taking the date away ends it, and a day long past does not start it."""
    await signed(rehearsal)
    rehearsal.contact("customer-1", fields={"renewal_date": None})
    await rehearsal.settled()
    assert rehearsal.follow_ups("renewal-reminder") == ["exited"]
    ends_in(rehearsal, -40)
    await rehearsal.settled()
    assert rehearsal.follow_ups("renewal-reminder") == ["exited"]
    assert rehearsal.mails() == []
