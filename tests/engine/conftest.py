from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from store.database import Database
from tests.engine.world import World

Fresh = Callable[[], Any]


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
                *("enrollments", "outcomes", "waits", "skips", "paces", "meta"),
            ):
                where = " WHERE key = 'definitions'" if name == "meta" else ""
                connection.exec_driver_sql(f"DELETE FROM {name}{where}")
        yield World(database, shards=2)

    return make
