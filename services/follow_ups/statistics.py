"""What an automation has brought about, in numbers: who entered, how it ended, which ways were gone."""

from automations.model import Automation
from automations.steps.places import walk
from runtime.statuses import EnrollmentStatus
from services.design.definitions import find_definition
from services.follow_ups.answers import BranchCount, Stats, StepCount
from services.resources import NotFound, Resources
from store.design import definitions
from store.follow_ups import statistics


class Statistics:
    """Counts enrollments; nothing is kept for it."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def read(self, key: str, version: int | None) -> Stats:
        """Numbers of all versions, or of one; `steps` are those of that version, by default the published one."""
        with self._resources.database.read() as connection:
            row = find_definition(connection, definitions.AUTOMATIONS, key)
            of = version if version is not None else row["version"] or row["latest"] or None
            raw = None
            if of is not None:
                raw = definitions.version_definition(connection, definitions.AUTOMATIONS, row["id"], of)
            if version is not None and raw is None:
                had = (
                    f"its versions are 1 to {row['latest']}" if row["latest"] else "it has not been published"
                )
                raise NotFound(f'"{key}" has no version {version}; {had}')
            counts = statistics.by_status(connection, row["id"], version)
            skips = statistics.skips(connection, row["id"], version)
            done = statistics.outcomes(connection, row["id"], of) if of is not None else {}
            paused = statistics.paused(connection, row["id"], version)
        return Stats(
            automation=key,
            version=version,
            entered=sum(counts.values()),
            queued=counts.get(EnrollmentStatus.QUEUED, 0),
            active=counts.get(EnrollmentStatus.RUNNING, 0),
            paused=paused,
            completed=counts.get(EnrollmentStatus.COMPLETED, 0),
            exited=counts.get(EnrollmentStatus.EXITED, 0),
            failed=counts.get(EnrollmentStatus.FAILED, 0),
            replaced=counts.get(EnrollmentStatus.REPLACED, 0),
            cancelled=counts.get(EnrollmentStatus.CANCELLED, 0),
            skipped=skips,
            steps_of_version=of,
            steps=_steps(Automation.model_validate(raw), done) if raw is not None else [],
        )


def _steps(automation: Automation, done: dict[tuple[str, str | None], int]) -> list[StepCount]:
    """Each step with how many have come past it, and for steps with branches how many went which way."""
    steps = []
    for placed in walk(automation):
        step, path = placed.step, placed.path
        counted = StepCount(
            path=path,
            key=step.key,
            title=step.title,
            done=sum(count for (of, _), count in done.items() if of == path),
        )
        if ways := step.branches():
            counted.branches = [
                BranchCount(branch=way.name, title=way.title, count=done.get((path, way.name), 0))
                for way in ways
            ]
        steps.append(counted)
    return steps
