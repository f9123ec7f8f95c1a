from collections.abc import Iterator
from pathlib import Path

import pytest

from store.database import Database
from tests.services.intake.shop import Shop


def _shop(folder: Path, url: str) -> Iterator[Shop]:
    database = Database(url)
    yield Shop(folder, database)
    database.close()


@pytest.fixture
def shop(tmp_path: Path, sqlite_url: str) -> Iterator[Shop]:
    yield from _shop(tmp_path, sqlite_url)


@pytest.fixture
def each_shop(tmp_path: Path, database_url: str) -> Iterator[Shop]:
    """One with each database."""
    yield from _shop(tmp_path, database_url)
