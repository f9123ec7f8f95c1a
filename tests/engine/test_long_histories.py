"""Histories that are too long to be read as a whole, on both databases. What is long is less here."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import event

from engine.scores.coming import StoredEntries
from runtime.statuses import EventStatus
from scoring.breakdown import breakdown
from scoring.forecast import forecast
from scoring.ledger import Ledger
from store.intake import event_reads
from store.intake.places import shard_of
from store.records import erasing
from tests.engine.conftest import SOON_LONG
from tests.engine.world import World

RULES = (
    {"on": "e", "points": 4, "limit": {"times": 2, "per": "day"}, "expires_after": "3d"},
    {"on": "e", "points": 10, "decay": {"percent": 30, "every": "1d"}},
    {"on": "f", "points": 7, "decay": {"percent": 50, "every": "1d"}, "expires_after": "2d"},
    {"on": "e", "points": 1},
)


@pytest.fixture(autouse=True)
def soon_long(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name, value in SOON_LONG:
        monkeypatch.setattr(module, name, value)


@contextmanager
def statements(world: World, *words: str) -> Iterator[list[str]]:
    """The statements that hold all of these words, one for each set of parameters."""
    matching: list[str] = []

    def note(_: Any, cursor: Any, statement: str, parameters: Any, *more: Any) -> None:
        if all(word in statement for word in words):
            matching.extend([statement] * (len(parameters) if isinstance(parameters, list) else 1))

    event.listen(world.database.engine, "before_cursor_execute", note)
    yield matching
    event.remove(world.database.engine, "before_cursor_execute", note)


def the_law_holds(world: World, key: str = "ada") -> None:
    known, plain = world.history(key), world.plain(key)
    assert known.stored is not None
    assert known.stored.score == plain.score()
    standing = known.stored.standing
    assert {group: points for group, points in standing.live.items() if points} == {
        group: points for group, points in plain.standing.live.items() if points
    }
    ledger = Ledger(known.profile, known.record, known.at, standing)
    assert sorted(breakdown(ledger)) == sorted(breakdown(plain, plain.added.values()))
    with world.database.read() as connection:
        record_id = world.query(f"SELECT id FROM contacts WHERE key = '{key}'")[0][0]
        stored = StoredEntries(connection, known.profile, record_id, standing.living or {})
        entries, fading = stored.coming(ledger)
        ahead = forecast(ledger, entries, fading=fading)
    assert ahead == forecast(plain, plain.added.values())


def test_entries_that_are_worth_nothing_end_too(world: World) -> None:
    """They are counted in a breakdown while they live."""
    world.publish({"on": "e", "points": 0, "expires_after": "1d"}, {"on": "e", "points": 2})
    for _ in range(5):
        world.send("e")
        world.later(6)
    world.score()
    world.later(20)
    world.score()
    the_law_holds(world)


def test_time_changes_a_long_ledger_as_it_changes_a_short_one(world: World) -> None:
    world.publish(*RULES)
    for number in range(20):
        world.send("f" if number % 3 == 0 else "e")
        world.later(5)
        if number % 4 == 0:
            world.score()
            the_law_holds(world)
    world.adjust("ada", points=3, hours=30)
    for _ in range(40):
        world.score()
        the_law_holds(world)
        world.later(5)
    assert {cause for _, _, cause in world.changes()} >= {"event", "expiry", "decay", "adjustment"}


def test_many_adjustments_each_end_when_they_say(world: World) -> None:
    world.publish({"on": "e", "points": 1})
    world.send()
    for hours in (None, 4, 9, None, 2):
        world.adjust("ada", points=-9, hours=hours)
    world.score()
    for _ in range(4):
        world.later(3)
        world.score()
        the_law_holds(world)
    assert [row[1] for row in world.changes()][-3:] == [-35, -26, -17]


def test_what_is_over_costs_nothing_when_more_expires(world: World) -> None:
    world.publish({"on": "e", "points": 1, "expires_after": "30d"})
    for _ in range(60):
        world.send()
        world.later(6)
    world.score()
    world.later(24 * 30 - 60 * 6 + 1)
    with statements(world, "FROM entries", "ends_at >") as all_of_them:
        world.score()
    assert world.changes()[-1] == (60, 59, "expiry")
    assert all_of_them == []
    the_law_holds(world)


VIP = {"on": "e", "points": 5, "where": {"contact.stage": {"equal": "vip"}}}


def a_long_history(world: World, count: int = 9) -> None:
    for _ in range(count):
        world.send()
        world.later(1)
    world.score()


def batches(world: World, shard: int) -> Iterator[None]:
    """Batches of a shard until nothing is pending; control comes back before each."""
    yield
    while world.batch(shard).size:
        yield


def test_a_changed_field_refolds_a_long_history_in_slices_with_one_change(world: World) -> None:
    world.publish({"on": "e", "points": 1}, VIP)
    world.automate({"profile": "p", "filters": {"cause": {"equal": "attribute"}}})
    a_long_history(world)
    world.change(stage="vip", depth=2)
    with statements(world, "INSERT INTO entries") as written:
        sizes = []
        for _ in batches(world, shard_of("ada", 4)):
            sizes.append(len(written))
            assert world.scores() in ({"ada": 9}, {"ada": 54})
    assert max(later - earlier for earlier, later in pairwise(sizes)) <= 2
    assert world.changes()[9:] == [(9, 54, "attribute")]
    assert world.query("SELECT depth FROM changes WHERE cause = 'attribute'") == [(2,)]
    assert [row[:4] for row in world.enrollments()] == [("a", "ada", 9, 54)]
    assert world.query("SELECT count(*) FROM folds") == [(0,)]
    the_law_holds(world)


def test_what_happens_while_a_long_history_is_refolded_waits_and_then_counts_singly(world: World) -> None:
    world.publish({"on": "e", "points": 1}, VIP)
    world.publish({"on": "e", "points": 2}, key="q")
    a_long_history(world)
    world.send(contact="zoe")
    world.change(stage="vip")
    for number, _ in enumerate(batches(world, shard_of("ada", 4))):
        if number == 3:
            world.send()
            world.adjust("ada", set_to=100)
            world.send("e", "kim")
            assert shard_of("kim", 4) == shard_of("ada", 4)
        if number == 4:
            assert world.scores()["kim"] == 1
            assert world.scores()["ada"] == 9
    assert world.changes()[9:] == [(9, 54, "attribute"), (54, 100, "adjustment"), (100, 106, "event")]
    assert world.changes(profile="q")[-1] == (18, 20, "event")
    the_law_holds(world)


def test_a_field_that_changes_again_is_read_as_it_is_at_the_end(world: World) -> None:
    world.publish({"on": "e", "points": 1}, VIP)
    a_long_history(world)
    world.change(stage="vip")
    for number, _ in enumerate(batches(world, shard_of("ada", 4))):
        if number == 4:
            world.change(stage="lead")
    assert world.changes()[9:] == []
    assert world.scores() == {"ada": 9}
    the_law_holds(world)


def test_a_sweep_goes_on_with_a_long_history_until_it_is_through_and_is_silent(world: World) -> None:
    world.publish({"on": "e", "points": 1})
    world.automate({"profile": "p"})
    a_long_history(world)
    before = len(world.enrollments())
    with statements(world, "DELETE FROM entries") as deleted:
        publication = world.publish({"on": "e", "points": 1}, {"on": "e", "points": 2})
        assert world.sweep(publication) == 1
    assert deleted == []
    assert world.changes()[9:] == [(9, 27, "publish")]
    assert len(world.enrollments()) == before
    the_law_holds(world)


def test_a_newer_publish_in_the_middle_of_a_long_history_folds_it_to_that(world: World) -> None:
    world.publish({"on": "e", "points": 1})
    a_long_history(world)
    world.publish({"on": "e", "points": 2})
    world.send()
    shard = shard_of("ada", 4)
    for number, _ in enumerate(batches(world, shard)):
        if number == 3:
            world.publish({"on": "e", "points": 3, "limit": {"times": 7, "per": "ever"}})
    assert world.changes()[9:] == [(9, 21, "publish")]
    the_law_holds(world)


def test_an_event_of_a_long_history_that_cannot_be_scored_is_set_aside(world: World) -> None:
    world.publish({"on": "e", "points": 1})
    a_long_history(world)
    world.corrupt("event-0004", "[1]")
    world.publish({"on": "e", "points": 2, "where": {"n": {"empty": True}}})
    world.send()
    world.score()
    assert world.changes()[9:] == [(9, 16, "publish"), (16, 18, "event")]
    assert world.event_status("event-0004") is EventStatus.QUARANTINED
    the_law_holds(world)


EVERYTHING = (
    "events",
    "entries",
    "scores",
    "changes",
    "adjustments",
    "contacts",
    "deals",
    "leftovers",
    "folds",
)


def counts(world: World, *names: str) -> dict[str, int]:
    return {name: world.query(f"SELECT count(*) FROM {name}")[0][0] for name in names}


def test_a_merge_moves_a_long_history_in_slices_and_makes_one_change(world: World) -> None:
    world.publish({"on": "e", "points": 1, "limit": {"times": 5, "per": "day"}})
    a_long_history(world)
    world.send("e", "ben")
    world.score()
    world.merge("ada", "ben")
    assert world.query("SELECT key FROM contacts WHERE merged_into IS NULL") == [("ben",)]
    late = world.send("e", "ada")
    for _ in batches(world, shard_of("ben", 4)):
        assert world.scores()["ben"] in (1, 5, 6)
    assert world.changes("ben") == [(None, 1, "event"), (1, 5, "merge")]
    assert world.event_status(late) is EventStatus.APPLIED
    assert counts(world, "leftovers", "folds") == {"leftovers": 0, "folds": 0}
    assert world.query("SELECT DISTINCT contact_id, shard FROM events WHERE type = 'e'") == world.query(
        "SELECT id, shard FROM contacts WHERE key = 'ben'"
    )
    the_law_holds(world, "ben")


def test_whoever_is_merged_on_before_all_has_moved_takes_it_along(world: World) -> None:
    world.publish({"on": "e", "points": 1})
    a_long_history(world)
    world.send("hello", "ben")
    world.send("hello", "zoe")
    world.score()
    world.merge("ada", "ben")
    world.batch(shard_of("ben", 4))
    world.merge("ben", "zoe")
    assert counts(world, "leftovers")["leftovers"] > 0
    world.score()
    world.score()
    assert world.scores() == {"zoe": 9}
    the_law_holds(world, "zoe")


def test_erasing_a_survivor_erases_what_has_not_moved_yet(world: World) -> None:
    world.publish({"on": "e", "points": 1})
    a_long_history(world)
    world.send("hello", "ben")
    world.score()
    world.merge("ada", "ben")
    world.batch(shard_of("ben", 4))
    world.erase("ben")
    world.score()
    assert counts(world, *EVERYTHING) == dict.fromkeys(EVERYTHING, 0)


def test_an_erased_contact_is_gone_at_once_and_its_rows_in_slices(world: World) -> None:
    world.publish({"on": "e", "points": 1})
    world.publish({"on": "e", "points": 1}, key="q", applies_to="deal")
    world.deal("d1", "ada")
    for _ in range(9):
        world.send("e", "ada", deal="d1")
    world.adjust("ada", points=2)
    world.send("e", "kim")
    world.score()
    world.send("e", "ada")
    world.erase("ada")
    assert world.scores() == {"kim": 1}
    assert counts(world, "deals", "adjustments") == {"deals": 0, "adjustments": 0}
    assert counts(world, "events")["events"] > 10
    with world.database.read() as connection:
        shown = event_reads.list_events(connection, limit=100)
        assert {row["contact_id"] for row in shown} == {world.query("SELECT id FROM contacts")[0][0]}
        assert event_reads.event_by_id(connection, "event-0002") is None
    with statements(world, "DELETE FROM") as deleted:
        world.batch(shard_of("ada", 4))
    assert 0 < len(deleted) < 5
    world.score()
    assert world.query("SELECT count(*) FROM events e WHERE e.contact_id <> (SELECT id FROM contacts)") == [
        (0,)
    ]
    assert counts(world, "entries", "changes", "leftovers") == {"entries": 1, "changes": 1, "leftovers": 0}


def test_an_event_of_an_erased_contact_that_is_sent_again_counts_for_a_new_one(world: World) -> None:
    world.publish({"on": "e", "points": 1})
    a_long_history(world)
    world.erase("ada")
    world.send(event_id="event-0009")
    world.score()
    assert world.scores() == {"ada": 1}
    the_law_holds(world)


def test_an_erased_deal_of_many_events_leaves_them_to_its_contact(world: World) -> None:
    world.publish({"on": "e", "points": 1}, {"on": "deal.created", "points": 50})
    world.publish({"on": "e", "points": 1}, key="q", applies_to="deal")
    world.deal("d1", "ada")
    for _ in range(9):
        world.send("e", "", deal="d1")
    world.score()
    assert world.scores() == {"ada": 59}
    row = world.query("SELECT id, contact_id, shard FROM deals")[0]
    world.database.run(
        lambda connection: erasing.erase_deal(connection, row[0], row[1], row[2], world.now), [row[2]]
    )
    for _ in batches(world, row[2]):
        assert world.scores() in ({"ada": 59}, {"ada": 9})
    assert world.changes()[-1] == (59, 9, "revoke")
    assert world.query("SELECT count(*) FROM events WHERE deal_id IS NOT NULL") == [(0,)]
    assert world.query(
        "SELECT count(*) FROM entries e JOIN profiles p ON p.id = e.profile_id WHERE p.key = 'q'"
    ) == [(0,)]
    the_law_holds(world)
