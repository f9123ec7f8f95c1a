"""The copy in which a follow-up is tried: what it holds of a contact, and of whom it holds nothing."""

from typing import Any

import pytest
from sqlmodel import SQLModel

from store.database import Database
from store.foresight import copies
from store.records import contacts
from tests.engine.world import World


def test_every_table_is_copied_or_left_out_on_purpose() -> None:
    copied = set(copies.tests(1, 0, 0))
    assert copied.isdisjoint(copies.LEFT_OUT)
    assert copied | copies.LEFT_OUT == set(SQLModel.metadata.tables)


@pytest.fixture
def world(database: Database) -> World:
    """Ada with a score, a deal, a waiting follow-up and a task to come; Ben with the same."""
    world = World(database)
    world.publish({"on": "e", "points": 5})
    world.publish({"on": "e", "points": 1}, key="d", applies_to="deal")
    world.automate({"profile": "p"}, steps=[{"add_tag": "hot"}, {"wait": "1d"}])
    for contact in ("ada", "ben"):
        world.deal(f"deal-of-{contact}", contact)
        world.send("e", contact, deal=f"deal-of-{contact}", plan="pro")
    world.score()
    world.change("ada", fields={"n": [1, {"m": None}]}, dnd=["email"])
    return world


def copy(world: World, contact: str) -> dict[str, list[Any]]:
    """What there is in the copy of a contact, by table."""
    with world.database.read() as connection:
        copies.one_moment(connection)
        row = contacts.contact_by_key(connection, contact)
        assert row is not None
        copied = copies.Copy(connection, row, world.now)
    with copied.opened() as connection:
        return {
            name: [dict(one) for one in connection.execute(table.select()).mappings()]
            for name, table in SQLModel.metadata.tables.items()
        }


def test_it_holds_what_concerns_the_contact_and_nobody_else(world: World) -> None:
    held = copy(world, "ada")
    with world.database.read() as connection:
        ada = contacts.contact_by_key(connection, "ada")
        assert ada is not None
        kept = {
            name: list(connection.execute(SQLModel.metadata.tables[name].select()).mappings())
            for name in held
        }
    assert held["contacts"] == [dict(ada)]
    assert [deal["key"] for deal in held["deals"]] == ["deal-of-ada"]
    for name in ("events", "enrollments", "scores", "entries", "changes"):
        assert held[name], name
        wanted = [dict(row) for row in kept[name] if row in held[name]]
        assert len(wanted) == len(held[name]) < len(kept[name]), name
    assert held["profiles"] == [dict(row) for row in kept["profiles"]]
    assert [row["key"] for row in held["automations"]] == ["a"]


def test_a_long_history_stays_behind(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "MOST_EVENTS", 1)
    held = copy(world, "ada")
    assert [held[name] for name in copies.HISTORY] == [[]] * len(copies.HISTORY)
    assert len(held["scores"]) == 2
