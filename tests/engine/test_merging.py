"""Merging contacts and moving deals, on both databases."""

from store.follow_ups import starting
from store.intake.places import shard_of
from store.records import erasing
from tests.engine.world import World

RULES = ({"on": "e", "points": 4}, {"while": {"tags": {"has": "partner"}}, "points": 10})


def test_events_adjustments_and_tags_move_and_no_point_is_lost(world: World) -> None:
    assert shard_of("ada", 4) != shard_of("ben", 4)
    world.publish(*RULES)
    world.send(contact="ada")
    world.send(contact="ben")
    world.score()
    world.adjust("ben", points=3)
    world.change("ben", tags=["partner"])
    world.score()
    world.send(contact="ben")  # still pending
    world.merge("ben", "ada", tags=["partner"])
    world.score()
    assert world.scores() == {"ada": 4 + 4 + 3 + 10 + 4}
    assert world.changes() == [(None, 4, "event"), (4, 21, "merge"), (21, 25, "event")]


def test_the_old_key_stays_an_alias_for_events_and_calls(world: World) -> None:
    world.publish(*RULES)
    world.send(contact="ada")
    world.send(contact="ben")
    world.merge("ben", "ada")
    world.send(contact="ben")
    world.score()
    assert world.scores() == {"ada": 12}
    world.send(contact="eve")
    world.merge("ada", "eve")
    world.send(contact="ben")
    world.score()
    assert world.scores() == {"eve": 20}


def test_a_survivor_without_a_score_gets_one(world: World) -> None:
    world.publish({"on": "rare", "points": 4})
    world.send("x", "ada")
    world.send("rare", "ben")
    world.score()
    assert world.scores() == {"ben": 4}
    world.merge("ben", "ada")
    world.score()
    assert world.changes() == [(None, 4, "merge")]


def test_running_follow_ups_move_unless_the_same_automation_runs_there_already(world: World) -> None:
    world.publish({"on": "e", "points": 4}, {"on": "f", "points": 1})
    world.automate({"profile": "p", "filters": {"event.type": {"equal": "e"}}}, key="both")
    world.automate({"profile": "p", "filters": {"event.type": {"equal": "f"}}}, key="one")
    world.send("e", "ada")
    world.send("e", "ben")
    world.send("f", "ben")
    world.score()
    world.merge("ben", "ada")
    world.score()
    assert sorted((a, c, status) for a, c, _, _, status in world.enrollments()) == [
        ("both", "ada", "cancelled"),
        ("both", "ada", "queued"),
        ("one", "ada", "queued"),
    ]
    assert world.query("SELECT count(*) FROM enrollments WHERE closing") == [(1,)]


def test_deals_of_a_merged_contact_go_on_in_their_new_shard(world: World) -> None:
    world.publish({"on": "call", "points": 5, "expires_after": "1d"}, key="q", applies_to="deal")
    world.deal("d1", "ben")
    world.send("hello", "ada")
    world.send("call", "", deal="d1")
    world.score()
    world.merge("ben", "ada")
    world.send("call", "", deal="d1")
    world.score()
    assert world.scores("q") == {"d1": 10}
    world.later(24)
    world.score()
    assert world.changes("d1", "q")[-1] == (10, 0, "expiry")
    shards = world.query(
        "SELECT c.shard, d.shard, s.shard FROM deals d JOIN contacts c ON c.id = d.contact_id "
        "JOIN scores s ON s.record_id = d.id"
    )
    assert len(set(shards[0])) == 1


def test_a_deal_given_to_another_contact_takes_all_that_named_it_along(world: World) -> None:
    world.publish({"on": "call", "points": 5})
    world.publish({"on": "call", "points": 1}, key="q", applies_to="deal")
    world.send("call", "ada", deal="d1")
    world.send("hello", "ben")
    world.score()
    world.send("call", "", deal="d1")
    world.move("d1", "ben")
    world.score()
    assert world.scores() == {"ada": None, "ben": 10}
    assert world.scores("q") == {"d1": 2}
    assert world.changes("ada") == [(None, 5, "event"), (5, None, "attribute")]


