"""Who comes after whom among the follow-ups that one change begins."""

import pytest

from store.follow_ups import enrolling, repairs, watching
from tests.engine.world import World


def chain(world: World, contact: str = "ada") -> list[tuple[str, str | None]]:
    """(automation, the one that it comes after) of a contact's enrollments, by automation."""
    return [
        (row[0], row[1])
        for row in world.query(
            "SELECT a.key, b.key FROM enrollments e JOIN automations a ON a.id = e.automation_id "
            "JOIN contacts c ON c.id = e.contact_id LEFT JOIN enrollments p ON p.id = e.after_id "
            f"LEFT JOIN automations b ON b.id = p.automation_id WHERE c.key = '{contact}' ORDER BY a.key"
        )
    ]


def test_a_field_that_moves_two_scores_begins_one_after_the_other(world: World) -> None:
    rule = {"while": {"stage": {"equal": "lead"}}, "points": 10}
    world.publish(rule, key="p")
    world.publish(rule, {"on": "x", "points": 1}, key="q")
    for profile in ("p", "q"):
        world.automate({"profile": profile, "filters": {"score": {"greater": 5}}}, f"of-{profile}")
    world.send("x")
    world.score()
    world.change(stage="lead")
    world.score()
    assert chain(world) == [("of-p", None), ("of-q", "of-p")]


def test_an_event_that_scores_and_triggers_begins_one_after_the_other(world: World) -> None:
    world.publish({"on": "e", "points": 10})
    world.automate({"event": "e"}, "by-event", order=2)
    world.automate({"profile": "p"}, "by-score", order=1)
    world.send()
    world.send()
    world.score()
    assert chain(world) == [("by-event", "by-score")] * 2 + [("by-score", None)] * 2


def test_one_that_the_storm_limit_puts_off_comes_after_the_others(world: World) -> None:
    world.publish({"on": "e", "points": 10})
    world.automate({"profile": "p"}, "a")
    world.automate({"profile": "p", "max_starts": {"times": 1, "per": "minute"}}, "b")
    world.automate({"profile": "p"}, "c")
    world.send(contact="ben")
    world.score()
    world.send()
    world.score()
    assert chain(world, "ben") == [("a", None), ("b", "a"), ("c", "b")]
    assert chain(world) == [("a", None), ("b", "c"), ("c", "a")]


@pytest.mark.parametrize("way", ["cancelled", "dropped", "exited"])
def test_who_comes_after_one_that_never_starts_comes_after_whom_that_came_after(
    world: World, way: str
) -> None:
    world.publish({"on": "e", "points": 10})
    for key in ("a", "b", "c", "d"):
        world.automate({"profile": "p"}, key)
    world.send()
    world.score()
    for key in ("c", "b"):
        [(enrollment_id, automation_id)] = world.query(
            "SELECT e.id, e.automation_id FROM enrollments e JOIN automations a ON a.id = e.automation_id "
            f"WHERE a.key = '{key}'"
        )
        with world.database.write() as connection:
            if way == "cancelled":
                repairs.cancel(connection, enrollment_id, world.now)
            elif way == "exited":
                watching.exit_early(connection, enrollment_id, "exit_when holds", world.now)
            else:
                enrolling.drop_queued(connection, automation_id, world.now)
    assert dict(chain(world))["d"] == "a"
