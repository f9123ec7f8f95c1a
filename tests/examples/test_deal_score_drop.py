"""The example deal-score-drop: deals that lose much, or fall out of steady, are saved or written off."""

import pytest

from tests.examples.conftest import Rehearsal

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.stack]


async def open_deal(rehearsal: Rehearsal, value: int) -> None:
    """A deal begins with 40 points."""
    await rehearsal.apply("deal-score-drop")
    rehearsal.deal("deal-1", contact="lead-1", name="Pilot", value=value, currency="EUR", owner="dach-1")
    await rehearsal.settled()
    assert rehearsal.town.world.scores("deal-health") == {"deal-1": 40}


def forecast(rehearsal: Rehearsal) -> str | None:
    deal_forecast: str | None = rehearsal.application.deals.get("deal-1").fields.get("forecast")
    return deal_forecast


async def test_a_large_deal_that_is_saved_within_the_week(rehearsal: Rehearsal) -> None:
    """An objection puts it at risk, the head of sales hears of it, and a meeting saves it."""
    await open_deal(rehearsal, 30_000)
    rehearsal.send("objection.raised", deal="deal-1")
    await rehearsal.settled()
    assert rehearsal.tasks(deal="deal-1") == [("Save Pilot", "dach-1")]
    assert rehearsal.mails() == [
        ("dach-1", "Pilot is going wrong"),
        ("sales-lead", "Large deal at risk: Pilot"),
    ]
    assert rehearsal.messages()[0] == "Pilot fell from 40 to 15 points (at-risk)."
    await rehearsal.after("5d")
    rehearsal.send("meeting.held", deal="deal-1")
    await rehearsal.settled()
    assert rehearsal.follow_ups("deal-score-drop", deal="deal-1") == ["completed"]
    assert forecast(rehearsal) == "likely"


async def test_a_small_deal_that_nobody_works_on_becomes_unlikely(rehearsal: Rehearsal) -> None:
    """Two weeks of silence put it at risk; after one more the forecast is corrected."""
    await open_deal(rehearsal, 500)
    await rehearsal.after("14d")
    assert rehearsal.mails() == [("dach-1", "Pilot is going wrong")]
    await rehearsal.after("7d")
    assert rehearsal.follow_ups("deal-score-drop") == ["completed"]
    assert rehearsal.tasks()[1:] == [("Decide whether to go on with Pilot", "sales-lead")]
    assert forecast(rehearsal) == "unlikely"


async def test_a_deal_that_loses_much_and_stays_steady_makes_a_task_only(rehearsal: Rehearsal) -> None:
    """From 80 to 55 points is a warning; points that expire, ten at a time, are none."""
    await open_deal(rehearsal, 500)
    for event in ("meeting.held", "meeting.held", "call.completed"):
        rehearsal.send(event, deal="deal-1")
    await rehearsal.settled()
    rehearsal.send("objection.raised", deal="deal-1")
    await rehearsal.settled()
    assert rehearsal.follow_ups("deal-score-drop") == ["completed"]
    assert rehearsal.tasks() == [("Save Pilot", "dach-1")]
    assert forecast(rehearsal) is None


async def test_a_deal_that_is_decided_is_not_saved_any_more(rehearsal: Rehearsal) -> None:
    """Won or lost ends it, and a deal that is not open does not start it."""
    await open_deal(rehearsal, 500)
    rehearsal.send("objection.raised", deal="deal-1")
    await rehearsal.settled()
    rehearsal.deal("deal-1", status="lost")
    await rehearsal.settled()
    assert rehearsal.follow_ups("deal-score-drop") == ["exited"]
    rehearsal.send("meeting.held", deal="deal-1")
    await rehearsal.settled()
    rehearsal.send("objection.raised", deal="deal-1")
    await rehearsal.after("7d")
    assert rehearsal.follow_ups("deal-score-drop") == ["exited"]
