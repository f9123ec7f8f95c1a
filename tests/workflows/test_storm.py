"""The storm limit on the real engine: the rest waits, and starts at the allowed rate or not at all."""

from typing import Any

import pytest

from store.follow_ups import holding
from tests.workflows.conftest import Town

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.stack]


def begin(town: Town, count: int, times: int) -> None:
    town.world.publish({"on": "e", "points": 7})
    trigger = {"profile": "p", "max_starts": {"times": times, "per": "minute"}}
    town.world.automate(trigger, "many", steps=[{"add_tag": "x"}])
    for number in range(count):
        town.world.send(contact=f"c{number}")
    town.wake()


async def test_only_so_many_start_and_the_others_are_queued(town: Town) -> None:
    begin(town, 10, 4)
    await town.until(lambda: sorted(town.status()) == ["completed"] * 4 + ["queued"] * 6)
    [(now, later)] = town.world.query(
        "SELECT count(*) FILTER (WHERE start_at <= created_at), count(*) FILTER (WHERE start_at > created_at) "
        "FROM enrollments"
    )
    assert (now, later) == (4, 6)
    with town.world.database.write() as connection:  # a minute goes by
        connection.exec_driver_sql(
            "UPDATE enrollments SET start_at = start_at - 60000000 WHERE status = 'queued'"
        )
    town.wake()
    await town.until(lambda: sorted(town.status()) == ["completed"] * 8 + ["queued"] * 2)


def queue_two(town: Town, **trigger: Any) -> None:
    """Ada's follow-up starts, those of ben and eve wait; then ben is no lead any more."""
    town.world.automate(
        {
            "profile": "p",
            "filters": {"score": {"greater_or_equal": 5}, "contact.stage": {"not_equal": "customer"}},
            "max_starts": {"times": 1, "per": "hour"},
            **trigger,
        },
        "hot",
    )
    town.world.publish({"on": "e", "points": 7})
    for contact in ("ada", "ben", "eve"):
        town.world.send(contact=contact)
        town.world.score()


def its_turn(town: Town) -> None:
    """An hour and another go by."""
    with town.world.database.write() as connection:
        connection.exec_driver_sql(
            "UPDATE enrollments SET start_at = start_at - 8000000000, created_at = created_at - 8000000000"
        )
    town.wake()


async def test_what_waited_for_its_start_and_matches_no_more_is_skipped_as_stale(town: Town) -> None:
    queue_two(town)
    town.wake()
    await town.until(lambda: sorted(town.status()) == ["completed", "queued", "queued"])
    town.world.change("ben", stage="customer")
    town.world.score()
    its_turn(town)
    await town.until(lambda: town.status() == ["completed", "completed"])
    assert town.world.skips() == [("hot", "ben", "stale")]
    assert [row[1] for row in town.world.enrollments()] == ["ada", "eve"]


async def test_a_trigger_may_start_what_waited_anyway(town: Town) -> None:
    queue_two(town, queued="start_anyway")
    town.wake()
    await town.until(lambda: sorted(town.status()) == ["completed", "queued", "queued"])
    town.world.change("ben", stage="customer")
    town.world.score()
    its_turn(town)
    await town.until(lambda: town.status() == ["completed"] * 3)
    assert town.world.skips() == []


async def test_what_a_hold_kept_is_looked_at_again_too(town: Town) -> None:
    town.world.publish({"on": "e", "points": 7}, {"on": "back", "points": -5})
    town.world.automate({"profile": "p", "filters": {"score": {"greater": 5}}}, "hot")
    town.world.automate({"event": "e", "where": {"contact.stage": {"empty": True}}}, "seen")
    town.world.database.run(lambda connection: holding.set_held(connection, town.world.now, held=True))
    for contact in ("ada", "ben"):
        town.world.send(contact=contact)
    town.world.score()
    town.world.send("back", "ben")
    town.world.change("ben", stage="customer")
    town.world.score()
    town.world.later(1)
    town.world.database.run(lambda connection: holding.set_held(connection, town.world.now, held=False))
    town.wake()
    await town.until(lambda: town.status() == ["completed", "completed"])
    assert sorted(town.world.skips()) == [("hot", "ben", "stale"), ("seen", "ben", "stale")]


async def test_who_was_enrolled_by_hand_starts_whatever_holds(town: Town) -> None:
    queue_two(town)
    town.world.score()
    with town.world.database.write() as connection:
        connection.exec_driver_sql("UPDATE enrollments SET cause = 'manual'")
    town.world.change("ben", stage="customer")
    town.world.score()
    its_turn(town)
    await town.until(lambda: town.status() == ["completed"] * 3)
