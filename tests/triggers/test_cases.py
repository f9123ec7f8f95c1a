"""The table of triggers holds for the pure core: each change and event of a history comes out as its row says."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest

from automations.checks import check_automation
from automations.known import Known
from automations.model import Automation
from scoring.entries import Event
from scoring.progress import ScoreChange
from tests.scoring.builders import profile
from tests.triggers.case import BANDS, MISSING, OTHER_PROFILE, START, Case, Mark, Step, of_profile
from tests.triggers.cases import CASES
from tests.triggers.cases_operators import REFUSED
from triggers.compiled import TriggerIndex, compile_trigger
from triggers.evaluate import Facts, Guard, Match, is_armed, match_change, match_event, skip_reason
from triggers.model import Trigger

DEAL = 1


class Replay:
    """One record's history against one trigger, with the guards that a database would remember."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.profile = profile(bands=dict(BANDS if case.bands is None else case.bands))
        self.now = START
        self.paused = False
        self.version = 0
        self.contact: dict[str, Any] = {"key": "ada", "tags": [], "dnd": []}
        self.other: int | None = None
        self.score: int | None = None
        self.reached: list[int | None] = []
        self.guard = Guard()
        self.outcomes: list[str] = []
        self.publish(case.trigger)

    def publish(self, trigger: Any) -> None:
        self.trigger = trigger
        self.version += 1
        self._compile()

    def _compile(self) -> None:
        exits = self.case.exit_when
        self.index = TriggerIndex(
            [
                compile_trigger(
                    1,
                    "a",
                    self.version,
                    Trigger.model_validate(of_profile(self.trigger)),
                    None if exits is None or "event" in exits else exits,
                    paused=self.paused,
                    bands=self.profile.bands,
                )
            ]
        )

    def run(self) -> list[str]:
        for act in self.case.acts():
            if isinstance(act, Mark):
                self._mark(act)
            else:
                self._batch(act)
        return self.outcomes

    def _mark(self, mark: Mark) -> None:
        if mark.kind == "wait":
            self.now += mark.value
        elif mark.kind == "end":
            self.guard.running.clear()
        elif mark.kind == "publish":
            self.publish(mark.value or self.trigger)
        else:
            self.paused = mark.kind == "pause"
            self._compile()

    def _batch(self, steps: list[Step]) -> None:
        """Fields and other scores are as they are at the end of the batch; the score goes step by step."""
        end = self.score
        for step in steps:
            for name, value in step.part("contact").items():
                self.contact[name] = None if value is MISSING else value
            self.other = step.part("scores").get(OTHER_PROFILE, self.other)
            end = step.score if step.scores else end
        for step in steps:
            self.outcomes.append(self._outcome(list(self._matches(step, end))))

    def _matches(self, step: Step, end: int | None) -> Iterable[Match]:
        deal = step.part("deal")
        fields = {f"contact.{name}": value for name, value in self.contact.items()}
        if deal:
            fields |= {f"deal.{name}": value for name, value in ({"status": "open"} | deal).items()}
        scores = {"p": end, OTHER_PROFILE: self.other}
        facts = Facts(fields.get, scores, {key: self.profile.band(score) for key, score in scores.items()})
        event = None
        if step.event_type is not None:
            named = DEAL if deal else None
            event = Event(f"e{step.number}", step.event_type, self.now, step.part("event"), named)
        previous = self.score
        if step.scores and step.score != previous:
            self.score = step.score
            self.reached.append(step.score)
            change = ScoreChange(
                len(self.reached),
                previous,
                step.score,
                step.cause,
                f"c{step.number}",
                event,
                step.silent,
                step.depth,
            )
            yield from match_change(self.index, self.profile, change, facts, self.now)
        if event is not None and not step.silent:
            yield from match_event(self.index, event, step.depth, facts, self.now)

    def _outcome(self, matches: list[Match]) -> str:
        if not matches:
            return "."
        (match,) = matches
        guard, trigger, change = self.guard, match.trigger, match.change
        if guard.last_seq is not None and change is not None:
            since = self.reached[guard.last_seq : change.seq - 1]
            if not is_armed(trigger, since, self.now):
                return "."
        reason = skip_reason(match, guard, self.now)
        if reason is not None:
            return f"skip:{reason}"
        replaces = trigger.while_running == "replace" and bool(guard.running)
        if replaces:
            guard.running.clear()
        guard.last_start = self.now
        guard.last_seq = change.seq if change else None
        guard.running.append(match.origin)
        guard.recent.append(self.now)
        return "replace" if replaces else "enroll"


def automation(case: Case) -> dict[str, Any]:
    """The automation of a case, as it would be saved."""
    more = {} if case.exit_when is None else {"exit_when": dict(case.exit_when)}
    return {"key": "a", "trigger": of_profile(case.trigger), "steps": [{"add_tag": "hot"}], **more}


def mistakes(definition: dict[str, Any]) -> list[str]:
    """Why an automation cannot be saved."""
    try:
        valid = Automation.model_validate(definition)
    except ValueError as error:
        return [str(error)]
    errors, _ = check_automation(valid, Known({"p": None, OTHER_PROFILE: None, "draft": None}))
    return [problem.message for problem in errors]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_change_comes_out_as_the_row_says(case: Case) -> None:
    """A history has exactly the outcomes that stand below it."""
    assert Replay(case).run() == case.expected


def test_a_row_has_one_outcome_for_each_change_and_a_name_of_its_own() -> None:
    """Rows can be read column by column, and found by their names."""
    names = Counter(case.name for case in CASES)
    assert [name for name, count in names.items() if count > 1] == []
    assert [case.name for case in CASES if len(case.steps()) != len(case.expected)] == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_automation_of_the_table_can_be_saved(case: Case) -> None:
    """The table only shows triggers that validation lets through."""
    assert mistakes(automation(case)) == []


@pytest.mark.parametrize(("name", "trigger"), REFUSED, ids=[name for name, _ in REFUSED])
def test_types_that_never_compare_are_an_error_when_it_is_saved(
    name: str, trigger: dict[str, object]
) -> None:
    """What could never hold for any record is one mistake at save time."""
    assert len(mistakes(automation(Case(name, trigger, "", "")))) == 1
