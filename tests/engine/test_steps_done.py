"""What every step does is what its class says of it: each is done for real, with a contact and with a deal."""

from dataclasses import replace
from typing import Any, NamedTuple

import pytest

from automations.steps.base import BaseStep
from automations.steps.kinds import STEPS
from automations.steps.places import find_step
from channels.outbound import NOTHING
from conditions.fields import INTERNAL_EVENTS
from engine.filling import fill
from engine.situation import Situation, automation_of
from engine.steps import perform
from engine.waiting import StillWaiting
from reference.examples import STEP_EXAMPLES, parsed
from store.connection import Connection, RowMapping
from store.database import Database
from store.follow_ups import enrollments, watching
from store.follow_ups.watching import Place
from store.records import contacts, deals
from tests.automations.step_spots import FILLED, templates, with_template
from tests.engine.world import World

#: Besides the examples of the reference: keys that they do without.
FURTHER: dict[str, list[Any]] = {
    "update": [{"update": {"dnd": ["email"]}}, {"update": {"fields": {"city": "Ulm"}}}]
}


class Done(NamedTuple):
    """What a step came to; `changed` as `BaseStep.targets` names it."""

    step: BaseStep
    result: dict[str, Any]
    waits: bool
    changed: set[str]
    tags: tuple[set[str], set[str]]
    awaited: list[str]
    called: bool


def of_kind(kind: str) -> list[list[Any]]:
    """Steps of this kind, each after those that stand before it where it comes from."""
    cases = []
    for example in (parsed(STEP_EXAMPLES[kind]), *([further] for further in FURTHER.get(kind, []))):
        before: list[Any] = []
        for raw in example:
            if kind in raw:
                cases.append([*before, raw])
            else:
                before.append(raw)
    return cases


def enrolled(world: World, steps: list[Any], applies_to: str, tags: list[str]) -> str:
    """The id of an enrollment of the contact `ada`, or of her deal, in an automation with these steps."""
    world.publish({"on": "e", "points": 5}, key="engagement")
    world.publish({"on": "e", "points": 5}, key="of_deals", applies_to="deal")
    world.automate({"event": "never"}, key="another-automation")
    world.deal("d1", "ada")
    world.change(tags=tags, fields={"source": "fair", "renewal_date": "2100-01-01"}, owner="eve")
    world.score()
    profile = {"contact": "engagement", "deal": "of_deals"}[applies_to]
    world.automate({"profile": profile}, steps=steps)
    world.send("e", "ada", deal="d1", campaign="spring")
    world.score()
    [(enrollment_id,)] = world.query("SELECT id FROM enrollments ORDER BY id")
    return str(enrollment_id)


def situation_of(world: World, connection: Connection, enrollment_id: str) -> Situation:
    row = enrollments.load_enrollment(connection, enrollment_id)
    assert row is not None
    published = world.published.read(connection)
    outbound = replace(NOTHING, secrets={"crm": "s"}, log_only=True)
    return Situation(connection, row, automation_of(row), world.now, outbound, published, reached=world.now)


def do_those_before(situation: Situation, connection: Connection, steps: list[Any]) -> str:
    """Do all but the last of the steps; the path of the last."""
    for path in map(str, range(len(steps) - 1)):
        step = find_step(situation.automation, path)
        situation.texts = fill(situation, {path: step})
        result = perform(situation, path, step)
        enrollment_id = situation.enrollment["id"]
        enrollments.add_outcome(connection, enrollment_id, path, step.kind, result, 1, situation.now)
    return str(len(steps) - 1)


def done(database: Database, steps: list[Any], applies_to: str, tags: list[str]) -> Done:
    """The last of the steps of an automation in which somebody enrolls."""
    world = World(database)
    enrollment_id = enrolled(world, steps, applies_to, tags)

    def work(connection: Connection) -> Done:
        path = do_those_before(situation_of(world, connection, enrollment_id), connection, steps)
        before = records(connection)
        situation = situation_of(world, connection, enrollment_id)
        step = find_step(situation.automation, path)
        situation.texts = fill(situation, {path: step})
        result, waits = {}, False
        try:
            result = perform(situation, path, step)
        except StillWaiting:
            waits = True
        after = records(connection)
        waits_for = connection.exec_driver_sql("SELECT event_type FROM waits")
        tags_before, tags_after = (
            {(number, tag) for number, row in enumerate(rows) for tag in row["tags"]}
            for rows in (before, after)
        )
        return Done(
            step,
            result,
            waits or "until" in result,
            {
                name
                for kind, old, new in zip(("contact", "deal"), before, after, strict=True)
                for name in differences(kind, old, new, applies_to)
            },
            ({tag for _, tag in tags_after - tags_before}, {tag for _, tag in tags_before - tags_after}),
            [event for (event,) in waits_for if event is not None and event not in INTERNAL_EVENTS],
            bool(connection.exec_driver_sql("SELECT id FROM webhooks").all()),
        )

    return database.run(work)


