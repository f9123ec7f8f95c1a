"""One supervisor per data folder."""

import fcntl
import os
from pathlib import Path

from runtime.data_folder import make_folder
from runtime.errors import ReadableError


class HomeInUse(ReadableError):
    """Another `kindling up` works on this data folder."""


class HomeLock:
    """Held until `release`, or until the process ends, however it ends."""

    def __init__(self, home: Path) -> None:
        """Take the lock; raises HomeInUse, or ReadableError when the folder cannot be used."""
        make_folder(home)
        try:
            self._descriptor = os.open(home / "up.lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise ReadableError(
                f"The data folder {home} cannot be used: {error.strerror}. Set KINDLING_HOME to a folder that"
                " may be written to"
            ) from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(self._descriptor, 20, 0).decode().strip()
            self.release()
            raise HomeInUse(
                f"Kindling is running on {home} already" + (f" (pid {holder})" if holder else "") + "."
                " Stop it, or set KINDLING_HOME to another folder"
            ) from error
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let another supervisor have the folder."""
        os.close(self._descriptor)
