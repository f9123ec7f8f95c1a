"""With keys, nothing readable goes to Temporal; histories from before go on, and those of now replay with the keys."""

import asyncio
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client, WorkflowHistory
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer

from runtime.payload_codec import ENCODING, data_converter
from runtime.settings import Settings
from tests.workflows.conftest import town_of
from workflows.bulk import BulkWorkflow
from workflows.follow_up import FollowUpWorkflow
from workflows.publish import PublishWorkflow
from workflows.shard import ShardWorkflow

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.stack]

WORKFLOWS = [ShardWorkflow, FollowUpWorkflow, PublishWorkflow, BulkWorkflow]
HISTORIES = sorted((Path(__file__).parent / "histories").glob("*.json"))


@dataclass
class Encrypting:
    """A server whose client encrypts."""

    client: Client


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    file = tmp_path / "payload-keys"
    file.write_text(f"one={b64encode(b'1' * 32).decode()}\n")
    return file


@pytest.mark.parametrize("path", HISTORIES, ids=[path.stem for path in HISTORIES])
async def test_a_history_from_before_there_were_keys_replays_with_them(path: Path, keys: Path) -> None:
    replayer = Replayer(workflows=WORKFLOWS, data_converter=data_converter(keys))
    await replayer.replay_workflow(
        WorkflowHistory.from_json(path.stem, await asyncio.to_thread(path.read_text))
    )


async def test_what_runs_is_encrypted_and_replays(
    temporal: WorkflowEnvironment, settings: Settings, sqlite_url: str, keys: Path
) -> None:
    config: Any = temporal.client.config()
    client = Client(**{**config, "data_converter": data_converter(keys)})
    settings = settings.model_copy(update={"payload_keys": keys})
    async with town_of(Encrypting(client), settings, sqlite_url) as town:  # type: ignore[arg-type]
        town.world.publish({"key": "opened", "on": "opened", "points": 5})
        town.world.automate(
            {"profile": "p", "filters": {"score": {"greater_or_equal": 5}}},
            steps=[{"add_tag": "hot"}, {"wait": "1s"}, {"add_tag": "hotter"}],
        )
        town.world.send("opened", "ada")
        town.wake()
        [enrollment] = await town.enrolled()
        await town.until(lambda: town.status() == ["completed"])
        history = await town.follow_up(enrollment).fetch_history()
    sealed = _payloads(history)
    assert sealed
    assert {payload["metadata"]["encoding"] for payload in sealed} == {b64encode(ENCODING).decode()}
    await Replayer(workflows=WORKFLOWS, data_converter=data_converter(keys)).replay_workflow(history)


def _payloads(history: WorkflowHistory) -> list[dict[str, Any]]:
    """Everything in a history that is a payload, but for search attributes, which are never encrypted."""
    found: list[dict[str, Any]] = []

    def walk(value: Any, name: str = "") -> None:
        if name in ("searchAttributes", "headers", "header"):
            return
        if isinstance(value, dict):
            if "metadata" in value and "data" in value:
                found.append(value)
            for key, inner in value.items():
                walk(inner, key)
        elif isinstance(value, list):
            for inner in value:
                walk(inner, name)

    walk(history.to_json_dict())
    return found