def records(connection: Connection) -> tuple[RowMapping, RowMapping]:
    contact, deal = contacts.contact_by_key(connection, "ada"), deals.deal_by_key(connection, "d1")
    assert contact is not None
    assert deal is not None
    return contact, deal


def differences(kind: str, old: RowMapping, new: RowMapping, applies_to: str) -> set[str]:
    names = {
        name
        for name in (*contacts.WRITABLE, *deals.WRITABLE)
        if name in old and name not in ("tags", "fields") and old[name] != new[name]
    }
    values = {**old["fields"], **new["fields"]}
    names |= {f"the field {name}" for name in values if old["fields"].get(name) != new["fields"].get(name)}
    if kind != applies_to:
        names = {f"{name} of the {kind}" for name in names}
    of_deal = " of the deal" if kind == "deal" else ""
    return names | {f"the tag {tag}{of_deal}" for tag in {*old["tags"]} ^ {*new["tags"]}}


CASES = pytest.mark.parametrize(
    ("steps", "applies_to", "tags"),
    [
        pytest.param(
            steps, applies_to, tags, id=f"{kind}-{number}-{applies_to}-{'tagged' if tags else 'plain'}"
        )
        for kind in STEPS
        for number, steps in enumerate(of_kind(kind))
        for applies_to, tags in (("contact", []), ("contact", ["hot"]), ("deal", []))
        if applies_to == "contact" or "dnd" not in (steps[-1].get("update") or ())  # which a deal has not
    ],
)


@CASES
def test_a_step_does_what_its_class_says(
    database: Database, steps: list[Any], applies_to: str, tags: list[str]
) -> None:
    came = done(database, steps, applies_to, tags)
    step = came.step
    # Templates after it would be filled in with what was before it.
    targets = {*step.targets()}
    if applies_to == "contact":
        targets = {name.removesuffix(" of the contact") for name in targets}
    assert came.changed <= targets, "targets() leaves out what it changed"
    assert came.changed == targets or not came.result.get("changed"), "targets() has what it did not change"
    assert came.tags[0] <= {step.added_tag}, "added_tag leaves out a tag that it added"
    assert came.tags[1] <= {step.removed_tag}, "removed_tag leaves out a tag that it removed"
    assert came.awaited == [event for _, event in step.awaited_events()] or not came.waits, "awaited_events()"
    assert came.waits <= step.waits, "it waits, and `waits` does not say so"
    assert came.called == step.answers, "it calls somebody whose answer `answers` lets later steps read"
    assert ("stop" in came.result) == bool(step.stops), "it ends the follow-up, and `stops` says why"
    decided = came.waits or bool({"branch", "stop", "until"} & {*came.result})
    assert decided <= step.decides, "what comes next depends on it, and `decides` does not say so"
    assert came.result.get("branch") in (None, *(way.name for way in step.branches())), "branches()"


@pytest.mark.parametrize("kind", STEPS)
def test_every_step_has_each_of_its_templates_filled_in(kind: str, database: Database) -> None:
    world = World(database)
    enrollment_id = enrolled(world, [{"add_tag": "x"}], "contact", [])
    for loc, _ in templates(kind):
        step, _ = with_template(kind, loc)
        with database.read() as connection:
            filled = fill(situation_of(world, connection, enrollment_id), {"0": step})
        assert FILLED in repr(filled.get("0")), f"{kind} is filled in without {loc}: {filled}"


@pytest.mark.parametrize("kind", [kind for kind, step in STEPS.items() if step.waits])
def test_what_is_awaited_counts_from_the_end_of_a_wait_of_each_kind(kind: str, database: Database) -> None:
    world = World(database)
    steps = of_kind(kind)[0]
    begun, path = world.now, str(len(steps) - 1)
    enrollment_id = enrolled(world, steps, "contact", [])

    def ended(connection: Connection) -> Place | None:
        situation = situation_of(world, connection, enrollment_id)
        result = perform(situation, path, find_step(situation.automation, path))
        enrollments.add_outcome(connection, enrollment_id, path, kind, result, 1, world.now)
        return watching.waited_until(connection, enrollment_id)

    def attempt(connection: Connection) -> Place | None:
        do_those_before(situation_of(world, connection, enrollment_id), connection, steps)
        try:
            return ended(connection)
        except StillWaiting:
            return None

    place = database.run(attempt)
    world.later(24 * 400)
    place = place or database.run(ended)
    assert place is not None
    assert begun < place[0] < world.now, "`awaits` does not say that it ends when something comes about"


def test_points_that_a_step_gives_are_in_the_audit_as_those_of_the_version_that_ran(
    database: Database,
) -> None:
    done(database, [{"adjust_score": {"profile": "engagement", "points": 3, "reason": "hot"}}], "contact", [])
    with database.read() as connection:
        statement = "SELECT kind, actor, actor_id, action, thing, subject FROM audit"
        [row] = connection.exec_driver_sql(statement).all()
    assert tuple(row) == ("automation", "automation a v1", "a", "adjust", "contact", "ada")
