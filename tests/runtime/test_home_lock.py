import os
from pathlib import Path

import pytest

from runtime.errors import ReadableError
from runtime.home_lock import HomeInUse, HomeLock


def test_one_supervisor_per_folder(tmp_path: Path) -> None:
    lock = HomeLock(tmp_path / "home")
    with pytest.raises(HomeInUse, match=rf"home already \(pid {os.getpid()}\)"):
        HomeLock(tmp_path / "home")
    lock.release()
    HomeLock(tmp_path / "home").release()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ReadableError, match="Set KINDLING_HOME"):
        HomeLock(tmp_path / "file" / "home")
