"""A fair lock between processes: whoever writes to the SQLite file passes here first.

SQLite lets waiting writers poll, and a busy one starves them. Two files mend that: a writer waits at `queue`,
then for `work`, and frees `queue` once it works, so the next in line is already chosen when it ends.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Turnstile:
    """Files `<database>.queue` and `<database>.work` beside the database. The kernel frees both when a process dies."""

    def __init__(self, database: Path) -> None:
        self._queue = database.with_name(database.name + ".queue")
        self._work = database.with_name(database.name + ".work")

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold the right to write for the length of the block. Each entry opens the files anew: threads compete too."""
        with self._queue.open("ab") as queue, self._work.open("ab") as work:
            fcntl.flock(queue, fcntl.LOCK_EX)
            fcntl.flock(work, fcntl.LOCK_EX)
            fcntl.flock(queue, fcntl.LOCK_UN)
            yield
