"""`wait_for` on an event has no gap: what counts is when it happened, not when it came in or the wait began."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from automations.steps.places import find_step
from channels.outbound import NOTHING
from engine.steps.performing import perform
from engine.steps.situation import Situation, automation_of
from engine.steps.waiting import StillWaiting
from store.connection import Connection
from store.follow_ups import enrollments
from tests.engine.conftest import Fresh
from tests.engine.world import HOUR, World

CART = {"event": "cart.added"}
CHECKOUT = {"event": "checkout.done", "where": {"cart": {"equal": {"field": "event.cart"}}}}


def enter(world: World, path: str = "0", enrollment: int = 0) -> str:
    """Carry out a `wait_for` as its activity does, and its outcome is stored: the branch, or "waits"."""

    def work(connection: Connection) -> str:
        ids = [row[0] for row in world.query("SELECT id FROM enrollments ORDER BY id")]
        row = enrollments.load_enrollment(connection, ids[enrollment])
        assert row is not None
        published = world.published.read(connection)
        situation = Situation(connection, row, automation_of(row), world.now, NOTHING, published)
        enrollments.reach_step(connection, row["id"], path)
        try:
            outcome = perform(situation, path, find_step(situation.automation, path))
        except StillWaiting:
            return "waits"
        enrollments.add_outcome(connection, row["id"], path, "wait_for", outcome, 1, world.now)
        return str(outcome["branch"])

    return world.database.run(work)


def begin(world: World, awaited: dict[str, Any] | None = None, **more: Any) -> None:
    world.automate(CART, steps=[{"wait_for": {**(awaited or CHECKOUT), **more}}, {"add_tag": "reminded"}])


def test_what_came_with_the_enrolling_event_ends_the_wait(world: World) -> None:
    begin(world)
    world.send("cart.added", at=world.now - 2, cart="c-1")
    world.send("checkout.done", at=world.now - 1, cart="c-1")
    world.score()
    assert enter(world) == "met"


def test_what_came_between_the_enrolling_event_and_the_wait_ends_it(world: World) -> None:
    begin(world)
    world.send("cart.added", cart="c-1")
    world.score()
    world.later(1)
    paid = world.send("checkout.done", cart="c-1")
    world.score()
    world.later(1)
    assert enter(world) == "met"
    assert world.query("SELECT event_id FROM waits") == [(paid,)]


def test_another_cart_does_not_end_it(world: World) -> None:
    begin(world)
    world.send("cart.added", cart="c-1")
    world.score()
    world.later(1)
    world.send("checkout.done", cart="c-2")
    world.score()
    assert enter(world) == "waits"
    world.send("checkout.done", cart="c-2")
    world.score()
    assert enter(world) == "waits"
    world.send("checkout.done", cart="c-1")
    world.score()
    assert enter(world) == "met"


def test_what_happened_before_the_enrolling_event_does_not_end_it(world: World) -> None:
    begin(world)
    world.send("checkout.done", cart="c-1")
    world.score()
    world.later(1)
    world.send("cart.added", cart="c-1")
    world.score()
    assert enter(world) == "waits"
    world.send("checkout.done", cart="c-1", at=world.now - 2 * HOUR)
    world.score()
    assert enter(world) == "waits"


def test_since_step_counts_what_arrives_from_the_step_on(world: World) -> None:
    begin(world, since="step")
    world.send("cart.added", cart="c-1")
    world.send("checkout.done", cart="c-1")
    world.score()
    world.later(1)
    assert enter(world) == "waits"
    world.send("checkout.done", cart="c-1", at=world.now - 2 * HOUR)
    world.score()
    assert enter(world) == "met"


def test_a_second_wait_counts_from_the_event_that_ended_the_first(world: World) -> None:
    wait = {"wait_for": {"event": "opened"}}
    world.automate(CART, steps=[wait, wait, wait])
    world.send("cart.added")
    world.score()
    world.later(1)
    world.send("opened", at=world.now - 20)
    world.send("opened", at=world.now - 10)
    world.score()
    assert [enter(world, path) for path in ("0", "1", "2")] == ["met", "met", "waits"]


def test_after_a_timeout_it_counts_from_the_end_of_that_wait(world: World) -> None:
    world.automate(
        CART, steps=[{"wait_for": {"event": "opened", "timeout": "1h"}}, {"wait_for": {"event": "opened"}}]
    )
    world.send("cart.added")
    world.score()
    assert enter(world) == "waits"
    world.later(1)
    over = world.now
    world.later(1)
    world.send("opened", at=over - 1)
    world.score()
    assert enter(world) == "met", "in time although it arrived late"
    world.send("opened", at=over + 1)
    world.score()
    assert enter(world, "1") == "met"


def test_a_deals_follow_up_awaits_events_of_that_deal(world: World) -> None:
    world.automate(CART, steps=[{"wait_for": {"event": "signed"}}])
    world.send("cart.added", deal="d-1")
    world.send("signed")
    world.send("signed", deal="d-2")
    world.score()
    assert enter(world) == "waits"
    world.send("signed", deal="d-1")
    world.score()
    assert enter(world) == "met"


def test_a_change_of_a_field_enrolls_and_what_follows_in_the_same_batch_counts(world: World) -> None:
    world.publish({"while": {"stage": {"equal": "demo"}}, "points": 5})
    world.automate(
        {"profile": "p", "filters": {"score": {"equal": 5}}}, steps=[{"wait_for": {"event": "opened"}}]
    )
    world.send("hello")
    world.score()
    world.later(1)
    world.change(stage="demo")
    world.later(1)
    world.send("opened")
    world.score()
    assert enter(world) == "met"


@pytest.mark.parametrize("first", ["cart.added", "checkout.done"])
def test_at_the_same_moment_the_order_of_ids_is_no_matter(world: World, first: str) -> None:
    """As with the rows of a file that has dates alone, or the events of one call."""
    begin(world, {"event": "checkout.done"})
    second = {"cart.added": "checkout.done", "checkout.done": "cart.added"}[first]
    world.send(first, event_id="a-1")
    world.send(second, event_id="b-1")
    world.score()
    assert enter(world) == "met"


def test_one_event_ends_one_wait(world: World) -> None:
    world.automate(CART, steps=[{"wait_for": {"event": "opened"}}, {"wait_for": {"event": "opened"}}])
    world.send("cart.added")
    world.send("opened")
    world.score()
    assert enter(world) == "met"
    assert enter(world, path="1") == "waits"
    world.send("opened")
    world.score()
    assert enter(world, path="1") == "met"


def test_an_exit_at_the_same_moment_ends_a_follow_up_whatever_the_ids(world: World) -> None:
    world.automate(CART, exit_when={"event": "gone"}, steps=[{"wait": "1d"}])
    world.send("cart.added", event_id="b-1")
    world.score()
    world.send("gone", event_id="a-1")
    world.score()
    assert world.query("SELECT status FROM enrollments") == [("exited",)]


def test_points_given_by_hand_enroll_and_what_follows_in_the_same_batch_counts(world: World) -> None:
    world.publish({"on": "paid", "points": 5})
    world.automate(
        {"profile": "p", "filters": {"score": {"equal": 5}}}, steps=[{"wait_for": {"event": "opened"}}]
    )
    world.send("opened")
    world.score()
    world.later(1)
    world.adjust("ada", points=5)
    world.later(1)
    world.score()
    assert enter(world) == "waits"
    world.send("opened", at=world.now - HOUR)
    world.score()
    assert enter(world) == "met"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    times=st.lists(st.integers(-3, 6), max_size=4, unique=True),
    order=st.randoms(use_true_random=False),
    slots=st.lists(st.integers(0, 4), min_size=6, max_size=6),
)
@pytest.mark.parametrize("timeout", [None, "4h"])
def test_any_order_of_arrival_has_one_outcome(
    fresh: Fresh, timeout: str | None, times: list[int], order: Any, slots: list[int]
) -> None:
    """The cart at 0 h, checkouts around it; they and the beginning of the wait come in any order and batches.

    All arrive within the time of the wait, whose end counts from its beginning.
    """
    with fresh() as world:
        outcome = _played(world, timeout, times, order, slots)
    assert outcome == ("met" if any(hour >= 0 for hour in times) else "waits")


def _played(world: World, timeout: str | None, times: list[int], order: Any, slots: list[int]) -> str:
    begin(world, {"event": "checkout.done"}, **({"timeout": timeout} if timeout else {}))
    start = world.now
    world.now = start + 6 * HOUR
    arriving = [*times]
    order.shuffle(arriving)
    before, after = arriving[: slots[0]], arriving[slots[0] :]
    for index, hour in enumerate(before):
        world.send("checkout.done", at=start + hour * HOUR)
        if slots[index + 1] % 2:
            world.score()
    world.send("cart.added", at=start)
    world.score()
    outcome = enter(world)
    for hour in after:
        world.send("checkout.done", at=start + hour * HOUR)
        world.score()
    return outcome if outcome == "met" else enter(world)


def test_an_enrolling_event_that_cannot_be_read_stops_nobody(world: World) -> None:
    same = {"cart": {"equal": {"field": "event.cart"}}}
    world.automate(CART, exit_when={"event": "gone", "where": same}, steps=[{"wait_for": CHECKOUT}])
    world.corrupt(world.send("cart.added", cart="c-1"), '{"cart": 1}')
    world.score()
    assert enter(world) == "waits"
    world.corrupt("event-0001", "{broken")
    world.send("gone", cart="c-1")
    world.send("checkout.done", cart="c-1")
    world.score()
    assert world.query("SELECT status FROM enrollments") == [("queued",)]
