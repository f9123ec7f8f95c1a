import re
from pathlib import Path

import psutil
import pytest

from tests.cli.conftest import Kindling


def left_behind(home: Path) -> list[str]:
    """Processes that name the demo's folder in their environment or command line."""
    commands = []
    for process in psutil.process_iter():
        try:
            words = [*process.cmdline(), *process.environ().values()]
        except (psutil.Error, OSError):
            continue
        if any(str(home / "demo") in word for word in words):
            commands.append(" ".join(process.cmdline()))
    return commands


@pytest.mark.stack
@pytest.mark.slow
def test_the_demo_shows_the_main_job_and_leaves_nothing_behind(kindling: Kindling) -> None:
    (kindling.home / "demo").mkdir(parents=True)
    (kindling.home / "demo" / "made-by-kindling-demo").touch()
    (kindling.home / "demo" / "old").touch()
    done = kindling("demo")
    shown = done.stdout
    assert "score 4 → 7, greater or equal 5: interested-contact fires" in shown
    assert "sales is notified: Jhon is interested" in shown
    assert "task for maria: Call Jhon" in shown
    assert "Imported 6,919 events" in shown
    assert "Scored 2,357 customers" in shown
    assert len(re.findall(r"^customer-\d{4} ", shown, re.MULTILINE)) == 10
    assert "waits 3 days" in shown
    assert "KINDLING_HOME=" in shown
    assert "/workflows?query=" in shown
    assert "\x1b" not in shown
    prose = (line for line in shown.splitlines() if "http://" not in line and "KINDLING_HOME" not in line)
    assert max(map(len, prose)) <= 80
    assert left_behind(kindling.home) == []
    assert not (kindling.home / "demo" / "old").exists()


def test_a_folder_that_no_demo_made_is_not_emptied(kindling: Kindling) -> None:
    mine = kindling.home / "demo" / "mine"
    mine.parent.mkdir(parents=True)
    mine.touch()
    assert "no demo has made it" in kindling("demo", status=1).stderr
    assert mine.exists()
