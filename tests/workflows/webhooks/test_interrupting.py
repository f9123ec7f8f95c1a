"""Pauses, skips, retries and cancels of follow-ups that call a webhook, also while a call is under way."""

import pytest
from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError

from services.follow_ups.repairs import Repairs
from services.resources import Resources
from store.follow_ups import enrollments
from tests.workflows.conftest import Town
from tests.workflows.webhook_server import Hooks
from tests.workflows.webhooks.conftest import begin, done, step

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.stack]


async def test_a_refusal_ends_it_and_a_retry_sends_the_same_again(
    town: Town, hooks: Hooks, resources: Resources
) -> None:
    hooks.answer(422, {"error": "no"})
    begin(town, step(hooks), {"add_tag": "told"})
    await done(town, "failed")
    [(error,)] = town.world.query("SELECT last_error FROM enrollments")
    assert error == "call 127.0.0.1: the webhook's host answered 422 Unprocessable Content" or "422" in error
    [enrollment] = town.ids()
    Repairs(resources).retry(enrollment)
    await done(town)
    assert len({received.headers["webhook-id"] for received in hooks.received}) == 1
    assert town.world.query("SELECT tags FROM contacts") == [('["told"]',)]
    assert town.world.query("SELECT path, attempt FROM outcomes ORDER BY path") == [("0", 2), ("1", 2)]


async def test_skipping_ends_the_tries_of_a_webhook(town: Town, hooks: Hooks, resources: Resources) -> None:
    hooks.answer(429, None, Retry_After="3600")
    begin(town, step(hooks), {"add_tag": "went on"})
    await town.until(lambda: town.world.query("SELECT tries FROM enrollments") == [(1,)])
    [enrollment] = town.ids()
    Repairs(resources).skip(enrollment)
    await done(town)
    assert len(hooks.received) == 1
    assert town.world.query("SELECT status, reason FROM webhooks") == [("skipped", "skipped by hand")]
    assert town.world.query("SELECT tags FROM contacts") == [('["went on"]',)]


async def test_a_pause_between_tries_holds_and_a_resume_tries_at_once(
    town: Town, hooks: Hooks, resources: Resources
) -> None:
    hooks.answer(429, None, Retry_After="3600")
    begin(town, step(hooks))
    await town.until(lambda: town.world.query("SELECT tries FROM enrollments") == [(1,)])
    [enrollment] = town.ids()
    repairs = Repairs(resources)
    assert repairs.pause(enrollment).paused is True
    assert repairs.resume(enrollment).paused is False
    await done(town)
    assert len(hooks.received) == 2
    assert len({received.headers["webhook-id"] for received in hooks.received}) == 1


async def test_a_retry_leaves_alone_what_failed_before_and_was_passed_over(
    town: Town, hooks: Hooks, resources: Resources
) -> None:
    hooks.answer(400)
    hooks.answer(404)
    first = {"webhook": {"url": f"{hooks.url}/first"}, "on_failure": "continue"}
    begin(town, first, {"add_tag": "x"}, {"webhook": {"url": f"{hooks.url}/second"}})
    await done(town, "failed")
    [enrollment] = town.ids()
    Repairs(resources).retry(enrollment)
    await done(town)
    assert [received.path for received in hooks.received] == ["/first", "/second", "/second"]
    assert hooks.received[1].headers["webhook-id"] == hooks.received[2].headers["webhook-id"]


async def test_a_call_under_way_comes_to_its_end_whatever_happens_meanwhile(
    town: Town, hooks: Hooks, resources: Resources
) -> None:
    """Skipped while it was answered with a refusal: the follow-up goes on, and the answer changes nothing."""
    hooks.gate.clear()
    hooks.answer(400)
    begin(town, step(hooks), {"wait": "30d"}, {"add_tag": "end"})
    await town.until(lambda: len(hooks.received) == 1)
    [enrollment] = town.ids()
    repairs = Repairs(resources)
    repairs.skip(enrollment)
    await town.until(lambda: town.world.query("SELECT waking FROM enrollments") == [(0,)])
    hooks.gate.set()
    await town.until(lambda: "1" in town.outcomes())
    assert town.world.query("SELECT status, reason FROM webhooks") == [("skipped", "skipped by hand")]
    assert town.world.query("SELECT tries, last_error FROM enrollments") == [(0, None)]
    assert len(hooks.received) == 1


