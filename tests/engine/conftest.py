import pytest

from store.database import Database
from tests.engine.world import World


@pytest.fixture
def world(database: Database) -> World:
    return World(database)
