"""Splits, starts of other automations, and waits for a time of day or a date, on the real engine."""

from datetime import timedelta
from typing import Any

import pytest

from conditions.times import DAY, to_iso
from tests.workflows.conftest import Town

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.stack]
HOT = {"profile": "p", "filters": {"score": {"greater_or_equal": 5}}, "fires": "on_entry"}


def begin(town: Town, *steps: dict[str, Any], contacts: int = 1, **more: Any) -> None:
    town.world.publish({"on": "e", "points": 7})
    town.world.automate(HOT, "hot", steps=list(steps), **more)
    for number in range(contacts):
        town.world.send(contact=f"c{number}")
    town.wake()


async def finished(town: Town, count: int = 1, status: str = "completed") -> None:
    await town.enrolled(count)
    await town.until(lambda: town.status() == [status] * count)


async def test_a_split_sends_each_record_one_way_and_always_the_same(town: Town) -> None:
    ways = [
        {"percent": 50, "steps": [{"add_tag": "a"}]},
        {"percent": 30, "name": "B", "steps": [{"add_tag": "b"}]},
    ]
    begin(town, {"split": ways}, {"add_tag": "end"}, contacts=40)
    await finished(town, 40)
    tags = [row[0] for row in town.world.query("SELECT tags FROM contacts ORDER BY id")]
    assert set(tags) == {'["a","end"]', '["b","end"]', '["end"]'}
    for number in range(40):
        town.world.change(f"c{number}", tags=[])
        town.world.adjust(f"c{number}", points=-7)
    town.wake()
    await town.until(lambda: set(town.world.scores().values()) == {0})
    for number in range(40):
        town.world.send(contact=f"c{number}")
    town.wake()
    await finished(town, 80)
    assert [row[0] for row in town.world.query("SELECT tags FROM contacts ORDER BY id")] == tags
    assert town.world.query("SELECT count(*) FROM outcomes WHERE kind = 'split'") == [(80,)]


async def test_start_enrolls_in_another_automation_and_goes_on(town: Town) -> None:
    town.world.automate(
        {"event": "never"}, "other", steps=[{"create_task": {"title": "From {{ score.current }}"}}]
    )
    begin(town, {"start": "other"}, {"add_tag": "after"})
    await finished(town, 2)
    assert town.world.query(
        "SELECT a.key, e.cause, e.depth, e.origin LIKE 'start:%' FROM enrollments e "
        "JOIN automations a ON a.id = e.automation_id ORDER BY e.depth"
    ) == [("hot", "event", 0, 0), ("other", "start", 1, 1)]
    assert town.world.query("SELECT tags FROM contacts") == [('["after"]',)]


async def test_start_obeys_reentry_and_ends_chains_at_the_fifth(town: Town) -> None:
    town.world.automate({"event": "never", "reentry": "once"}, "other", steps=[{"add_tag": "x"}])
    town.world.automate({"event": "never"}, "round", steps=[{"start": "round"}])
    begin(town, {"start": "other"}, {"start": "other"}, {"start": "round"})
    await finished(town, 7)
    assert sorted(reason for _, _, reason in town.world.skips()) == ["depth", "reentry"]


async def test_starting_what_is_not_published_fails_readably(town: Town) -> None:
    begin(town, {"start": "gone"})
    await finished(town, status="failed")
    assert (
        'the automation "gone" is not published'
        in town.world.query("SELECT last_error FROM enrollments")[0][0]
    )


async def test_a_wait_until_a_date_field_ends_there_and_not_at_all_when_it_is_over(town: Town) -> None:
    town.world.publish({"on": "e", "points": 7})
    town.world.automate(
        HOT, "hot", steps=[{"wait": {"until": "contact.renewal", "offset": "-2d"}}, {"add_tag": "soon"}]
    )
    for contact, days in (("ada", 9), ("ben", 1)):
        town.world.send("hello", contact)
        town.world.change(contact, fields={"renewal": to_iso(town.world.now + days * DAY)})
        town.world.send(contact=contact)
    town.wake()
    await town.enrolled(2)
    await town.until(lambda: sorted(town.status()) == ["completed", "running"])
    [(waiting,)] = town.world.query("SELECT id FROM enrollments WHERE status = 'running'")
    outcome = f"SELECT json_extract(result, '$.until') FROM outcomes WHERE enrollment_id = '{waiting}'"
    await town.until(lambda: bool(town.world.query(outcome)))
    [(until,)] = town.world.query(outcome)
    assert until == town.world.now + 7 * DAY
    await town.environment.fast_forward(town.follow_up(waiting), timedelta(days=8))
    await town.until(lambda: town.status() == ["completed"] * 2)


async def test_a_wait_for_monday_morning(town: Town) -> None:
    until = {"until": "09:00", "weekdays": ["mon"], "timezone": "Europe/Berlin"}
    begin(town, {"wait": until}, {"add_tag": "monday"})
    [enrollment] = await town.enrolled()
    await town.until(lambda: town.outcomes() == ["0"])
    await town.environment.fast_forward(town.follow_up(enrollment), timedelta(days=8))
    await finished(town)


async def test_an_empty_date_fails_the_step_readably(town: Town) -> None:
    begin(town, {"wait": {"until": "contact.renewal"}, "on_failure": "continue"}, {"add_tag": "on"})
    await finished(town)
    assert town.world.query("SELECT result FROM outcomes WHERE path = '0'") == [
        ('{"failed":"contact.renewal is empty"}',)
    ]