async def test_a_pause_and_a_resume_during_a_call_do_not_send_it_twice(
    town: Town, hooks: Hooks, resources: Resources
) -> None:
    hooks.gate.clear()
    begin(town, step(hooks))
    await town.until(lambda: len(hooks.received) == 1)
    [enrollment] = town.ids()
    repairs = Repairs(resources)
    repairs.pause(enrollment)
    repairs.resume(enrollment)
    await town.until(lambda: town.world.query("SELECT waking FROM enrollments") == [(0,)])
    hooks.gate.set()
    await done(town)
    assert len(hooks.received) == 1


async def test_a_cancelled_one_keeps_its_reason_whatever_a_call_under_way_comes_to(
    town: Town, hooks: Hooks, resources: Resources
) -> None:
    hooks.gate.clear()
    hooks.answer(503)
    begin(town, step(hooks))
    await town.until(lambda: len(hooks.received) == 1)
    [enrollment] = town.ids()
    Repairs(resources).cancel(enrollment)
    await town.until(lambda: town.world.query("SELECT closing FROM enrollments") == [(0,)])
    hooks.gate.set()
    await town.until(lambda: hooks.answered == 1)
    shown = "SELECT status, last_error, tries, next_attempt_at FROM enrollments"

    async def closed() -> bool:
        return (await town.follow_up(enrollment).describe()).status is WorkflowExecutionStatus.CANCELED

    await town.until(closed)
    assert town.world.query(shown) == [("cancelled", "cancelled by hand", 0, None)]


async def test_a_try_under_way_that_fails_is_tried_again_though_news_came_meanwhile(
    town: Town, hooks: Hooks, resources: Resources
) -> None:
    hooks.gate.clear()
    hooks.answer(503)
    begin(town, step(hooks), {"add_tag": "told"})
    await town.until(lambda: len(hooks.received) == 1)
    [enrollment] = town.ids()
    repairs = Repairs(resources)
    repairs.pause(enrollment)
    repairs.resume(enrollment)
    await town.until(lambda: town.world.query("SELECT waking FROM enrollments") == [(0,)])
    hooks.gate.set()
    await done(town)
    assert len(hooks.received) == 2
    assert len({received.headers["webhook-id"] for received in hooks.received}) == 1


async def test_a_cancel_in_temporal_counts_though_news_came_during_a_call(
    town: Town, hooks: Hooks, resources: Resources
) -> None:
    hooks.gate.clear()
    begin(town, step(hooks), {"add_tag": "never"})
    await town.until(lambda: len(hooks.received) == 1)
    [enrollment] = town.ids()
    repairs = Repairs(resources)
    repairs.pause(enrollment)
    repairs.resume(enrollment)
    await town.until(lambda: town.world.query("SELECT waking FROM enrollments") == [(0,)])
    await town.follow_up(enrollment).cancel()
    hooks.gate.set()
    await done(town, "cancelled")
    assert town.world.query("SELECT tags FROM contacts") == [("[]",)]


async def test_a_message_is_skipped_while_paused(town: Town, hooks: Hooks, resources: Resources) -> None:
    hooks.answer(429, None, Retry_After="3600")
    begin(town, step(hooks), {"add_tag": "next"})
    await town.until(lambda: town.world.query("SELECT tries FROM enrollments") == [(1,)])
    [enrollment] = town.ids()
    repairs = Repairs(resources)
    repairs.pause(enrollment)
    repairs.skip(enrollment)
    await town.until(lambda: town.world.query("SELECT step FROM enrollments") == [("1",)])
    repairs.resume(enrollment)
    await done(town)
    assert len(hooks.received) == 1


async def test_a_follow_up_that_temporal_lost_goes_on_waiting_for_its_next_try(
    town: Town, hooks: Hooks, resources: Resources
) -> None:
    hooks.answer(503)
    hooks.answer(429, None, Retry_After="3600")
    begin(town, {"add_tag": "before"}, step(hooks), {"add_tag": "after"})
    shown = "SELECT tries, last_error, next_attempt_at FROM enrollments"
    [enrollment] = await town.enrolled()
    await town.until(lambda: town.world.query(shown)[0][0] == 2)
    before = town.world.query(shown)
    first = town.follow_up(enrollment)
    await first.terminate()
    town.world.database.run(lambda connection: enrollments.start_again(connection, first.id))
    town.wake()
    second = town.follow_up(enrollment, 2)

    async def waits() -> bool:
        try:
            history = await second.fetch_history()
        except RPCError:
            return False
        return any(event.HasField("timer_started_event_attributes") for event in history.events)

    await town.until(waits)
    assert town.world.query(shown) == before
    assert len(hooks.received) == 2
    Repairs(resources).pause(enrollment)
    Repairs(resources).resume(enrollment)
    await done(town)
    assert len({received.headers["webhook-id"] for received in hooks.received}) == 1
    assert len(hooks.received) == 3
