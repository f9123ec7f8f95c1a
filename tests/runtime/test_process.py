import sys
from pathlib import Path

import pytest

from runtime.process import LOG_SIZE, Child, ChildFailed, Command
from tests.runtime.conftest import eventually

LASTING = "import sys, time; print('here'); sys.stdout.flush(); time.sleep(600)"
STUBBORN = (
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('here', flush=True); signal.pause()"
)


def command(folder: Path, code: str, stop_seconds: float = 10) -> Command:
    log = folder / "child.log"

    async def ready() -> bool:
        return log.read_text().endswith("here\n")

    return Command(
        name="child",
        argv=(sys.executable, "-c", code),
        environment={},
        log=log,
        ready=ready,
        stop_seconds=stop_seconds,
    )


async def test_a_killed_child_is_started_again(tmp_path: Path) -> None:
    said: list[str] = []
    child = Child(command(tmp_path, LASTING), said.append)
    child.start()
    await child.ready()
    first = child.pid
    child.kill()
    await eventually(lambda: child.pid not in {first, None})
    assert child.restarts == 1
    assert said == ["child was killed by SIGKILL; starting it again"]
    await child.stop()
    assert child.pid is None


async def test_a_child_that_never_starts_is_told_with_the_end_of_its_log(tmp_path: Path) -> None:
    child = Child(command(tmp_path, "print('no such table'); raise SystemExit(3)"), lambda _: None)
    child.start()
    with pytest.raises(ChildFailed, match=r"(?s)child does not start: ended with status 3.*no such table"):
        await child.ready()
    await child.stop()


async def test_a_program_that_is_not_there_is_told(tmp_path: Path) -> None:
    missing = Command(
        name="child",
        argv=("/nowhere/program",),
        environment={},
        log=tmp_path / "child.log",
        ready=command(tmp_path, "").ready,
    )
    child = Child(missing, lambda _: None)
    child.start()
    with pytest.raises(ChildFailed, match="/nowhere/program"):
        await child.ready()
    await child.stop()


async def test_a_child_that_does_not_heed_sigterm_is_killed(tmp_path: Path) -> None:
    said: list[str] = []
    child = Child(command(tmp_path, STUBBORN, stop_seconds=0.1), said.append)
    child.start()
    await child.ready()
    await child.stop()
    assert child.pid is None
    assert "killed" in said[0]


async def test_a_long_log_is_set_aside_at_start(tmp_path: Path) -> None:
    log = tmp_path / "child.log"
    log.write_bytes(b"x" * (LOG_SIZE + 1))
    child = Child(command(tmp_path, LASTING), lambda _: None)
    child.start()
    await child.ready()
    await child.stop()
    assert log.read_text() == "here\n"
    assert (tmp_path / "child.log.1").stat().st_size == LOG_SIZE + 1
