"""Nobody else on the machine reads what an installation holds, whatever the umask was."""

import os
import signal
import stat
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.cli.conftest import Kindling

pytestmark = [pytest.mark.stack, pytest.mark.slow]

EVENT = '{"id": "1", "type": "form.submitted", "contact": "ada"}\n'
SECRETS = {
    "KINDLING_API_KEY": "key-of-the-api",
    "KINDLING_SMTP_URL": "smtp://ben:password-of-mail@127.0.0.1:1",
    "KINDLING_WEBHOOK_SECRET": "whsec_" + "c2VjcmV0LW9mLXdlYmhvb2tz",
    "SOMEBODY_ELSES_TOKEN": "token-of-another-program",
}


def readable_by_others(home: Path) -> list[Path]:
    paths = [home, *home.rglob("*")]
    return [path for path in paths if path.lstat().st_mode & 0o077 and not path.is_symlink()]


def open_everything(home: Path) -> None:
    """As an installation that was made without care."""
    for path in [home, *home.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)


@contextmanager
def running(kindling: Kindling, *commands: str) -> Iterator[list[subprocess.Popen[str]]]:
    """Processes of the installation, started under the usual umask."""
    started = [
        subprocess.Popen(
            kindling.command(command),
            env=kindling.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            umask=0o022,
        )
        for command in commands
    ]
    try:
        yield started
    finally:
        for process in started:
            process.send_signal(signal.SIGTERM)
        for process in started:
            process.wait(timeout=40)
            assert process.stdout is not None
            process.stdout.close()


def until(process: subprocess.Popen[str], text: str) -> str:
    assert process.stdout is not None
    shown = ""
    while text not in shown:
        line = process.stdout.readline()
        assert line, shown
        shown += line
    return shown


def test_an_installation_is_private_from_its_first_moment_and_an_open_one_is_closed(
    kindling: Kindling, written: Callable[[str, str], Path]
) -> None:
    with running(kindling, "up") as (process,):
        until(process, "Logs:")
        kindling("import", written("events.ndjson", EVENT))
        assert readable_by_others(kindling.home) == []
    open_everything(kindling.home)
    with running(kindling, "up") as (process,):
        until(process, "Logs:")
        assert readable_by_others(kindling.home) == []


def test_so_it_is_with_a_worker_beside_an_api(
    kindling: Kindling, written: Callable[[str, str], Path]
) -> None:
    kindling.environment["TEMPORAL_ADDRESS"] = "127.0.0.1:1"  # nobody is there: the worker waits
    with running(kindling, "worker", "api") as (worker, api):
        until(worker, "waiting for Temporal")
        until(api, "serving")
        kindling("import", written("events.ndjson", EVENT))
        assert readable_by_others(kindling.home) == []
    open_everything(kindling.home)
    with running(kindling, "worker", "api") as (worker, api):
        until(worker, "waiting for Temporal")
        until(api, "serving")
        assert readable_by_others(kindling.home) == []


def test_commands_make_private_files(kindling: Kindling) -> None:
    with running(kindling, "imports") as (process,):
        process.wait(timeout=60)
    assert (kindling.home / "kindling.db").exists()
    assert readable_by_others(kindling.home) == []


def test_a_secrets_file_that_others_can_read_is_pointed_out(
    kindling: Kindling, written: Callable[[str, str], Path]
) -> None:
    file = written("secrets", "crm=sesame\n")
    file.chmod(0o644)
    kindling.environment |= {"KINDLING_SECRETS_FILE": str(file), "TEMPORAL_ADDRESS": "127.0.0.1:1"}
    with running(kindling, "worker") as (worker,):
        shown = until(worker, "waiting for Temporal")
    assert f"can read {file}: chmod 600 {file}" in shown.replace("\n", "")
    assert "sesame" not in shown


def test_a_folder_that_holds_other_things_is_left_as_it_is(kindling: Kindling) -> None:
    kindling.home.mkdir(mode=0o755)
    mine = kindling.home / "notes.txt"
    mine.write_text("mine")
    mine.chmod(0o644)
    kindling("imports")
    assert stat.S_IMODE(mine.stat().st_mode) == 0o644
    assert stat.S_IMODE(kindling.home.stat().st_mode) == 0o755
    assert stat.S_IMODE((kindling.home / "kindling.db").stat().st_mode) == 0o600


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="reads /proc, which is Linux's")
def test_processes_get_only_the_settings_that_they_read(kindling: Kindling) -> None:
    kindling.environment |= SECRETS
    wanted = {
        "api": {"KINDLING_API_KEY", "KINDLING_SMTP_URL"},
        "worker": {"KINDLING_SMTP_URL", "KINDLING_WEBHOOK_SECRET"},
    }
    with running(kindling, "up") as (process,):
        until(process, "Logs:")
        settings_by_role: dict[str, set[str]] = {}
        for child in psutil.Process(process.pid).children(recursive=True):
            line = " ".join(child.cmdline())
            role = next(role for role in ("worker", "api", "temporal") if role in line.split("/")[-1])
            text = Path(f"/proc/{child.pid}/environ").read_bytes().decode()
            settings_by_role[role] = {name for name, value in SECRETS.items() if value in text}
            assert role != "temporal" or "KINDLING" not in text
    assert settings_by_role == {**wanted, "temporal": set()}
    assert os.environ.get("SOMEBODY_ELSES_TOKEN") is None
