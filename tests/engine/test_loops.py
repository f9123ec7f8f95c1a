"""A loop through another system comes to an end: by its chain, and by how often one record is enrolled."""

from engine.published import PublishedCache
from tests.engine.world import World


def round_trips(world: World, count: int, contact: str = "ada", **event: object) -> None:
    for _ in range(count):
        world.send("crm.updated", contact, **event)  # type: ignore[arg-type]
        world.score()


def enrolled(world: World, contact: str = "ada") -> int:
    return sum(row[1] == contact for row in world.enrollments())


def test_the_twenty_first_enrollment_within_an_hour_is_taken_for_a_loop(world: World) -> None:
    world.automate({"event": "crm.updated"}, "sync")
    round_trips(world, 23)
    assert enrolled(world) == 20
    assert world.skips() == [("sync", "ada", "loop")] * 3
    round_trips(world, 1, "ben")
    assert enrolled(world, "ben") == 1, "nobody else is concerned"


def test_many_in_one_batch_are_counted_too(world: World) -> None:
    world.publish({"on": "crm.updated", "points": 1})
    world.automate({"profile": "p"}, "sync")
    for _ in range(30):
        world.send("crm.updated")
    world.score()
    assert (enrolled(world), len(world.skips())) == (20, 10)


def test_an_hour_later_it_enrolls_again(world: World) -> None:
    world.automate({"event": "crm.updated", "reentry": "every_time"}, "sync")
    round_trips(world, 21)
    world.later(1.1)
    round_trips(world, 2)
    assert enrolled(world) == 22


def test_a_trigger_that_replaces_what_runs_is_counted_as_well(world: World) -> None:
    world.automate({"event": "crm.updated", "while_running": "replace"}, "sync")
    round_trips(world, 22)
    assert (enrolled(world), len(world.skips())) == (20, 2)


def test_an_event_that_brings_its_chain_back_ends_the_loop_at_its_depth(world: World) -> None:
    """What the webhook of the n-th follow-up leads to has the chain n; the sixth in a row does not begin."""
    world.publish({"on": "crm.updated", "points": 1})
    world.automate({"event": "crm.updated"}, "by-event")
    world.automate({"profile": "p"}, "by-score")
    for chain in range(8):
        world.send("crm.updated", chain=chain)
        world.score()
    depths = world.query("SELECT depth FROM enrollments ORDER BY depth")
    assert [depth for (depth,) in depths] == sorted([*range(6)] * 2)
    assert {row[2] for row in world.skips()} == {"depth"}


def test_the_limit_is_a_setting(world: World) -> None:
    world.published = PublishedCache(loop_limit=3)
    world.automate({"event": "crm.updated"}, "sync")
    round_trips(world, 5)
    assert (enrolled(world), len(world.skips())) == (3, 2)


def test_enrollments_by_hand_are_not_counted(world: World) -> None:
    world.automate({"event": "crm.updated"}, "sync")
    round_trips(world, 20)
    with world.database.write() as connection:
        connection.exec_driver_sql("UPDATE enrollments SET cause = 'manual'")
    round_trips(world, 1)
    assert enrolled(world) == 21
