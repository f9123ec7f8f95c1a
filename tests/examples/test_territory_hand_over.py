"""The example territory-hand-over: warm leads get the owner of their country."""

import pytest

from tests.examples.conftest import Rehearsal

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.stack]


def warm_up(rehearsal: Rehearsal, contact: str, country: str | None = None) -> None:
    """A webinar and a form: 25 points."""
    rehearsal.contact(contact, fields={"country": country} if country else {})
    for event in ("webinar.attended", "form.submitted"):
        rehearsal.send(event, contact)


def owner(rehearsal: Rehearsal, contact: str) -> str | None:
    return rehearsal.application.contacts.get(contact).owner


async def test_each_country_has_its_owners_who_take_turns(rehearsal: Rehearsal) -> None:
    """Two leads of one territory go to its two desks; those who are not called go to the head of sales."""
    await rehearsal.apply("territory-hand-over")
    for contact, country in (("lead-1", "DE"), ("lead-2", "CH"), ("lead-3", "NO"), ("lead-4", "FR")):
        warm_up(rehearsal, contact, country)
        await rehearsal.settled()
    owners = [owner(rehearsal, f"lead-{number}") for number in range(1, 5)]
    assert owners == ["dach-1", "dach-2", "nordics-1", "world-1"]
    assert rehearsal.mails() == [(who, f"Yours now: lead-{n}@example.com") for n, who in enumerate(owners, 1)]
    assert rehearsal.addresses() == [f"{who}@example.com" for who in owners]
    assert rehearsal.tasks(contact="lead-3") == [("Introduce yourself to lead-3@example.com", "nordics-1")]
    for contact in ("lead-1", "lead-2", "lead-4"):
        rehearsal.send("call.completed", contact)
    await rehearsal.after("3d")
    assert rehearsal.follow_ups("territory-hand-over") == ["completed"] * 4
    assert rehearsal.mails()[4:] == [("sales-lead", "lead-3@example.com is still waiting")]


async def test_an_unknown_country_is_asked_about_first(rehearsal: Rehearsal) -> None:
    """With the answer the lead goes to its territory; without one within two days, to the desk for all others."""
    await rehearsal.apply("territory-hand-over")
    for contact in ("lead-1", "lead-2"):
        warm_up(rehearsal, contact)
    await rehearsal.settled()
    assert sorted(rehearsal.tasks()) == [
        (f"Find out which country lead-{number}@example.com is in", "sales-desk") for number in (1, 2)
    ]
    rehearsal.contact("lead-1", fields={"country": "SE"})
    await rehearsal.settled()
    assert (owner(rehearsal, "lead-1"), owner(rehearsal, "lead-2")) == ("nordics-1", None)
    await rehearsal.after("2d")
    assert owner(rehearsal, "lead-2") == "world-1"


async def test_who_is_taken_meanwhile_stays_with_whom_took_it(rehearsal: Rehearsal) -> None:
    """An owner set by hand while the country is asked for is not overwritten."""
    await rehearsal.apply("territory-hand-over")
    warm_up(rehearsal, "lead-1")
    await rehearsal.settled()
    rehearsal.contact("lead-1", owner="dach-2", fields={"country": "SE"})
    await rehearsal.settled()
    assert owner(rehearsal, "lead-1") == "dach-2"
    assert rehearsal.follow_ups("territory-hand-over") == ["completed"]
    assert rehearsal.mails() == []


async def test_a_lead_that_loses_its_owner_gets_one_at_its_next_sign_of_life(rehearsal: Rehearsal) -> None:
    """Nothing while somebody looks after it; then any change of the score will do."""
    await rehearsal.apply("territory-hand-over")
    rehearsal.contact("lead-1", owner="dach-2")
    warm_up(rehearsal, "lead-1", "DE")
    await rehearsal.settled()
    assert rehearsal.follow_ups("territory-hand-over") == []
    rehearsal.contact("lead-1", owner=None)
    rehearsal.send("email.clicked", "lead-1")
    await rehearsal.settled()
    assert owner(rehearsal, "lead-1") == "dach-1"
    rehearsal.contact("lead-1", tags=["customer"])
    await rehearsal.settled()
    assert rehearsal.follow_ups("territory-hand-over") == ["exited"]
