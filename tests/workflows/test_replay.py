"""Saved histories of every workflow still replay: what runs somewhere today survives an upgrade."""

import asyncio
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from workflows.bulk import BulkWorkflow
from workflows.follow_up import FollowUpWorkflow
from workflows.publish import PublishWorkflow
from workflows.shard import ShardWorkflow

HISTORIES = sorted((Path(__file__).parent / "histories").glob("*.json"))


def test_there_is_a_history_of_each_workflow() -> None:
    names = {path.stem.partition("_")[0] for path in HISTORIES}
    assert names == {"follow", "shard", "publish", "bulk"}


@pytest.mark.parametrize("path", HISTORIES, ids=[path.stem for path in HISTORIES])
async def test_a_saved_history_replays(path: Path) -> None:
    replayer = Replayer(workflows=[ShardWorkflow, FollowUpWorkflow, PublishWorkflow, BulkWorkflow])
    text = await asyncio.to_thread(path.read_text)
    await replayer.replay_workflow(WorkflowHistory.from_json(path.stem, text))
