import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runtime.ports import free_port
from runtime.settings import variable_names

ROOT = Path(__file__).parents[2]


class Kindling:
    """Runs the real command as a subprocess, in an installation of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        inherited = {name: value for name, value in os.environ.items() if name not in variable_names()}
        self.environment = inherited | {
            "KINDLING_HOME": str(home),
            "KINDLING_PORT": str(free_port()),
            "KINDLING_TEMPORAL_PORT": str(free_port(above=1000)),
            "PYTHONPATH": str(ROOT),
            "COLUMNS": "80",
        }

    def command(self, *arguments: str | Path) -> list[str]:
        return [sys.executable, "-m", "cli", *map(str, arguments)]

    def __call__(self, *arguments: str | Path, status: int = 0) -> subprocess.CompletedProcess[str]:
        """Run to the end; the exit status must be `status`, and nobody may see a traceback."""
        done = subprocess.run(
            self.command(*arguments),
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert done.returncode == status, done.stdout + done.stderr
        assert "Traceback" not in done.stdout + done.stderr
        return done

    def json(self, *arguments: str | Path, status: int = 0) -> Any:
        return json.loads(self(*arguments, "--json", status=status).stdout)

    def start(self, *arguments: str | Path) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(*arguments),
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


@pytest.fixture
def kindling(tmp_path: Path) -> Kindling:
    return Kindling(tmp_path / "home")


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str, str], Path]:
    """Writes a file and gives its path."""

    def write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    return write
