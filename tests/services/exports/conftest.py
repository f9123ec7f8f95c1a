from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from store.database import Database
from tests.api.installation import Installation


@pytest.fixture
async def kindling(database: Database, tmp_path: Path) -> AsyncIterator[Installation]:
    """The application over each database."""
    installation = Installation(database, str(tmp_path))
    async with installation.client:
        yield installation
