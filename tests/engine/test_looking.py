"""Triggers that look at fields and other scores too: the last condition may come true by any of them."""

from typing import Any

import pytest

from tests.engine.world import World

LEADS = {"score": {"greater_or_equal": 50}, "contact.stage": {"equal": "lead"}}


def automate(world: World, filters: Any = None, **more: Any) -> None:
    trigger = {
        "profile": "p",
        "filters": filters or LEADS,
        "fires": "on_entry",
        "looks_at": "scores_and_fields",
    }
    world.automate({**trigger, **more}, "hot")


def entered(world: World) -> list[tuple[Any, ...]]:
    """(contact, previous, current, cause)."""
    return world.query(
        "SELECT c.key, e.previous, e.current, e.cause FROM enrollments e JOIN contacts c ON c.id = e.contact_id "
        "ORDER BY e.id"
    )


@pytest.fixture
def scored(world: World) -> World:
    """A world with points, where ada has 60."""
    world.publish({"on": "e", "points": 60}, {"on": "more", "points": 1}, {"on": "less", "points": -40})
    world.send("hello")
    world.score()
    return world


def test_points_first_and_the_stage_later(scored: World) -> None:
    automate(scored)
    scored.send()
    scored.score()
    assert entered(scored) == []
    scored.change(stage="lead")
    scored.score()
    assert entered(scored) == [("ada", 60, 60, "attribute")]
    scored.send("more")
    scored.change(name="Ada")
    scored.score()
    assert len(entered(scored)) == 1, "it is inside, and what changed is not read"


def test_the_stage_first_and_points_later(scored: World) -> None:
    automate(scored)
    scored.change(stage="lead")
    scored.score()
    scored.send()
    scored.score()
    assert entered(scored) == [("ada", None, 60, "event")]


def test_both_in_one_batch_enter_once(scored: World) -> None:
    automate(scored)
    scored.send()
    scored.change(stage="lead")
    scored.score()
    assert len(entered(scored)) == 1


def test_a_field_that_gives_points_itself_enters_once(world: World) -> None:
    world.publish({"on": "e", "points": 45}, {"while": {"stage": {"equal": "lead"}}, "points": 10})
    automate(world)
    world.send()
    world.score()
    world.change(stage="lead")
    world.score()
    assert entered(world) == [("ada", 45, 55, "attribute")]


def test_leaving_and_coming_back_enters_again(scored: World) -> None:
    automate(scored)
    scored.send()
    for stage in ("lead", "customer", "lead"):
        scored.change(stage=stage)
        scored.score()
    assert len(entered(scored)) == 2


def test_away_and_back_before_anybody_looked_is_no_entry(scored: World) -> None:
    automate(scored)
    scored.send()
    scored.change(stage="lead")
    scored.score()
    scored.change(stage="customer")
    scored.change(stage="lead")
    scored.score()
    assert len(entered(scored)) == 1


def test_several_fields_of_one_change_enter_once(scored: World) -> None:
    automate(scored, {**LEADS, "contact.tags": {"has": "vip"}, "contact.city": {"equal": "Bonn"}})
    scored.send()
    scored.score()
    scored.change(stage="lead", tags=["vip"], fields={"city": "Bonn"})
    scored.score()
    assert len(entered(scored)) == 1


def test_every_change_is_looked_at_where_the_filters_read_it(scored: World) -> None:
    automate(scored, fires="every_change")
    scored.send()
    scored.score()
    scored.change(stage="lead")
    scored.score()
    scored.change(name="Ada")
    scored.score()
    scored.send("more")
    scored.score()
    assert [row[3] for row in entered(scored)] == ["attribute", "event"]


def test_another_score_that_the_filters_read_is_looked_at(scored: World) -> None:
    scored.publish({"on": "fit", "points": 30}, key="fit")
    automate(scored, {"score": {"greater_or_equal": 50}, "scores.fit": {"greater_or_equal": 30}})
    scored.send()
    scored.score()
    scored.send("fit")
    scored.score()
    assert entered(scored) == [("ada", 60, 60, "event")]


def test_an_event_that_moves_both_scores_enters_once(world: World) -> None:
    world.publish({"on": "e", "points": 60})
    world.publish({"on": "e", "points": 30}, key="fit")
    automate(world, {"score": {"greater_or_equal": 50}, "scores.fit": {"greater_or_equal": 30}})
    world.send()
    world.score()
    assert entered(world) == [("ada", None, 60, "event")]


