import signal
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.cli.conftest import ROOT, Kindling

pytestmark = [pytest.mark.stack, pytest.mark.slow]

EVENTS = """\
{"id": "1", "type": "form.submitted", "contact": "ada"}
{"id": "2", "type": "form.submitted", "contact": "ada"}
"""


def test_commands_beside_a_running_stack(kindling: Kindling, written: Callable[[str, str], Path]) -> None:
    process = kindling.start("up")
    try:
        assert process.stdout is not None
        shown = ""
        while "Messages:" not in shown:
            line = process.stdout.readline()
            assert line, shown
            shown += line
        for part in (
            "Kindling is running. Ctrl-C stops it.",
            "Console:",
            "API:",
            "Temporal UI:",
            "Data folder:",
            "only recorded: no mail server is configured (KINDLING_SMTP_URL)",
        ):
            assert part in shown
        kindling.environment["BROWSER"] = "true"
        assert "The console is at http://127.0.0.1:" in kindling("open").stdout
        children = psutil.Process(process.pid).children(recursive=True)
        assert kindling.json("status")["mail"]["state"] == "recorded"
        kindling("hold")
        applied = kindling("apply", ROOT / "examples" / "shop")
        assert "automation interested-contact: published as version 1" in applied.stdout
        assert "No worker" not in applied.stderr
        file = written("events.ndjson", EVENTS)
        imported = kindling.json("import", file, "--triggers", "fire", "--yes")
        assert imported["accepted"] == 2
        (promised,) = imported["would_start"]["enrollments"]
        assert (promised["automation"], promised["enrolled"]) == ("interested-contact", 1)
        while not (listed := kindling.json("enrollments", "--contact", "ada")):
            pass
        assert listed[0]["status"] == "queued"
        assert "1 follow-up queued" in kindling("release").stdout
        while not (listed := kindling.json("enrollments", "--status", "completed")):
            pass
        assert (listed[0]["previous"], listed[0]["current"]) == (3, 6)
        text = kindling("enrollments", "--automation", "interested-contact").stdout
        assert "ada  interested-contact v1  3 → 6  completed" in text
        assert listed[0]["workflow_url"] in text
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=40) == 0
        assert not any(child.is_running() for child in children)
    finally:
        process.kill()
        process.communicate()


def test_opening_the_console_says_where_nothing_answers(kindling: Kindling) -> None:
    assert "Start it with kindling up" in kindling("open", status=1).stdout
