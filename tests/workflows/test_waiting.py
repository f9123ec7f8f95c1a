"""Waiting for conditions and events, and early ends, on the real engine."""

from datetime import timedelta
from typing import Any

import pytest
from temporalio.client import WorkflowExecutionStatus

from runtime.registry import KINDLING_OUTCOME
from tests.workflows.conftest import Town

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.stack]
HOT = {"profile": "p", "filters": {"score": {"greater_or_equal": 5}}, "fires": "on_entry"}


def begin(town: Town, *steps: dict[str, Any], **more: Any) -> None:
    town.world.publish({"on": "e", "points": 7}, {"on": "more", "points": 10})
    town.world.automate(HOT, "hot", steps=list(steps), **more)
    town.world.send()
    town.wake()


async def finished(town: Town, status: str = "completed") -> None:
    await town.enrolled()
    await town.until(lambda: town.status() == [status])


async def waits(town: Town) -> str:
    """The enrollment, once it waits."""
    [enrollment] = await town.enrolled()
    await town.until(lambda: bool(town.world.query("SELECT 1 FROM waits")))
    return enrollment


def tags(town: Town) -> list[Any]:
    return [row[0] for row in town.world.query("SELECT tags FROM contacts")]


LATE = [{"add_tag": "late"}, {"stop": "too late"}]


async def test_it_goes_on_when_the_filters_hold(town: Town) -> None:
    begin(
        town,
        {"add_tag": "first"},
        {"wait_for": {"filters": {"score": {"greater": 10}}, "timeout": "7d", "on_timeout": LATE}},
        {"add_tag": "warm"},
    )
    await waits(town)
    town.world.send("nothing")
    town.world.score()
    town.world.send("more", silent=True)
    town.wake()
    await finished(town)
    assert tags(town) == ['["first","warm"]']
    assert town.outcomes() == ["0", "1", "2"]


async def test_what_holds_already_is_not_waited_for(town: Town) -> None:
    begin(town, {"wait_for": {"filters": {"score": {"greater": 5}}}}, {"add_tag": "on"})
    await finished(town)
    assert town.world.query("SELECT count(*) FROM waits") == [(0,)]


async def test_it_takes_the_other_way_when_time_is_over(town: Town) -> None:
    begin(
        town,
        {"wait_for": {"event": "form.submitted", "timeout": "7d", "on_timeout": LATE}},
        {"add_tag": "never"},
    )
    enrollment = await waits(town)
    await town.environment.fast_forward(town.follow_up(enrollment), timedelta(days=8))
    await finished(town)
    assert tags(town) == ['["late"]']
    assert town.outcomes() == ["0", "0.timeout.0", "0.timeout.1"]


async def test_it_waits_for_an_event_with_its_where(town: Town) -> None:
    begin(
        town, {"wait_for": {"event": "pay", "where": {"n": {"greater": 5}, "contact.stage": {"empty": True}}}}
    )
    await waits(town)
    town.world.send("pay", n=5)
    town.world.send("pay", contact="ben", n=9)
    town.world.score()
    assert town.world.query("SELECT met_at FROM waits") == [(None,)]
    paid = town.world.send("pay", n=6)
    town.wake()
    await finished(town)
    assert town.world.query("SELECT event_id FROM waits") == [(paid,)]


async def test_a_changed_field_ends_a_wait(town: Town) -> None:
    begin(town, {"wait_for": {"filters": {"contact.stage": {"equal": "demo"}}}}, {"add_tag": "demo"})
    await waits(town)
    town.world.change(stage="demo")
    town.wake()
    await finished(town)
    assert tags(town) == ['["demo"]']


@pytest.mark.parametrize(
    "steps", [[{"wait": "30d"}], [{"wait_for": {"event": "never"}}]], ids=["wait", "wait_for"]
)
@pytest.mark.parametrize(
    "exit_when",
    [{"contact.stage": {"equal": "customer"}}, {"event": "bought", "where": {"n": {"greater": 3}}}],
    ids=["filters", "event"],
)
async def test_exit_when_ends_it_at_any_moment(
    town: Town, steps: list[dict[str, Any]], exit_when: dict[str, Any]
) -> None:
    begin(town, *steps, {"add_tag": "never"}, exit_when=exit_when)
    [enrollment] = await town.enrolled()
    await town.until(lambda: town.world.query("SELECT step FROM enrollments") == [("0",)])
    town.world.send("bought", n=3)
    town.world.score()
    assert town.status() == ["running"]
    if "event" in exit_when:
        town.world.send("bought", n=4)
    else:
        town.world.change(stage="customer")
    town.wake()
    await finished(town, "exited")
    assert await town.follow_up(enrollment).result() == {"outcome": "exited", "reason": None}
    described = await town.follow_up(enrollment).describe()
    assert described.status is WorkflowExecutionStatus.COMPLETED
    assert described.typed_search_attributes[KINDLING_OUTCOME] == "exited"
    assert tags(town) == ["[]"]


async def test_exit_when_that_holds_at_the_start_enrolls_nobody(town: Town) -> None:
    town.world.send("hello")
    town.world.change(stage="customer")
    begin(town, {"add_tag": "never"}, exit_when={"contact.stage": {"equal": "customer"}})
    await town.until(lambda: [row[2] for row in town.world.skips()] == ["exit"])
    assert town.ids() == []


async def test_what_happened_before_the_enrolling_event_ends_nothing(town: Town) -> None:
    """Paid, then failed, both in one batch: the reminders begin; a success after that ends them."""
    town.world.publish({"on": "e", "points": 1})
    town.world.automate(
        {"event": "payment.failed"},
        "pay",
        steps=[{"wait": "3d"}, {"add_tag": "reminded"}],
        exit_when={"event": "payment.succeeded"},
    )
    now = town.world.now
    town.world.send("payment.failed", at=now - 1_000_000)
    town.world.send("payment.succeeded", at=now - 2_000_000)
    town.wake()
    await town.enrolled()
    await town.until(lambda: town.outcomes() == ["0"])
    town.world.send("payment.succeeded", at=now - 3_000_000)
    town.world.send("e")
    town.wake()
    await town.until(lambda: town.world.query("SELECT count(*) FROM events WHERE status = 0") == [(0,)])
    assert town.status() == ["running"]
    town.world.send("payment.succeeded", at=now)
    town.wake()
    await town.until(lambda: town.status() == ["exited"])
