"""The example nurture-by-band: what is sent fits how warm the contact is at that moment."""

import pytest

from tests.examples.conftest import Rehearsal

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.stack]


async def ask_for_the_guide(rehearsal: Rehearsal, **events: list[str]) -> None:
    """Contacts ask for the guide and get it; then come their events."""
    await rehearsal.apply("nurture-by-band")
    for contact, types in events.items():
        rehearsal.contact(contact, owner="dach-1")
        rehearsal.send("form.submitted", contact, form="guide")
        for event in types:
            rehearsal.send(event, contact)
    await rehearsal.settled()
    for contact in events:
        assert rehearsal.mails(contact=contact) == [("contact", "Your guide")]
        assert rehearsal.tags(contact) == ["nurture"]


async def test_each_band_gets_what_fits_it(rehearsal: Rehearsal) -> None:
    """The cold get articles, the warm an invitation and then a call, the hot are left to sales."""
    warm = ["webinar.attended"]
    await ask_for_the_guide(rehearsal, cold=[], warm=warm, hot=[*warm, *warm, "appointment.booked"])
    await rehearsal.after("3d")
    assert rehearsal.goes_on("cold") == "Tue 09:00"
    await rehearsal.after("6d")
    assert rehearsal.mails(contact="cold")[1:] == [("contact", "Three ways to begin")]
    assert rehearsal.mails(contact="warm")[1:] == [("contact", "See it live")]
    assert rehearsal.follow_ups("nurture-by-band", contact="hot") == ["completed"]
    await rehearsal.after("7d")
    await rehearsal.after("6d")
    assert rehearsal.follow_ups("nurture-by-band") == ["completed"] * 3
    assert rehearsal.mails(contact="cold")[2:] == [("contact", "What others ask")]
    assert [len(rehearsal.mails(contact=contact)) for contact in ("cold", "warm", "hot")] == [3, 2, 1]
    assert rehearsal.tasks() == [("Offer warm@example.com a demo", "dach-1")]
    assert [rehearsal.tags(contact) for contact in ("cold", "warm", "hot")] == [[], [], []]


async def test_it_ends_for_those_who_want_no_mail_and_begins_once_in_90_days(rehearsal: Rehearsal) -> None:
    """Switching e-mail off ends it; asking again soon is no second round, and another form is none at all."""
    await ask_for_the_guide(rehearsal, lead=[])
    rehearsal.contact("lead", dnd=["email"])
    await rehearsal.settled()
    assert rehearsal.follow_ups("nurture-by-band") == ["exited"]
    rehearsal.contact("lead", dnd=[])
    rehearsal.send("form.submitted", "lead", form="contact")
    rehearsal.send("form.submitted", "lead", form="guide")
    await rehearsal.after("90d")
    assert rehearsal.skips() == [("nurture-by-band", "lead", "reentry")]
    rehearsal.send("form.submitted", "lead", form="guide")
    await rehearsal.settled()
    assert rehearsal.follow_ups("nurture-by-band") == ["exited", "running"]
