"""The course of an automation: which step comes after which, by what a step came to."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from automations.steps.base import BaseStep

#: So many steps are done together at most.
LONGEST_GROUP = 20


@dataclass(frozen=True, slots=True)
class Stop:
    """A step on the course: `after` is the path of what stands behind it, `ways` where each of its branches begins.

    None: nothing comes there.
    """

    path: str
    step: BaseStep
    after: str | None
    ways: Mapping[str, str | None] = field(default_factory=dict)


class Course:
    """All steps by their paths."""

    def __init__(self, steps: Sequence[BaseStep]) -> None:
        self.stops: dict[str, Stop] = {}
        self.first = self._lay(steps, "", None)

    def following(self, path: str, branch: str | None) -> str | None:
        """The path of the step that comes after one that took this branch; None where the course ends.

        A step that was skipped by hand took none of its branches.
        """
        stop = self.stops[path]
        return stop.ways.get(branch, stop.after) if branch is not None else stop.after

    def group(self, path: str) -> Iterator[str]:
        """The paths of the steps that may be done together from one on: up to one that decides what comes next."""
        here: str | None = path
        for _ in range(LONGEST_GROUP):
            if here is None:
                return
            yield here
            if self.stops[here].step.decides:
                return
            here = self.stops[here].after

    def _lay(self, steps: Sequence[BaseStep], prefix: str, behind: str | None) -> str | None:
        """Lay steps, the last first; the path of the first, or what comes behind where there are none."""
        after, waiting = behind, behind
        for index in range(len(steps) - 1, -1, -1):
            step, path = steps[index], f"{prefix}{index}"
            ways = {
                branch.name: self._lay(branch.steps, f"{path}.{branch.name}.", after)
                for branch in step.branches()
            }
            if step.leads_on:
                onward, *passing = ways
                ways = {onward: after, **dict.fromkeys(passing, waiting)}
            self.stops[path] = Stop(path, step, after, ways)
            after = path
            if step.waits:
                waiting = path
        return after
