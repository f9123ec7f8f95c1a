"""The storm limit on the real engine: the rest waits, and starts at the allowed rate or not at all."""

import pytest

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
