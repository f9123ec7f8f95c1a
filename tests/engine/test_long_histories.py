"""Histories that are too long to be read as a whole, on both databases. What is long is less here."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

import engine.batch
import engine.coming
from engine.coming import StoredEntries
from scoring.breakdown import breakdown
from scoring.forecast import forecast
from scoring.ledger import Ledger
from tests.engine.world import World

RULES = (
    {"on": "e", "points": 4, "limit": {"times": 2, "per": "day"}, "expires_after": "3d"},
    {"on": "e", "points": 10, "decay": {"percent": 30, "every": "1d"}},
    {"on": "f", "points": 7, "decay": {"percent": 50, "every": "1d"}, "expires_after": "2d"},
    {"on": "e", "points": 1},
)


@pytest.fixture(autouse=True)
def soon_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine.batch, "LONG", 5)
    monkeypatch.setattr(engine.coming, "MANY", 3)
    monkeypatch.setattr(engine.coming, "PAGE", 2)


@contextmanager
def statements(world: World, *words: str) -> Iterator[list[str]]:
    """The statements that hold all of these words, one for each set of parameters."""
    found: list[str] = []

    def note(_: Any, cursor: Any, statement: str, parameters: Any, *more: Any) -> None:
        if all(word in statement for word in words):
            found.extend([statement] * (len(parameters) if isinstance(parameters, list) else 1))

    event.listen(world.database.engine, "before_cursor_execute", note)
    yield found
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
        stored = StoredEntries(connection, known.profile, record_id, standing.lines or {})
        entries, fading = stored.coming(ledger)
        ahead = forecast(ledger, entries, fading=fading)
    assert ahead == forecast(plain, plain.added.values())


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
