"""Whoever goes on with whom, and whatever dies in between: for everybody it comes to the same, each effect once."""

import random
from collections.abc import Callable, Sequence
from functools import partial
from types import SimpleNamespace
from typing import Any, TypeVar

import orjson
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from temporalio.testing import ActivityEnvironment

from activities import follow_ups
from activities.follow_ups import FollowUpActivities
from channels.outbound import NOTHING
from engine.published import PublishedCache
from engine.steps.working_set import WorkingSet
from runtime.messages import Advance, Advanced
from runtime.registry import cohort_workflow_id, follow_up_workflow_id
from store.connection import Connection
from store.database import Database
from store.follow_ups import starting
from tests.engine.conftest import Fresh
from tests.engine.world import HOUR, World

T = TypeVar("T")
#: So many step lists are drawn, each for `MEMBERS` follow-ups in several divisions.
CASES = {"sqlite": 60, "postgresql": 15}
MEMBERS = 8

conditions: Any = st.sampled_from(
    [
        {"contact.tags": {"contains": "a"}},
        {"score": {"greater": 6}},
        {"event.n": {"less": 4}},
        {"contact.stage": {"equal": "demo"}},
        {"contact.open_tasks": {"greater": 1}},
        {"contact.last_event.task.created": {"empty": True}},
    ]
)
plain: Any = st.one_of(
    st.sampled_from(["a", "b"]).map(lambda tag: {"add_tag": tag}),
    st.just({"remove_tag": "a"}),
    st.sampled_from(["demo", None]).map(lambda stage: {"update": {"stage": stage}}),
    st.just({"adjust_score": {"profile": "p", "points": 1, "reason": "{{ contact.key }}"}}),
    st.just({"create_task": {"title": "{{ contact.key }} {{ contact.tags | length }}"}}),
    st.just({"notify": {"to": "sales", "message": "{{ score.now }} {{ contact.stage }}"}}),
    st.just({"adjust_score": {"profile": "gone", "points": 1}, "on_failure": "continue"}),
    st.just({"adjust_score": {"profile": "gone", "points": 1}}),
    st.just({"wait": "2h"}),
    st.just({"wait": "5h"}),
    st.just({"wait": {"until": "event.date", "if_past": "skip"}}),
    st.just({"wait_for": {"filters": {"contact.tags": {"contains": "b"}}, "timeout": "3h"}}),
    st.just({"wait_for": {"event": "go", "timeout": "4h", "on_timeout": [{"add_tag": "late"}]}}),
    st.just({"stop": "enough"}),
)
steps: Any = st.recursive(
    plain,
    lambda inner: st.one_of(
        st.builds(
            lambda test, then, other: {"if": test, "then": then, "else": other},
            conditions,
            st.lists(inner, max_size=2),
            st.lists(inner, max_size=2),
        ),
        st.builds(
            lambda first, second: {
                "split": [{"percent": 50, "steps": first}, {"percent": 30, "steps": second}]
            },
            st.lists(inner, max_size=2),
            st.lists(inner, max_size=2),
        ),
    ),
    max_leaves=5,
)


class AtOnce(WorkingSet):
    """Knows nothing and keeps nothing back: the plain way, one statement for each thing."""


def _plainly(name: str) -> Callable[..., Any]:
    def method(self: WorkingSet, *given: Any, **named: Any) -> Any:
        fresh = WorkingSet(self.connection, [])
        result = getattr(fresh, name)(*given, **named)
        fresh.flush()
        return result

    return method


for _name, _method in list(vars(WorkingSet).items()):
    if callable(_method) and not _name.startswith("_") and _name != "flush":
        setattr(AtOnce, _name, _plainly(_name))


class Killed(BaseException):
    """The process that did the work is gone."""


class Mortal(Database):
    """Transactions of it may die, before they are committed or right after."""

    def __init__(self, database: Database, chance: random.Random, often: float) -> None:
        self.__dict__ = dict(database.__dict__)
        self._chance, self._often = chance, often

    def run(self, work: Callable[[Connection], T], shards: Any = ()) -> T:
        if self._chance.random() >= self._often:
            return super().run(work, shards)

        def dying(connection: Connection) -> T:
            work(connection)
            raise Killed

        if self._chance.random() < 0.5:
            super().run(dying, shards)
        super().run(work, shards)
        raise Killed


