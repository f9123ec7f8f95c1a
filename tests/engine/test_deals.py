"""Deals as scored records of their own, on both databases."""

from tests.engine.world import World

BIG = {"on": "call", "points": 5, "where": {"deal.value": {"greater": 100}}}


def test_an_event_that_names_a_deal_counts_for_the_deal_and_for_its_contact(world: World) -> None:
    world.publish({"on": "call", "points": 4})
    world.publish({"on": "call", "points": 7}, key="q", applies_to="deal")
    world.deal("d1", "ada")
    world.send("call", "", deal="d1")
    world.send("call", "ada")
    world.score()
    assert (world.scores(), world.scores("q")) == ({"ada": 8}, {"d1": 7})


def test_an_event_with_its_contact_creates_an_unknown_deal(world: World) -> None:
    world.publish(
        {"on": "deal.created", "points": 1}, {"on": "call", "points": 7}, key="q", applies_to="deal"
    )
    world.send("call", "ada", deal="new")
    world.score()
    assert world.scores("q") == {"new": 8}


def test_changes_of_a_deal_are_events_that_rules_of_both_can_use(world: World) -> None:
    won = {"on": "deal.won", "points": 20}
    moved = {"on": "deal.stage_changed", "points": 3, "where": {"to": {"equal": "offer"}}}
    worth = {"on": "field.changed", "points": 1, "where": {"field": {"equal": "deal.value"}}}
    world.publish(won, moved, worth)
    world.publish(won, moved, worth, key="q", applies_to="deal")
    world.deal("d1", "ada")
    world.deal("d1", "ada", stage="offer", value=500)
    world.deal("d1", "ada", status="won")
    world.score()
    assert (world.scores(), world.scores("q")) == ({"ada": 24}, {"d1": 24})


def test_a_field_of_the_deal_that_a_rule_of_contacts_reads_rescores_the_contact(world: World) -> None:
    world.publish(BIG)
    world.deal("d1", "ada", value=50)
    world.send("call", "", deal="d1")
    world.send("call", "ada")
    world.score()
    assert world.scores() == {"ada": None}
    world.deal("d1", "ada", value=200)
    world.score()
    assert world.scores() == {"ada": 5}
    assert world.changes() == [(None, 5, "attribute")]


def test_a_field_of_the_contact_that_a_rule_of_deals_reads_rescores_its_deals(world: World) -> None:
    rule = {"on": "call", "points": 5, "where": {"contact.owner": {"equal": "ben"}}}
    world.publish(rule, key="q", applies_to="deal")
    for deal, contact in (("d1", "ada"), ("d2", "ada"), ("d3", "bob")):
        world.deal(deal, contact)
        world.send("call", "", deal=deal)
    world.score()
    world.change("ada", owner="ben")
    world.score()
    assert world.scores("q") == {"d1": 5, "d2": 5, "d3": None}
    assert world.changes("d1", "q") == [(None, 5, "attribute")]


def test_attribute_rules_of_deals_read_the_deal(world: World) -> None:
    world.publish(
        {"while": {"stage": {"equal": "offer"}}, "points": 10},
        {"while": {"value": {"greater_or_equal": 1000}}, "points": 5},
        key="q",
        applies_to="deal",
    )
    world.deal("d1", "ada", stage="offer", value=999.5)
    world.score()
    assert world.scores("q") == {"d1": 10}
    world.deal("d1", "ada", value=1000)
    world.score()
    assert world.changes("d1", "q")[-1] == (10, 15, "attribute")


def test_a_deals_score_enrolls_the_deal_with_its_contact(world: World) -> None:
    world.publish({"on": "call", "points": 5}, key="q", applies_to="deal")
    world.automate(
        {
            "profile": "q",
            "filters": {"score": {"greater_or_equal": 5}, "contact.key": {"equal": "ada"}},
            "reentry": "once",
        }
    )
    for deal in ("d1", "d2"):
        world.deal(deal, "ada")
        world.send("call", "", deal=deal)
    world.send("call", "bob", deal="d3")
    world.send("call", "", deal="d1")
    world.score()
    enrolled = world.query(
        "SELECT c.key, d.key, e.current FROM enrollments e JOIN contacts c ON c.id = e.contact_id "
        "JOIN deals d ON d.id = e.deal_id ORDER BY d.key"
    )
    assert enrolled == [("ada", "d1", 5), ("ada", "d2", 5)]
    assert [reason for _, _, reason in world.skips()] == ["reentry"]


def test_filters_of_one_record_read_scores_of_the_other(world: World) -> None:
    world.publish({"on": "hello", "points": 3})
    world.publish({"on": "call", "points": 5}, key="q", applies_to="deal")
    world.automate({"profile": "q", "filters": {"scores.p": {"equal": 3}}})
    world.deal("d1", "ada")
    world.send("hello", "ada")
    world.score()
    world.send("call", "", deal="d1")
    world.score()
    assert len(world.enrollments()) == 1


def test_an_event_of_a_deal_enrolls_the_deal(world: World) -> None:
    world.automate({"event": "deal.won", "where": {"deal.value": {"greater": 10}}, "reentry": "once"})
    world.publish({"on": "x", "points": 1})
    for deal in ("d1", "d2"):
        world.deal(deal, "ada", value=50)
        world.deal(deal, "ada", status="won")
    world.score()
    assert world.query("SELECT count(*) FROM enrollments WHERE deal_id IS NOT NULL") == [(2,)]
