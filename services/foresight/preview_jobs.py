"""Previews that take long: one at a time for each state of a profile, with progress, for callers who ask again."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass, field

import orjson

from services.design.definitions import find_definition
from services.foresight.answers import Preview
from services.foresight.preview import preview
from services.resources import Resources
from store import meta
from store.design import definitions

#: How long a caller waits for the answer before being told how far it is, in seconds.
PATIENCE = 20.0
#: Previews that nobody has fetched yet.
_MOST_KEPT = 20


@dataclass
class _Job:
    future: "Future[Preview]"
    progress: list[int] = field(default_factory=lambda: [0, 0])


class _Closed(Exception):
    """The process is about to end."""


class PreviewJobs:
    """Computes previews on a thread of its own. Safe to use from many threads."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._lock = threading.Lock()
        self._jobs: dict[tuple[str, bytes], _Job] = {}
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="preview")
        self._closed = False

    def close(self) -> None:
        """Give up what is being computed: the process could not end before."""
        self._closed = True
        self._executor.shutdown(wait=False, cancel_futures=True)

    def ask(self, key: str, patience: float = PATIENCE) -> Preview:
        """The preview with `status: done`, or with `status: computing` how far it is. Once fetched, it is forgotten."""
        name = key, self._state(key)
        with self._lock:
            job = self._jobs.get(name)
            if job is None:
                while len(self._jobs) >= _MOST_KEPT:
                    self._jobs.pop(next(iter(self._jobs))).future.cancel()
                job = self._jobs[name] = self._begin(key)
        try:
            done = job.future.result(patience)
        except NotYet:
            looked_at, total = job.progress
            return Preview(status="computing", done=looked_at, total=total)
        except BaseException:
            self._forget(name, job)
            raise
        self._forget(name, job)
        return done

    def _begin(self, key: str) -> _Job:
        progress = [0, 0]

        def note(done: int, total: int) -> None:
            if self._closed:
                raise _Closed
            progress[:] = done, total

        return _Job(self._executor.submit(preview, self._resources, key, note), progress)

    def _state(self, key: str) -> bytes:
        """What the answer depends on, besides the records: the draft, and all that is published."""
        with self._resources.database.read() as connection:
            row = find_definition(connection, definitions.PROFILES, key)
            generation = meta.definitions_generation(connection)
        return orjson.dumps([row["draft"], generation], option=orjson.OPT_SORT_KEYS)

    def _forget(self, name: tuple[str, bytes], job: _Job) -> None:
        with self._lock:
            if self._jobs.get(name) is job:
                del self._jobs[name]
