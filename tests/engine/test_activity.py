"""What goes on around records, as triggers, steps and waits of a batch read it."""

import random
from typing import Any

import pytest

from channels.outbound import NOTHING
from conditions.activity import Activity
from conditions.times import to_iso
from engine.steps.situation import Situation, automation_of
from engine.steps.staleness import stale
from store.connection import Connection, RowMapping
from store.database import Database
from store.follow_ups import enrollments, starting
from store.records import contacts
from store.scoring import activity
from store.tables import Enrollment, Task, table
from tests.engine.world import HOUR, World


@pytest.fixture
def world(database: Database) -> World:
    world = World(database)
    world.publish({"on": "e", "points": 4})
    return world


def _task(world: World, status: str = "open") -> None:
    def work(connection: Connection) -> None:
        row = contacts.contact_by_key(connection, "ada")
        assert row is not None
        connection.execute(
            table(Task)
            .insert()
            .values(
                id=f"task-{world.numbers}",
                contact_id=row["id"],
                title="Call",
                description="",
                status=status,
                created_at=world.now,
                updated_at=world.now,
            )
        )

    world.database.run(work)


def _end_follow_ups(world: World) -> None:
    world.database.run(
        lambda connection: connection.execute(table(Enrollment).update().values(status="completed"))
    )


def _entered(world: World) -> list[str]:
    return [row[0] for row in world.enrollments()]


def test_who_comes_back_is_seen_to_have_been_away(world: World) -> None:
    world.automate({"event": "e", "filters": {"contact.last_seen": {"older_than": "2d"}}}, key="back")
    world.send("e")
    world.score()
    assert _entered(world) == []  # never seen before
    world.later(72)
    world.send("e")
    world.score()
    world.send("e")
    world.score()
    assert _entered(world) == ["back"]


@pytest.mark.parametrize("together", [True, False])
def test_how_many_events_a_batch_has_makes_no_difference(world: World, together: bool) -> None:
    world.automate(
        {"event": "form", "filters": {"contact.last_event.form": {"empty": True}}}, key="first-form"
    )
    world.automate(
        {"profile": "p", "filters": {"contact.last_event.form": {"not_empty": True}}}, key="after-form"
    )
    for event in ("e", "form", "e", "form"):
        world.later(1)
        world.send(event)
        if not together:
            world.score()
    world.score()
    assert sorted(_entered(world)) == ["after-form", "first-form"]


def test_changes_of_records_are_not_being_seen(world: World) -> None:
    world.automate({"profile": "p", "filters": {"contact.last_seen": {"not_empty": True}}})
    world.send("x")
    world.score()
    world.change("ada", tags=["t"], stage="lead")
    world.score()
    seen = world.query("SELECT max(occurred_at) FROM events WHERE type = 'x'")
    world.later(24)
    world.change("ada", stage="demo")
    world.score()
    with world.database.read() as connection:
        row = contacts.contact_by_key(connection, "ada")
        assert row is not None
        wanted = Activity("contact", "last_seen")
        assert activity.read(connection, "contact", [row["id"]], [wanted])[row["id"]][wanted] == seen[0][0]


def test_a_revoked_event_was_not_the_last(world: World) -> None:
    world.automate({"profile": "p", "filters": {"contact.last_event.x": {"not_empty": True}}})
    first = world.send("x")
    world.score()
    world.revoke(first)
    world.score()
    world.send("e")
    world.score()
    assert _entered(world) == []


def test_tasks_and_deals_are_counted_when_a_score_moves(world: World) -> None:
    world.automate({"profile": "p", "filters": {"contact.open_tasks": {"equal": 0}}}, key="idle")
    world.automate({"profile": "p", "filters": {"contact.open_deals": {"equal": 1}}}, key="in-deal")
    world.send("e")
    world.score()
    assert _entered(world) == ["idle"]
    _task(world)
    world.deal("d")
    world.send("e")
    world.score()
    assert _entered(world) == ["idle", "in-deal"]
    world.deal("d", status="won")
    world.send("e")
    world.score()
    assert _entered(world) == ["idle", "in-deal"]


def test_a_trigger_sees_follow_ups_as_they_were_before_the_batch(world: World) -> None:
    alone = {"profile": "p", "filters": {"contact.open_follow_ups": {"equal": 0}}}
    world.automate(alone, key="one")
    world.automate(alone, key="two")
    world.automate({"profile": "p", "filters": {"contact.in.one": {"equal": True}}}, key="beside-one")
    world.send("e")
    world.score()
    assert _entered(world) == ["one", "two"]
    world.send("e")
    world.score()
    assert _entered(world) == ["one", "two", "beside-one"]
    _end_follow_ups(world)
    world.send("e")
    world.score()
    assert sorted(_entered(world)) == ["beside-one", "one", "one", "two", "two"]


def test_the_change_of_a_count_alone_fires_nothing(world: World) -> None:
    filters = {"contact.open_tasks": {"greater": 0}}
    world.automate({"profile": "p", "filters": filters, "looks_at": "scores_and_fields"})
    world.send("e")
    world.score()
    _task(world)
    world.score()
    assert _entered(world) == []
    world.send("e")
    world.score()
    assert _entered(world) == ["a"]