class Play:
    """Carries out the follow-ups of a world in a division of them, as the workflows do."""

    def __init__(self, world: World, division: Sequence[Sequence[str]], seed: int, often: float) -> None:
        self.world = world
        self.chance = random.Random(seed)
        self.workflows: list[str] = []
        for number, ids in enumerate(division):
            workflow_id = (
                follow_up_workflow_id("hot", ids[0])
                if len(ids) == 1
                else cohort_workflow_id("hot", str(number))
            )
            world.database.run(partial(starting.assign, workflow_id=workflow_id, ids=ids))
            world.database.run(partial(starting.mark_started, ids=ids, now=world.now))
            self.workflows.append(workflow_id)
        no_wakes: Any = SimpleNamespace(request=lambda shards: None)
        self.activities = FollowUpActivities(
            Mortal(world.database, self.chance, often),
            lambda: world.now,
            no_wakes,
            NOTHING,
            PublishedCache(),
        )

    def advance(self, workflow_id: str) -> Advanced:
        while True:
            try:
                return ActivityEnvironment().run(self.activities.advance, Advance(workflow_id))
            except Killed:
                continue

    def to_the_end(self) -> None:
        """Until everybody is over; time goes on where all wait."""
        for _ in range(200):
            dues = []
            self.chance.shuffle(self.workflows)
            for workflow_id in self.workflows:
                done = self.advance(workflow_id)
                while done.more:
                    done = self.advance(workflow_id)
                if done.due_at is not None:
                    dues.append(done.due_at)
            self.world.score()
            if not dues and not self.world.query(
                "SELECT 1 FROM enrollments WHERE status IN ('running', 'queued')"
            ):
                return
            if not self.world.query("SELECT 1 FROM enrollments WHERE waking > 0"):
                self.world.now = max(self.world.now, min(dues))
            self.world.database.run(
                lambda connection: connection.exec_driver_sql("UPDATE enrollments SET waking = 0")
            )
        raise AssertionError("it does not end")


def outcome(world: World) -> dict[str, Any]:
    """What it came to for everybody, without ids and moments."""
    queries = {
        "enrollments": "SELECT c.key, e.status, e.step, e.last_error FROM enrollments e JOIN contacts c "
        "ON c.id = e.contact_id ORDER BY c.key",
        "contacts": "SELECT key, tags, stage FROM contacts ORDER BY key",
        "tasks": "SELECT c.key, t.path, t.title FROM tasks t JOIN contacts c ON c.id = t.contact_id ORDER BY 1, 2",
        "notifications": "SELECT c.key, n.path, n.message FROM notifications n JOIN contacts c "
        "ON c.id = n.contact_id ORDER BY 1, 2",
        "outcomes": "SELECT c.key, o.path, o.kind FROM outcomes o JOIN enrollments e ON e.id = o.enrollment_id "
        "JOIN contacts c ON c.id = e.contact_id ORDER BY 1, 2",
        "scores": "SELECT c.key, s.score FROM scores s JOIN contacts c ON c.id = s.record_id ORDER BY 1",
    }
    told = world.query(
        "SELECT c.key, v.type, v.properties FROM events v JOIN contacts c ON c.id = v.contact_id"
    )
    events = sorted(
        (key, kind, str(properties.get("tag")), str(properties.get("title")))
        for key, kind, properties in ((key, kind, orjson.loads(text)) for key, kind, text in told)
    )
    return {"events": events, **{name: world.query(query) for name, query in queries.items()}}


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_cohort_comes_to_the_same_for_everybody_as_one_workflow_each(
    fresh: Fresh, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = CASES["sqlite" if database.is_sqlite else "postgresql"]

    def play(body: list[dict[str, Any]], sizes: Sequence[int], seed: int, often: float) -> dict[str, Any]:
        with fresh() as world:
            world.shards = 1
            with world.database.write() as connection:  # splits go by ids
                if database.is_sqlite:
                    connection.exec_driver_sql("DELETE FROM sqlite_sequence")
                else:
                    connection.exec_driver_sql("TRUNCATE contacts, automations RESTART IDENTITY")
            world.publish({"on": "e", "points": 5}, {"on": "late", "points": 3})
            world.automate(
                {"profile": "p", "filters": {"cause": {"equal": "event"}}},
                "hot",
                steps=body,
                exit_when={"event": "out"},
            )
            for number in range(MEMBERS):
                date = world.now + (number - 4) * HOUR
                world.send(
                    "e",
                    f"c{number}",
                    n=number,
                    date=f"2020-01-0{number + 1}T00:00:00Z" if number % 2 else date,
                )
            world.score()
            for number in (2, 5):
                world.send("go", f"c{number}")
            world.send("out", "c6")
            ids = [row[0] for row in world.query("SELECT id FROM enrollments ORDER BY contact_id")]
            division, left = [], ids
            for size in sizes:
                division.append(left[:size])
                left = left[size:]
            division += [[one] for one in left]
            Play(world, [part for part in division if part], seed, often).to_the_end()
            return outcome(world)

    @settings(
        max_examples=cases,
        deadline=None,
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        body=st.lists(steps, min_size=1, max_size=5),
        sizes=st.lists(st.integers(1, MEMBERS), max_size=4),
        seed=st.integers(0, 1_000_000),
    )
    def law(body: list[dict[str, Any]], sizes: list[int], seed: int) -> None:
        with monkeypatch.context() as plain:
            plain.setattr(follow_ups, "WorkingSet", AtOnce)
            alone = play(body, [], 0, 0.0)
        assert play(body, [], 0, 0.0) == alone
        assert play(body, [MEMBERS], seed, 0.0) == alone
        assert play(body, sizes, seed, 0.3) == alone

    law()