def test_rules_read_the_new_contact_of_a_deal_that_was_given_away(world: World) -> None:
    world.publish(
        {"on": "call", "points": 5, "where": {"contact.stage": {"equal": "vip"}}}, key="q", applies_to="deal"
    )
    world.send("hello", "ben")
    world.change("ben", stage="vip")
    world.send("call", "ada", deal="d1")
    world.score()
    assert world.scores("q") == {"d1": None}
    world.move("d1", "ben")
    world.score()
    assert world.changes("d1", "q") == [(None, 5, "attribute")]


def test_a_deal_that_moves_past_a_sweep_is_still_scored_by_the_new_version(world: World) -> None:
    world.publish({"on": "call", "points": 1}, key="q", applies_to="deal")
    world.send("hello", "ada")
    world.send("call", "ben", deal="d1")
    world.score()
    publication = world.publish({"on": "call", "points": 5}, key="q", applies_to="deal")
    world.sweep(publication, "q", shards=[0])
    world.move("d1", "ada")
    world.sweep(publication, "q")
    world.score()
    assert world.scores("q") == {"d1": 5}


def test_what_an_erased_contact_leaves_names_none_of_its_deals(world: World) -> None:
    world.publish({"on": "call", "points": 5})
    world.automate({"profile": "p"})
    world.send("call", "ada", deal="d1")
    world.score()
    world.send("hello", "ben")
    world.move("d1", "ben")
    world.score()
    row = world.query("SELECT id, shard FROM contacts WHERE key = 'ben'")[0]
    world.database.run(lambda connection: erasing.erase_contact(connection, row[0], row[1]), [row[1]])
    assert world.query("SELECT count(*) FROM enrollments WHERE deal_id IS NOT NULL") == [(0,)]
    world.deal("d2", "ada")
    assert world.query("SELECT count(*) FROM events WHERE deal_id IS NOT NULL AND type = 'call'") == [(0,)]
    assert world.query("SELECT id > 1 FROM deals")[0][0] in (True, 1)


def test_events_stored_while_their_contact_was_being_merged_find_their_way(world: World) -> None:
    world.publish(*RULES)
    world.send(contact="ada")
    world.send(contact="ben")
    world.score()
    world.merge("ben", "ada")
    stray = world.send(contact="ada")
    # As an intake on PostgreSQL may leave it that saw the contact before.
    with world.database.write() as connection:
        connection.exec_driver_sql(
            "UPDATE events SET contact_id = (SELECT id FROM contacts WHERE key = 'ben'), "
            f"shard = {shard_of('ben', 4)} WHERE id = '{stray}'"
        )
    world.score()
    world.score()
    assert world.scores() == {"ada": 12}


def test_erasing_leaves_no_row_about_the_contact(world: World) -> None:
    world.publish(*RULES, {"after_silence": "1h", "points": -1, "of": ["e"]})
    world.publish({"on": "call", "points": 5}, key="q", applies_to="deal")
    world.automate({"profile": "p"})
    world.send(contact="ben")
    world.send(contact="ada")
    world.merge("ben", "ada")
    world.send("call", "ada", deal="d1")
    world.score()
    world.adjust("ada", points=3)
    world.adjust("d1", profile="q", points=3)
    world.score()
    world.send(contact="ada")
    ids = [row[0] for row in world.query("SELECT id FROM enrollments")]
    world.database.run(lambda connection: starting.assign(connection, "a.1", ids))
    row = world.query("SELECT id, shard FROM contacts WHERE key = 'ada'")[0]
    world.database.run(lambda connection: erasing.erase_contact(connection, row[0], row[1]), [row[1]])
    for name in (
        "contacts",
        "deals",
        "events",
        "entries",
        "scores",
        "changes",
        "adjustments",
        "enrollments",
        "skips",
    ):
        assert world.query(f"SELECT count(*) FROM {name}") == [(0,)], name
    assert world.query("SELECT workflow_id FROM cancellations") == [("a.1",)]
    world.score()
    world.send(contact="ben")
    world.score()
    assert world.scores() == {"ben": 4}
