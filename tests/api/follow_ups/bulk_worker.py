"""Works bulk jobs off."""

from typing import Any

from activities.bulk import BulkActivities
from engine.published import PublishedCache
from tests.api.installation import Installation


class Worker:
    """What a worker does with bulk jobs, slice by slice."""

    def __init__(self, kindling: Installation) -> None:
        self._kindling = kindling
        wakes: Any = kindling
        self._activities = BulkActivities(kindling.database, lambda: kindling.now, wakes, PublishedCache())

    def slice(self, job: dict[str, Any]) -> bool:
        """Do the next one; whether something was left to do."""
        return self._activities.one_slice(job["id"]) is not None

    def finish(self, job: dict[str, Any]) -> None:
        while self.slice(job):
            pass
        self._kindling.score()
