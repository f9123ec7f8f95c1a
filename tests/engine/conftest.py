from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

import engine.scores.coming
import engine.scores.folding
import store.leftovers
from store.database import Database
from tests.engine.world import World

Fresh = Callable[[], Any]

#: What makes histories of a few events as long as those of thousands: (module, name, value).
SOON_LONG = (
    (engine.scores.folding, "LONG", 2),
    (engine.scores.folding, "SLICE", 2),
    (engine.scores.coming, "MANY", 1),
    (engine.scores.coming, "PAGE", 1),
    (store.leftovers, "SLICE", 2),
)


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


@pytest.fixture
def fresh(database: Database) -> Fresh:
    """Worlds on one database, emptied for each example."""

    @contextmanager
    def make() -> Iterator[World]:
        with database.write() as connection:
            for name in (
                *("events", "contacts", "deals", "profiles", "profile_versions", "publications", "sweeps"),
                *("entries", "scores", "changes", "adjustments", "automations", "automation_versions"),
                *("enrollments", "outcomes", "waits", "skips", "paces", "folds", "leftovers", "meta"),
                *("tasks", "notifications"),
            ):
                where = " WHERE key = 'definitions'" if name == "meta" else ""
                connection.exec_driver_sql(f"DELETE FROM {name}{where}")
        yield World(database, shards=2)

    return make
