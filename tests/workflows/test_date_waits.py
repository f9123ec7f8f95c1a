"""Waiting until a date in a field: it follows the field, and what is over is not sent unless somebody wants that."""

from datetime import timedelta
from typing import Any

import pytest

from conditions.times import DAY, to_iso
from runtime.settings import Settings
from services.follow_ups.listing import FollowUps
from services.follow_ups.repairs import Repairs
from services.resources import Resources
from tests.workflows.conftest import Town

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.stack]
DEMO = {"until": "contact.demo_at"}


def day(town: Town, days: float) -> str:
    return to_iso(town.world.now + int(days * DAY))


async def begin(town: Town, *steps: dict[str, Any], days: float) -> str:
    """A contact whose demo is in so many days enters; its enrollment."""
    town.world.automate({"event": "booked"}, "demo", steps=list(steps))
    town.world.send("hello")
    town.world.change(fields={"demo_at": day(town, days)})
    town.world.send("booked")
    town.wake()
    [enrollment] = await town.enrolled()
    return enrollment


async def waits(town: Town) -> None:
    await town.until(lambda: town.outcomes() == ["0"])


async def moved(town: Town, enrollment: str, demo_at: str | None, shown: str) -> None:
    """The date moves, and the page of the follow-up says so."""
    town.world.change(fields={"demo_at": demo_at} if demo_at else {})
    town.wake()

    async def says() -> bool:
        details = await town.follow_up(enrollment).query("__temporal_workflow_metadata")
        return shown in str(details)

    await town.until(says)


def until(town: Town) -> Any:
    return town.world.query("SELECT json_extract(result, '$.until') FROM outcomes WHERE path = '0'")[0][0]


def tags(town: Town) -> str:
    return str(town.world.query("SELECT tags FROM contacts")[0][0])


async def test_a_later_date_is_waited_for(town: Town) -> None:
    enrollment = await begin(town, {"wait": DEMO}, {"add_tag": "demo"}, days=2)
    await waits(town)
    later = day(town, 9)
    await moved(town, enrollment, later, f"until {later[:10]}")
    await town.environment.fast_forward(town.follow_up(enrollment), timedelta(days=5))
    assert town.status() == ["running"]
    await town.environment.fast_forward(town.follow_up(enrollment), timedelta(days=5))
    await town.until(lambda: town.status() == ["completed"])
    assert tags(town) == '["demo"]'


async def test_an_earlier_date_ends_the_wait_earlier(town: Town) -> None:
    enrollment = await begin(town, {"wait": DEMO}, {"add_tag": "demo"}, days=30)
    await waits(town)
    sooner = day(town, 2)
    await moved(town, enrollment, sooner, f"until {sooner[:10]}")
    await town.environment.fast_forward(town.follow_up(enrollment), timedelta(days=3))
    await town.until(lambda: town.status() == ["completed"])


async def test_a_date_taken_away_is_not_waited_for_until_there_is_another(town: Town) -> None:
    enrollment = await begin(town, {"wait": DEMO}, {"add_tag": "demo"}, days=2)
    await waits(town)
    await moved(town, enrollment, None, "which holds no date now")
    await town.environment.fast_forward(town.follow_up(enrollment), timedelta(days=40))
    assert town.status() == ["running"]
    town.world.change(fields={"demo_at": day(town, -1)})
    town.wake()
    await town.until(lambda: town.status() == ["completed"])


async def test_a_zone_that_moves_moves_the_end_of_the_wait(town: Town) -> None:
    town.world.send("hello")
    town.world.change(fields={"zone": "Asia/Tokyo", "on": "2040-01-10"})
    town.world.automate(
        {"event": "booked"}, "demo", steps=[{"wait": {"until": "contact.on", "timezone": "contact.zone"}}]
    )
    town.world.send("booked")
    town.wake()
    await waits(town)
    before = until(town)
    town.world.change(fields={"zone": "UTC", "on": "2040-01-10"})
    town.wake()
    await town.until(lambda: until(town) == before + 9 * 3_600_000_000)


