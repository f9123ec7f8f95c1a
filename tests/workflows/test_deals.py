"""Follow-ups that a deal's score started, on the real interpreter and the real server."""

from typing import Any

import pytest

from runtime.registry import KINDLING_RECORD
from tests.workflows.conftest import Town

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.stack]


def begin(town: Town, *steps: dict[str, Any]) -> None:
    """Publish profiles of deals and contacts, an automation of these steps, and let a deal cross its threshold."""
    world = town.world
    world.publish({"on": "call", "points": 7}, key="q", applies_to="deal")
    world.publish({"on": "call", "points": 1})
    trigger = {"profile": "q", "filters": {"score": {"greater_or_equal": 5}}, "fires": "on_entry"}
    world.automate(trigger, "deal-hot", steps=list(steps))
    world.deal("d1", "ada", name="Renewal", owner="eve", value=5000)
    world.change("ada", name="Ada", owner="ben")
    world.send("call", "", deal="d1")
    town.wake()


async def finished(town: Town, status: str = "completed") -> None:
    await town.enrolled()
    await town.until(lambda: town.status() == [status])


async def test_it_knows_the_deal_and_its_contact_and_acts_on_the_right_one(town: Town) -> None:
    begin(
        town,
        {"notify": {"to": "owner", "message": "{{ deal.label }}: {{ deal.value }}, {{ contact.label }}"}},
        {"create_task": {"title": "Close {{ deal.name }}", "assign_to": "owner"}},
        {"add_tag": "has-hot-deal"},
        {"update": {"stage": "closing", "owner": ["kim", "lee"], "fields": {"heat": "{{ score.current }}"}}},
        {"if": {"deal.stage": {"equal": "closing"}, "scores.p": {"equal": 1}}, "then": [{"add_tag": "yes"}]},
        {"adjust_score": {"profile": "q", "points": 3, "reason": "of the deal"}},
        {"adjust_score": {"profile": "p", "points": 2, "reason": "of the contact"}},
    )
    await finished(town)
    query = town.world.query
    assert query("SELECT recipient, message FROM notifications") == [("eve", "Renewal: 5000, Ada")]
    assert query("SELECT title, assign_to FROM tasks") == [("Close Renewal", "eve")]
    assert query("SELECT stage, owner, fields FROM deals") == [("closing", "kim", '{"heat":"7"}')]
    assert query("SELECT stage, owner, tags FROM contacts") == [(None, "ben", '["has-hot-deal","yes"]')]
    await town.until(lambda: town.world.scores("q") == {"d1": 10} and town.world.scores() == {"ada": 3})
    [enrollment] = town.ids()
    described = await town.follow_up(enrollment).describe()
    [(deal_id,)] = query("SELECT id FROM deals")
    assert described.typed_search_attributes[KINDLING_RECORD] == f"deal-{deal_id}"


async def test_it_tags_the_deal_and_updates_its_contact_where_it_says_so(town: Town) -> None:
    begin(
        town,
        {"add_tag": "big", "to": "deal"},
        {"add_tag": "late", "to": "deal"},
        {"remove_tag": "late", "to": "deal"},
        {"add_tag": "buyer"},
        {"if": {"deal.tags": {"has": "big"}}, "then": [{"add_tag": "seen"}]},
        {
            "update": {
                "stage": "closing",
                "contact": {
                    "stage": "customer",
                    "owner": ["kim", "lee"],
                    "dnd": ["sms"],
                    "fields": {"last_deal": "{{ deal.name }}"},
                },
            }
        },
        {"update": {"contact": {"fields": {"tags_of_deal": "{{ deal.tags | join(', ') }}"}}}},
    )
    await finished(town)
    query = town.world.query
    assert query("SELECT stage, owner, tags FROM deals") == [("closing", "eve", '["big"]')]
    assert query("SELECT stage, owner, tags, dnd, fields FROM contacts") == [
        (
            "customer",
            "kim",
            '["buyer","seen"]',
            '["sms"]',
            '{"last_deal":"Renewal","tags_of_deal":"big"}',
        )
    ]


async def test_a_contacts_follow_up_tags_the_deal_that_the_event_named(town: Town) -> None:
    town.world.automate({"event": "asked"}, "ask", steps=[{"add_tag": "asked", "to": "deal"}])
    town.world.send("asked", "ada")
    town.wake()
    await finished(town, "failed")
    [(error,)] = town.world.query("SELECT last_error FROM enrollments")
    assert error.endswith("there is no deal: neither is one enrolled, nor did what enrolled name one")


async def test_a_deal_has_no_dnd(town: Town) -> None:
    begin(town, {"update": {"dnd": "all"}})
    await finished(town, "failed")
    assert "a deal has no dnd" in town.world.query("SELECT last_error FROM enrollments")[0][0]


async def test_an_event_of_a_deal_starts_one_for_the_deal(town: Town) -> None:
    world = town.world
    world.publish({"on": "x", "points": 1})
    world.automate(
        {"event": "deal.won"}, "won", steps=[{"create_task": {"title": "Thank for {{ deal.name }}"}}]
    )
    world.deal("d1", "ada", name="Renewal")
    world.deal("d1", "ada", status="won")
    town.wake()
    await finished(town)
    assert world.query("SELECT title FROM tasks") == [("Thank for Renewal",)]
