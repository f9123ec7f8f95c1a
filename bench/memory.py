"""How much memory a process takes at the most while something goes on."""

import asyncio

import psutil

PAUSE = 0.1


class Peak:
    """Samples a process and its children ten times a second."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._most = 0
        self.sample()

    @property
    def megabytes(self) -> float:
        """The most that one of the processes had resident."""
        return self._most / 1_000_000

    def sample(self) -> None:
        for process in (self._process, *self._process.children(recursive=True)):
            try:
                self._most = max(self._most, process.memory_info().rss)
            except psutil.NoSuchProcess:
                continue

    async def watch(self) -> None:
        """Until cancelled."""
        while True:
            self.sample()
            await asyncio.sleep(PAUSE)
