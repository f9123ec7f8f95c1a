"""The table of triggers through the real engine, on both databases: the same histories, enrollments and skips.

Run are cases whose history can be brought about from outside: adjustments and events reach each score; or, where they
cannot (an empty score, a field as the cause), a field of the contact gives each score, if no filter asks for the cause.
Left to the pure core are other causes, deep events, and several changes by fields in one batch, which are one change.
Of the rest, which is nearly everything, the engine runs every second case in which the store has to remember something
(rearm, reentry, while_running, and what skips) and every twelfth of the others.
"""

from collections.abc import Mapping
from typing import Any

import pytest

from conditions.tree import fields_read
from store.connection import Connection
from store.database import Database
from store.design import definitions
from store.follow_ups import effects, enrollments
from store.intake import places
from tests.engine.world import World
from tests.triggers.case import BANDS, MISSING, OTHER_PROFILE, START, Case, Mark, Step, of_profile
from tests.triggers.cases import CASES
from tests.triggers.cases_guards import GUARDS
from tests.triggers.cases_rearm import REARM
from tests.triggers.cases_skips import SKIPS

COLUMNS = ("name", "email", "phone", "stage", "owner", "tags", "dnd")
DEAL_COLUMNS = ("name", "pipeline", "stage", "status", "value", "currency", "owner")
LEVEL = "level"
"""The custom field that gives the score, where fields do."""


def by_causes(case: Case) -> bool:
    """Whether adjustments and events reach each score of the case."""
    steps = case.steps()
    shallow = not any(step.depth for step in steps if step.event_type)
    return shallow and all(
        step.cause in ("adjustment", "event") and step.score is not None for step in steps if step.scores
    )


def by_fields(case: Case) -> bool:
    """Whether a field of the contact can reach each score of the case."""
    batches = [act for act in case.acts() if isinstance(act, list)]
    if any(len(batch) > 1 or step.silent or step.event_type for batch in batches for step in batch):
        return False
    causes = {step.cause for step in case.steps() if step.scores}
    read = fields_read(case.trigger.get("filters", {})) | fields_read(_exit_conditions(case))
    return causes == {"attribute"} or (causes == {"adjustment"} and "cause" not in read)


def _exit_conditions(case: Case) -> Mapping[str, Any]:
    conditions = case.exit_when or {}
    return {} if "event" in conditions else conditions


REMEMBERING = [*REARM, *GUARDS, *SKIPS]
OTHERS = [case for case in CASES if case not in REMEMBERING]


def possible(cases: list[Case]) -> list[Case]:
    """Those whose history can be brought about."""
    return [case for case in cases if by_causes(case) or by_fields(case)]


RUN = [*possible(REMEMBERING)[::2], *possible(OTHERS)[::12]]


