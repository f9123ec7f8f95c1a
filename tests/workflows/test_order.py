"""Several automations at one change: their first steps come one after another, in a defined order."""

from typing import Any

import pytest

from tests.workflows.conftest import Town

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.stack]
LEVELS = {"cold": 1, "warm": 20, "hot": 30}


def level(town: Town, tag: str, *more: dict[str, Any], key: str | None = None, **wanted: Any) -> None:
    """An automation that sets one tag and takes the others away."""
    others = [{"remove_tag": other} for other in LEVELS if other != tag]
    trigger = {"profile": "p", "filters": {"score": {"greater_or_equal": LEVELS[tag]}}, "fires": "on_entry"}
    town.world.automate(trigger, key or tag, steps=[{"add_tag": tag}, *others, *more], **wanted)


def jump(town: Town, count: int) -> None:
    town.world.publish({"on": "e", "points": 35})
    for number in range(count):
        town.world.send(contact=f"c{number}")
    town.wake()


async def all_done(town: Town, count: int) -> list[str]:
    await town.until(lambda: town.status() == ["completed"] * count)
    return [row[0] for row in town.world.query("SELECT DISTINCT tags FROM contacts")]


async def test_the_order_says_who_comes_last(town: Town) -> None:
    level(town, "hot", order=3)
    level(town, "warm", order=2)
    level(town, "cold", order=1)
    jump(town, 12)
    assert await all_done(town, 36) == ['["hot"]']


async def test_among_equals_the_key_decides(town: Town) -> None:
    level(town, "hot", key="a-hot")
    level(town, "cold", key="b-cold")
    level(town, "warm", key="c-warm")
    jump(town, 8)
    assert await all_done(town, 24) == ['["warm"]']


async def test_the_next_begins_when_the_one_before_it_waits(town: Town) -> None:
    level(town, "cold", {"wait": "30d"}, {"add_tag": "never"}, order=1)
    level(town, "hot", order=2)
    jump(town, 1)
    await town.until(lambda: sorted(town.status()) == ["completed", "running"])
    assert town.world.query("SELECT tags FROM contacts") == [('["hot"]',)]


async def test_one_that_fails_lets_the_next_begin(town: Town) -> None:
    level(town, "cold", {"adjust_score": {"profile": "gone", "points": 1}}, order=1)
    level(town, "hot", order=2)
    jump(town, 1)
    await town.until(lambda: sorted(town.status()) == ["completed", "failed"])


async def test_one_that_the_storm_limit_puts_off_is_not_waited_for(town: Town) -> None:
    trigger = {"profile": "p", "max_starts": {"times": 1, "per": "day"}}
    town.world.automate(trigger, "slow", order=1)
    town.world.automate({"profile": "p"}, "quick", order=2)
    jump(town, 3)
    await town.until(lambda: sorted(town.status()) == ["completed"] * 4 + ["queued"] * 2)


async def test_a_paused_one_is_not_waited_for(town: Town) -> None:
    level(town, "cold", order=1)
    level(town, "hot", order=2)
    town.world.publish({"on": "e", "points": 35})
    town.world.send()
    town.world.score()
    with town.world.database.write() as connection:
        connection.exec_driver_sql(
            "UPDATE enrollments SET paused = 1 WHERE automation_id = (SELECT id FROM automations WHERE key = 'cold')"
        )
    town.wake()
    await town.until(lambda: "completed" in town.status())
    assert town.world.query("SELECT tags FROM contacts") == [('["hot"]',)]


async def test_long_first_steps_are_done_before_the_next_begins(town: Town) -> None:
    level(town, "cold", *({"create_task": {"title": f"{number}"}} for number in range(45)), order=1)
    level(town, "hot", order=2)
    jump(town, 1)
    await town.until(lambda: town.status() == ["completed"] * 2)
    [(last,), (first,)] = town.world.query(
        "SELECT max(at) FROM outcomes GROUP BY enrollment_id ORDER BY count(*) DESC"
    )
    assert last <= first