def test_a_follow_up_that_asks_does_not_count_itself(world: World) -> None:
    exits = {"contact.open_follow_ups": {"greater": 0}}
    world.automate({"profile": "p"}, exit_when=exits, key="shy")
    world.send("e")
    world.score()
    world.send("x")
    world.score()
    assert [row[4] for row in world.enrollments()] == ["queued"]
    world.automate({"event": "y"}, key="other")
    world.send("y")
    world.score()
    assert sorted(row[0] + " " + row[4] for row in world.enrollments()) == ["other queued", "shy exited"]


def test_deals_are_read_with_their_contacts(world: World) -> None:
    world.publish({"on": "call", "points": 1}, key="q", applies_to="deal")
    filters: dict[str, Any] = {
        "deal.last_event.call": {"empty": True},
        "contact.last_event.e": {"not_empty": True},
    }
    world.automate({"profile": "q", "filters": filters}, key="first-call")
    world.deal("d")
    world.send("e")
    world.score()
    world.later(1)
    world.send("call", "", deal="d")
    world.score()
    world.send("call", "", deal="d")
    world.score()
    assert _entered(world) == ["first-call"]


def test_nothing_is_read_where_no_filter_asks(world: World) -> None:
    world.automate({"profile": "p", "filters": {"contact.stage": {"empty": True}}})
    with world.database.read() as connection:
        assert world.published.read(connection).triggers.activity_read == frozenset()


def test_a_step_reads_what_is_now(world: World) -> None:
    world.automate({"profile": "p"}, key="one")
    world.automate({"event": "y"}, key="two")
    world.send("e")
    world.send("y")
    world.score()
    _task(world)
    [(enrollment_id,)] = world.query(
        "SELECT e.id FROM enrollments e JOIN automations a ON a.id = e.automation_id WHERE a.key = 'one'"
    )
    with world.database.read() as connection:
        row = enrollments.load_enrollment(connection, enrollment_id)
        assert row is not None
        published = world.published.read(connection)
        situation = Situation(connection, row, automation_of(row), world.now, NOTHING, published)
        assert {name: situation.lookup(name) for name in STEP_READS} == STEP_READS


STEP_READS: dict[str, Any] = {
    "contact.open_follow_ups": 1,
    "contact.in.one": False,
    "contact.in.two": True,
    "contact.open_tasks": 1,
    "contact.open_deals": 0,
    "contact.last_event.gone": None,
    "deal.open_tasks": None,
    "contact.last_event.y": to_iso(1_000 * 24 * HOUR),
}


def test_who_waited_for_the_start_is_still_seen_to_come_back(world: World) -> None:
    filters = {"contact.last_seen": {"older_than": "2d"}, "contact.open_follow_ups": {"equal": 0}}
    world.automate({"event": "e", "filters": filters, "max_starts": {"times": 1, "per": "hour"}})
    world.send("e", "ada")
    world.send("e", "ben")
    world.score()
    world.later(72)
    world.send("e", "ada")
    world.send("e", "ben")
    world.score()
    world.later(3)
    queued = [row for shard in range(world.shards) for row in _queued(world, shard)]
    assert len(queued) == 2
    with world.database.read() as connection:
        published = world.published.read(connection)
        assert stale(connection, published, queued, world.now) == []


def _queued(world: World, shard: int) -> list[RowMapping]:
    with world.database.read() as connection:
        return starting.queued(connection, shard, world.now, 10)


@pytest.mark.parametrize("seed", range(4))
def test_the_size_of_batches_makes_no_difference_to_last_events(world: World, seed: int) -> None:
    """Random events one after another, and what each of them should have found before itself."""
    chosen = random.Random(seed)
    away = {"contact.last_seen": {"older_than": "3h"}}
    world.automate({"event": "x", "filters": away}, key="away")
    world.automate({"event": "x", "filters": {"deal.last_event.x": {"older_than": "2h"}}}, key="deal-away")
    world.automate({"event": "y", "filters": {"contact.last_event.x": {"older_than": "4h"}}}, key="no-x")
    world.deal("d1", "ada")
    world.deal("d2", "ben")
    expected: list[str] = []
    seen: dict[tuple[str, str | None], int] = {}
    waiting: list[tuple[str, int, int]] = []

    def score() -> None:
        world.score()
        expected.extend(told for told, at, hours in waiting if at < world.now - hours * HOUR)
        waiting.clear()

    for _ in range(40):
        world.later(chosen.choice((0.5, 1, 2)))
        contact, event = chosen.choice(("ada", "ben")), chosen.choice("xy")
        deal = {"ada": "d1", "ben": "d2"}[contact] if chosen.random() < 0.5 else None
        asked = {
            "away": (event == "x", (contact, None), 3),
            "deal-away": (event == "x" and deal is not None, (str(deal), "x"), 2),
            "no-x": (event == "y", (contact, "x"), 4),
        }
        for key, (fits, place, hours) in asked.items():
            if fits and place in seen:
                waiting.append((f"{key} {contact}", seen[place], hours))
        world.send(event, contact, deal=deal)
        for owner in (contact, *([deal] if deal else [])):
            seen[owner, None] = seen[owner, event] = world.now
        if chosen.random() < 0.3:
            score()
    score()
    assert sorted(f"{row[0]} {row[1]}" for row in world.enrollments()) == sorted(expected)
    assert expected