class Play:
    """One case in a world of its own."""

    def __init__(self, database: Database, case: Case) -> None:
        self.world = World(database, shards=1)
        self.world.now = START
        self.case = case
        self.fields = not by_causes(case)
        self.custom: dict[str, Any] = {}
        self.score: int | None = None
        self.moves: list[tuple[int | None, int | None]] = []
        self.causes: list[str] = []
        self.trigger = case.trigger
        bands = dict(BANDS if case.bands is None else case.bands)
        self.world.publish(*(self._levels() if self.fields else self._points()), bands=bands)
        self.world.publish(key=OTHER_PROFILE, bands=bands)
        place = self.world.database.run(
            lambda connection: places.ensure_contacts(connection, ["ada"], 1, self.world.now)
        )
        self.contact_id = place["ada"].id
        self.world.score()
        self._publish()

    def _levels(self) -> list[dict[str, Any]]:
        """Rules that give the score which the custom field says."""
        levels = {step.score for step in self.case.steps() if step.scores}
        return [
            {"while": {LEVEL: {"equal": level}}, "points": level} for level in levels if level is not None
        ]

    def _points(self) -> list[dict[str, Any]]:
        """Rules that give each event the points to reach its score."""
        rules = []
        score = 0
        for step in self.case.steps():
            if step.scores and step.event_type and step.score is not None:
                where = {"step": {"equal": step.number}}
                rules.append({"on": step.event_type, "where": where, "points": step.score - score})
            score = (step.score or 0) if step.scores else score
        return rules

    def run(self) -> None:
        for act in self.case.acts():
            if isinstance(act, Mark):
                self._mark(act)
            else:
                for step in act:
                    self._take(step)
                self.world.score()

    def _mark(self, mark: Mark) -> None:
        if mark.kind == "wait":
            self.world.now += mark.value
        elif mark.kind == "publish":
            self.trigger = mark.value or self.trigger
            self._publish()
        elif mark.kind == "end":
            self.world.database.run(self._end)
        else:
            paused = mark.kind == "pause"
            self.world.database.run(lambda connection: self._pause(connection, paused=paused))

    def _publish(self) -> None:
        more: dict[str, Any] = {} if self.case.exit_when is None else {"exit_when": dict(self.case.exit_when)}
        self.world.automate(of_profile(self.trigger), **more)

    def _pause(self, connection: Connection, *, paused: bool) -> None:
        row = definitions.find(connection, definitions.AUTOMATIONS, "a")
        assert row is not None
        definitions.change_definition(connection, definitions.AUTOMATIONS, row["id"], paused=paused)

    def _end(self, connection: Connection) -> None:
        open_ones = connection.exec_driver_sql("SELECT id FROM enrollments WHERE finished_at IS NULL").all()
        for (enrollment_id,) in open_ones:
            enrollments.end_enrollment(connection, enrollment_id, "completed", self.world.now)

    def _take(self, step: Step) -> None:
        """Everything that a step says, still to be scored."""
        before, cause = self.score, f"step-{step.number:04}"
        if step.scores and step.score != before:
            self.score = step.score
            self.moves.append((before, step.score))
            if self.fields:
                cause = f"attribute:{self.contact_id}:{len(self.moves)}"
        self.causes.append(cause)
        self._change_contact(step)
        other = step.part("scores").get(OTHER_PROFILE)
        if other is not None:
            self._adjust(OTHER_PROFILE, f"other-{step.number:04}", set_to=other)
        if step.event_type:
            self._send(step, cause)
        elif step.scores and not self.fields:
            target = step.score or 0
            amount = {"points": target - (before or 0)} if step.number % 2 else {"set_to": target}
            self._adjust("p", cause, silent=step.silent, depth=step.depth, **amount)

    def _change_contact(self, step: Step) -> None:
        values = step.part("contact")
        if self.fields and step.scores:
            values[LEVEL] = step.score
        columns = {name: value for name, value in values.items() if name in COLUMNS}
        self.custom |= {name: value for name, value in values.items() if name not in COLUMNS}
        self.custom = {name: value for name, value in self.custom.items() if value is not MISSING}
        if values:
            self.world.change(depth=step.depth, fields=self.custom, **columns)

    def _send(self, step: Step, event_id: str) -> None:
        deal = step.part("deal")
        key = str(deal.pop("key", f"deal-{step.number}")) if deal else None
        if key is not None:
            columns = {name: value for name, value in deal.items() if name in DEAL_COLUMNS}
            custom = {name: value for name, value in deal.items() if name not in DEAL_COLUMNS}
            self.world.deal(key, fields=custom, **columns)
        properties = step.part("event") | {"step": step.number}
        self.world.send(step.event_type or "", event_id=event_id, silent=step.silent, deal=key, **properties)

    def _adjust(
        self, profile: str, adjustment_id: str, *, silent: bool = False, depth: int = 0, **amount: int
    ) -> None:
        def work(connection: Connection) -> None:
            row = definitions.find(connection, definitions.PROFILES, profile)
            assert row is not None
            effects.add_adjustment(
                connection,
                id=adjustment_id,
                profile_id=row["id"],
                record_id=self.contact_id,
                shard=0,
                points=amount.get("points"),
                set_to=amount.get("set_to"),
                reason="because",
                author="somebody",
                at=self.world.now,
                ends_at=None,
                status=0,
                silent=silent,
                depth=depth,
            )

        self.world.database.run(work)

    def outcomes(self) -> list[str]:
        """What is stored of each step, by the cause that the enrollment or skip names."""
        stored = self.world.query(
            "SELECT origin, 'enroll' FROM enrollments UNION ALL SELECT origin, 'skip:' || reason FROM skips"
        )
        by_cause = {origin.partition(":")[2]: word for origin, word in stored}
        assert by_cause.keys() <= set(self.causes)
        assert len(by_cause) == len(stored)
        return [by_cause.get(cause, ".") for cause in self.causes]

    def statuses(self) -> list[str]:
        """The statuses that the enrollments should have: those that run end, or are replaced."""
        statuses: list[str] = []
        words = iter(self.case.expected)
        for act in self.case.acts():
            if isinstance(act, Mark):
                if act.kind == "end":
                    statuses = [status.replace("queued", "completed") for status in statuses]
                continue
            for word in (next(words) for _ in act):
                if word == "replace":
                    statuses = [status.replace("queued", "replaced") for status in statuses]
                if word in ("enroll", "replace"):
                    statuses.append("queued")
        return statuses


@pytest.mark.parametrize("case", RUN, ids=lambda case: case.name)
def test_the_engine_enrolls_and_skips_as_the_row_says(database: Database, case: Case) -> None:
    """Changes, enrollments, skips and what became of the enrollments are stored as the row says."""
    play = Play(database, case)
    play.run()
    assert [(previous, current) for previous, current, _ in play.world.changes()] == play.moves
    assert play.outcomes() == [word.replace("replace", "enroll") for word in case.expected]
    if case.exit_when is None:
        assert [row[4] for row in play.world.enrollments()] == play.statuses()


def test_nearly_all_of_the_table_can_be_brought_about() -> None:
    """The engine runs a sample only for the time that it takes."""
    assert len(RUN) > 60
    assert len(possible(CASES)) > 300
