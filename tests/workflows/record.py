"""Histories for the replay tests: `python -m tests.workflows.record FOLDER` fetches those of a running installation.

Run it against an installation whose workflows show what has to stay replayable, for example after `kindling demo`
or the tests; the settings are the installation's. One file for each workflow id given, or for all that are there.
"""

import asyncio
import sys
from pathlib import Path

from runtime.settings import load_settings
from runtime.temporal import connect

HISTORIES = Path(__file__).parent / "histories"


async def record(names: dict[str, str]) -> None:
    """Save the histories of workflow ids under names."""
    client = await connect(load_settings())
    for name, workflow_id in names.items():
        history = await client.get_workflow_handle(workflow_id).fetch_history()
        (HISTORIES / f"{name}.json").write_text(history.to_json())


if __name__ == "__main__":
    asyncio.run(record(dict(pair.split("=", 1) for pair in sys.argv[1:])))
