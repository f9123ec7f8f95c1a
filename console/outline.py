"""An automation's steps as the indented list that builder and runs show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from automations.model import Automation
from services.follow_ups.answers import StepCount, StepDone

#: The icon of a step of each kind.
ICONS: Mapping[str, str] = {
    "notify": "notify",
    "create_task": "tasks",
    "add_tag": "tag",
    "remove_tag": "tag",
    "update": "edit",
    "adjust_score": "adjust",
    "webhook": "webhook",
    "wait": "wait",
    "wait_for": "wait",
    "if": "decide",
    "split": "decide",
    "start": "enroll",
    "stop": "cancel",
}


@dataclass
class Way:
    """A way after a step, with the steps on it. `taken`: a follow-up went it."""

    title: str
    lines: list["Line"]
    taken: bool = False


@dataclass
class Line:
    """A step, with what came of it in one follow-up or in all."""

    path: str
    place: str
    kind: str
    icon: str
    title: str
    ways: list[Way] = field(default_factory=list)
    done: StepDone | None = None
    count: StepCount | None = None


def outline(
    automation: Automation, done: Sequence[StepDone] = (), counts: Sequence[StepCount] = ()
) -> list[Line]:
    """All steps, nested as they are written; with what a follow-up has `done`, or how many came past each."""
    by_path = {one.path: one for one in done}
    counted = {one.path: one for one in counts}
    return _lines(automation.steps, "", "", by_path, counted)


def _lines(
    steps: Sequence[object],
    prefix: str,
    above: str,
    done: Mapping[str, StepDone],
    counts: Mapping[str, StepCount],
) -> list[Line]:
    lines = []
    for index, step in enumerate(steps):
        path = f"{prefix}{index}"
        outcome = done.get(path)
        place = f"{above}{index + 1}"
        line = Line(
            path,
            place,
            getattr(step, "kind", ""),
            ICONS.get(getattr(step, "kind", ""), "open"),
            getattr(step, "title", ""),
            done=outcome,
            count=counts.get(path),
        )
        for branch in getattr(step, "branches", list)():
            if branch.steps:
                taken = outcome is not None and outcome.way in (branch.taken, branch.title)
                inner = _lines(branch.steps, f"{path}.{branch.name}.", f"{place}.", done, counts)
                line.ways.append(Way(branch.title, inner, taken))
        lines.append(line)
    return lines