def test_a_score_that_was_there_and_one_that_comes_with_it(world: World) -> None:
    """The event moves the own score within the range, and the other one into it."""
    world.publish({"on": "e", "points": 60}, {"on": "both", "points": 5})
    world.publish({"on": "both", "points": 30}, key="fit")
    automate(world, {"score": {"greater_or_equal": 50}, "scores.fit": {"greater_or_equal": 30}})
    world.send()
    world.score()
    world.send("both")
    world.score()
    assert entered(world) == [("ada", 60, 65, "event")]


def test_silent_changes_of_other_scores_enroll_nobody(scored: World) -> None:
    scored.publish({"on": "fit", "points": 30}, key="fit")
    automate(scored, {"score": {"greater_or_equal": 50}, "scores.fit": {"greater_or_equal": 30}})
    scored.send()
    scored.send("fit", silent=True)
    scored.score()
    assert entered(scored) == []


def test_rearm_reentry_and_loops_count_as_for_scores(scored: World) -> None:
    automate(scored, rearm={"less": 30})
    scored.send()
    for stage in ("lead", "customer", "lead"):
        scored.change(stage=stage)
        scored.score()
    assert len(entered(scored)) == 1, "the score has not been below 30"
    scored.send("less")
    scored.score()
    scored.send()
    scored.score()
    assert len(entered(scored)) == 2


def test_what_a_follow_up_changes_carries_its_chain(scored: World) -> None:
    automate(scored)
    scored.send()
    scored.score()
    scored.change(stage="lead", depth=6)
    scored.score()
    assert scored.skips() == [("hot", "ada", "depth")]


def test_a_deal_looks_at_its_own_fields_and_its_contacts(world: World) -> None:
    world.publish({"on": "e", "points": 60}, applies_to="deal", key="d")
    world.automate(
        {
            "profile": "d",
            "fires": "on_entry",
            "looks_at": "scores_and_fields",
            "filters": {
                "score": {"greater": 50},
                "deal.stage": {"equal": "offer"},
                "contact.stage": {"equal": "lead"},
            },
        },
        "hot",
    )
    world.deal("d-1")
    world.deal("d-2")
    world.send(deal="d-1")
    world.send(deal="d-2")
    world.score()
    world.deal("d-1", stage="offer")
    world.score()
    assert entered(world) == []
    world.change(stage="lead")
    world.score()
    assert entered(world) == [("ada", 60, 60, "attribute")]
    world.deal("d-2", stage="offer")
    world.score()
    assert len(entered(world)) == 2


def test_a_trigger_on_scores_alone_is_as_before(scored: World) -> None:
    scored.automate({"profile": "p", "filters": LEADS, "fires": "on_entry"}, "hot")
    scored.send()
    scored.score()
    scored.change(stage="lead")
    scored.score()
    assert entered(scored) == []


def test_one_change_of_a_contacts_score_lets_each_of_its_deals_enter(world: World) -> None:
    world.publish({"on": "e", "points": 60}, key="c")
    world.publish({"on": "d", "points": 5}, key="dl", applies_to="deal")
    for deal in ("d1", "d2", "d3"):
        world.deal(deal)
        world.send("d", deal=deal)
    world.score()
    world.automate(
        {
            "profile": "dl",
            "filters": {"scores.c": {"greater_or_equal": 50}},
            "fires": "on_entry",
            "looks_at": "scores_and_fields",
        }
    )
    world.send("e")
    world.score()
    assert [row[1] for row in world.enrollments()] == ["ada"] * 3


def test_a_drop_and_a_rise_in_the_batch_of_an_entry_by_a_field_arm_again(scored: World) -> None:
    scored.publish({"on": "e", "points": 60}, {"on": "less", "points": -40}, {"on": "up", "points": 40})
    automate(scored, rearm={"less": 40})
    scored.send()
    scored.score()
    scored.change(stage="lead")
    scored.send("less")
    scored.send("up")
    scored.score()
    assert [row[1:3] for row in entered(scored)] == [(60, 60), (20, 60)]


def test_an_event_that_cannot_be_read_has_no_properties(scored: World) -> None:
    automate(scored, {"event.x": {"not_equal": 3}, "score": {"greater": 5}}, fires="every_change")
    scored.corrupt(scored.send(x=1), "{broken")
    scored.score()
    assert len(entered(scored)) == 1