@pytest.mark.parametrize(
    ("if_past", "tagged", "reason"),
    [
        (None, '["soon","after"]', None),
        ("now", '["soon","after"]', None),
        ("skip", '["after"]', None),
        ("stop", "[]", "stopped: contact.demo_at is over"),
    ],
)
async def test_a_date_that_is_over_at_the_start(
    town: Town, if_past: str | None, tagged: str, reason: str | None
) -> None:
    wait = {**DEMO, "offset": "-1d", **({"if_past": if_past} if if_past else {})}
    enrollment = await begin(
        town,
        {"wait": wait},
        {"add_tag": "soon"},
        {"create_task": {"title": "Prepare the demo"}},
        {"wait": "1s"},
        {"add_tag": "after"},
        days=0.5,
    )
    await town.until(lambda: town.status() == ["completed"])
    assert tags(town) == tagged
    assert town.world.query("SELECT count(*) FROM tasks") == [(1 if "soon" in tagged else 0,)]
    assert (await town.follow_up(enrollment).result())["reason"] == reason


@pytest.mark.parametrize(
    ("if_past", "tagged"), [("now", '["soon","after"]'), ("skip", '["after"]'), ("stop", "[]")]
)
async def test_a_date_that_moves_into_the_past_while_it_is_waited_for(
    town: Town, if_past: str, tagged: str
) -> None:
    await begin(
        town,
        {"wait": {**DEMO, "if_past": if_past}},
        {"add_tag": "soon"},
        {"wait": "1s"},
        {"add_tag": "after"},
        days=5,
    )
    await waits(town)
    town.world.change(fields={"demo_at": day(town, -3)})
    town.wake()
    await town.until(lambda: town.status() == ["completed"])
    assert tags(town) == tagged


async def test_a_wait_that_ends_in_time_goes_on_with_what_follows(town: Town) -> None:
    enrollment = await begin(
        town, {"wait": {**DEMO, "if_past": "skip"}}, {"add_tag": "soon"}, {"add_tag": "more"}, days=5
    )
    await waits(town)
    await town.environment.fast_forward(town.follow_up(enrollment), timedelta(days=6))
    await town.until(lambda: town.status() == ["completed"])
    assert tags(town) == '["soon","more"]'
    assert town.outcomes() == ["0", "1", "2"]


async def test_a_wait_that_is_skipped_by_hand_stays_over_when_the_date_moves(
    town: Town, settings: Settings
) -> None:
    await begin(town, {"wait": {**DEMO, "if_past": "skip"}}, {"add_tag": "soon"}, {"wait": "30d"}, days=5)
    await waits(town)
    repairs = Repairs(Resources(settings, town.world.database, lambda: town.world.now, town.wakes, 4))
    repairs.skip(town.ids()[0])
    town.world.change(fields={"demo_at": day(town, 20)})
    town.wake()
    await town.until(lambda: town.outcomes() == ["0", "1", "2"])
    assert tags(town) == '["soon"]'


async def test_the_api_shows_until_when_a_follow_up_waits(town: Town, settings: Settings) -> None:
    """Of a wait and of a wait_for; a date taken away, and what is over, has no end."""
    resources = Resources(settings, town.world.database, lambda: town.world.now, town.wakes, 4)

    def shown() -> str | None:
        return FollowUps(resources).enrollments(limit=10).items[0].waits_until

    demo = day(town, 3)
    enrollment = await begin(
        town, {"wait": DEMO}, {"wait_for": {"event": "signed", "timeout": "2d"}}, {"add_tag": "late"}, days=3
    )
    await waits(town)
    assert shown() == demo
    await moved(town, enrollment, None, "which holds no date now")
    assert shown() is None
    town.world.change(fields={"demo_at": day(town, -1)})
    town.wake()
    await town.until(lambda: bool(town.world.query("SELECT 1 FROM waits WHERE path = '1'")))
    [(deadline,)] = town.world.query("SELECT deadline_at FROM waits WHERE path = '1'")
    assert shown() == to_iso(deadline)
    town.world.send("signed")
    town.wake()
    await town.until(lambda: town.status() == ["completed"])
    assert shown() is None


async def test_a_wait_until_somebody_has_been_silent_for_long(town: Town) -> None:
    silent = {"until": "contact.last_seen", "offset": "5d"}
    town.world.automate({"event": "booked"}, "quiet", steps=[{"wait": silent}, {"add_tag": "quiet"}])
    town.world.send("booked")
    town.wake()
    [enrollment] = await town.enrolled()
    await waits(town)
    assert until(town) == town.world.now + 5 * DAY
    town.world.later(48)
    town.world.send("visit")
    town.world.change(stage="lead")
    town.wake()
    await town.until(lambda: until(town) == town.world.now + 5 * DAY)
    await town.environment.fast_forward(town.follow_up(enrollment), timedelta(days=8))
    await town.until(lambda: town.status() == ["completed"])
    assert tags(town) == '["quiet"]'
