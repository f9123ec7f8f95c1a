"""Installations of the tests' own, with real processes."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from runtime.embedded import Stack
from runtime.ports import free_port
from runtime.settings import Settings, load_settings
from tests.crash.installation import Client, Look, prepare


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(
        {
            "KINDLING_HOME": str(tmp_path / "home"),
            "KINDLING_PORT": str(free_port()),
            "KINDLING_TEMPORAL_PORT": str(free_port(above=1000)),
        },
        environ={},
    )


@pytest.fixture
async def stack(settings: Settings) -> AsyncIterator[Stack]:
    settings.home.mkdir(parents=True, exist_ok=True)
    async with Stack(settings, prepare) as running:
        yield running


@pytest.fixture
async def client(settings: Settings) -> AsyncIterator[Client]:
    caller = Client(settings)
    yield caller
    await caller.close()


@pytest.fixture
def look(settings: Settings) -> Iterator[Look]:
    settings.home.mkdir(parents=True, exist_ok=True)
    opened = Look(settings)
    yield opened
    opened.close()
