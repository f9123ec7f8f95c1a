"""What a publish, an import, a list or a call has started ends all at once, on both databases."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from channels.outbound import NOTHING
from engine.published import PublishedCache
from engine.steps.advancing import advance, next_paths
from engine.steps.filling import fill
from engine.steps.situation import Situation, automation_of
from services.follow_ups import undoing
from services.intake.files.imports import import_file
from services.intake.files.record_files import import_records
from store.connection import Connection
from store.follow_ups import enrollments, starting
from tests.api.follow_ups.bulk_worker import Worker
from tests.api.installation import Installation, opened

STEPS = [
    {"create_task": {"title": "Call {{ contact.label }}"}},
    {"add_tag": "called"},
    {"wait": "3d"},
    {"add_tag": "later"},
]
AUTOMATION: dict[str, Any] = {
    "trigger": {"profile": "engagement", "filters": {"score": {"greater_or_equal": 3}}},
    "steps": STEPS,
}


def carry(kindling: Installation) -> None:
    """Start what waits for its start, and do the steps before its wait, as workers do."""
    cache = PublishedCache()
    with kindling.database.write(range(4)) as connection:
        connection.execute(sa.text("UPDATE enrollments SET workflow_id = id WHERE status = 'queued'"))
        queued = sa.text("SELECT id FROM enrollments WHERE status = 'queued'")
        ids = [row[0] for row in connection.execute(queued)]
        starting.mark_started(connection, ids, kindling.now)
        for row in enrollments.load_enrollments(connection, ids):
            published = cache.read(connection)
            situation = Situation(connection, row, automation_of(row), kindling.now, NOTHING, published)
            stops = situation.automation.course.stops
            situation.texts = fill(
                situation, {path: stops[path].step for path in next_paths(situation, None)}
            )
            advance(situation, None)
            situation.working_set.flush()


def statuses(kindling: Installation) -> list[str]:
    with kindling.database.read() as connection:
        return list(connection.execute(sa.text("SELECT status FROM enrollments ORDER BY id")).scalars())


async def tags_of(kindling: Installation, *keys: str) -> list[list[str]]:
    return [(await kindling.get(f"/v1/contacts/{key}"))["tags"] for key in keys]


async def undo(kindling: Installation, **wanted: Any) -> Any:
    answer = await kindling.client.post("/v1/undo", json=wanted)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
async def fired(kindling: Installation) -> Installation:
    """Five contacts of whom a publish that fired has started follow-ups; their tasks and tags are there."""
    await kindling.publish()
    await kindling.send(*(event for key in "abcde" for event in opened(key, 2)))
    kindling.score()
    await kindling.automate("hot", **AUTOMATION)
    rules = {"rules": [{"key": "opened", "on": "email.opened", "points": 2}]}
    await kindling.client.put("/v1/profiles/engagement", json=rules)
    kindling.later(0.01)
    done = await kindling.client.post("/v1/profiles/engagement/publish", json={"triggers": "fire"})
    assert done.status_code == 202
    kindling.score()
    carry(kindling)
    kindling.score()
    kindling.later(0.01)
    assert statuses(kindling) == ["running"] * 5
    return kindling


async def test_a_publish_that_fired_is_undone_and_shown_first(fired: Installation) -> None:
    [started] = (await fired.get("/v1/undo"))["items"]
    assert (started["kind"], started["name"], started["version"]) == ("publish", "engagement", 2)
    assert (started["follow_ups"], started["open"]) == (5, 5)
    found = await undo(fired, publish="engagement")
    assert (found["dry_run"], found["cancelled"], found["tasks"], found["tags"]) == (True, 5, 5, 5)
    assert statuses(fired) == ["running"] * 5

    done = await undo(fired, publish="engagement", version=2, dry_run=False)
    assert (done["dry_run"], done["cancelled"], done["tasks"], done["tags"]) == (False, 5, 5, 5)
    assert statuses(fired) == ["cancelled"] * 5
    assert await tags_of(fired, *"abcde") == [[]] * 5
    tasks = (await fired.get("/v1/tasks"))["items"]
    assert {task["status"] for task in tasks} == {"cancelled"}
    again = await undo(fired, publish="engagement", dry_run=False)
    assert (again["cancelled"], again["tasks"], again["tags"], again["over"]) == (0, 0, 0, {"cancelled": 5})


async def test_what_somebody_has_touched_since_stays(fired: Installation) -> None:
    tasks = {task["contact"]: task["id"] for task in (await fired.get("/v1/tasks"))["items"]}
    await fired.client.patch(f"/v1/tasks/{tasks['a']}", json={"assign_to": "kim"})
    await fired.client.patch(f"/v1/tasks/{tasks['b']}", json={"status": "done"})
    await fired.client.delete("/v1/contacts/a/tags/called")
    await fired.client.delete("/v1/contacts/b/tags/called")
    fired.later(0.01)
    await fired.client.put("/v1/contacts/b/tags/called")
    await fired.client.put("/v1/contacts/c/tags/vip")
    fired.later(0.01)
    await fired.automate("other", trigger={"event": "met"}, steps=[{"add_tag": "called"}])
    await fired.send({"type": "met", "contact": "d"})
    fired.score()
    carry(fired)
    found = await undo(fired, publish="engagement")
    assert (found["tasks"], found["tasks_kept"], found["tags"], found["tags_kept"]) == (3, 1, 2, 2)
    await undo(fired, publish="engagement", dry_run=False)
    assert await tags_of(fired, *"abcde") == [[], ["called"], ["vip"], ["called"], []]
    left = {task["contact"]: task["status"] for task in (await fired.get("/v1/tasks"))["items"]}
    assert (left["a"], left["b"], left["c"]) == ("open", "done", "cancelled")


async def test_what_its_steps_have_started_ends_too(kindling: Installation) -> None:
    rules = [{"key": "x", "on": "x", "points": 5}, {"key": "tag", "on": "tag.added", "points": 5}]
    await kindling.publish("engagement", rules=rules)
    first = {"trigger": {"event": "x"}, "steps": [{"add_tag": "one"}, {"start": "third"}, {"wait": "3d"}]}
    await kindling.automate("third", trigger={"event": "never"}, steps=[{"wait": "3d"}])
    await kindling.automate("first", **first)
    points = {"adjust_score": {"profile": "engagement", "points": 100, "reason": "x"}}
    await kindling.automate("second", trigger={"event": "tag.added"}, steps=[points, {"wait": "3d"}])
    await kindling.automate(
        "fourth",
        trigger={"profile": "engagement", "filters": {"score": {"greater": 99}}},
        steps=[{"wait": "3d"}],
    )
    request = (await kindling.send({"type": "x", "contact": "ada"}))["request"]
    for _ in range(4):
        kindling.score()
        carry(kindling)
    assert statuses(kindling) == ["running"] * 4
    done = await undo(kindling, request=request, dry_run=False)
    assert (done["cancelled"], done["tags"]) == (4, 1)
    assert set(statuses(kindling)) == {"cancelled"}


async def test_a_call_alone_is_undone(kindling: Installation) -> None:
    await kindling.publish()
    await kindling.automate("hot", **AUTOMATION)
    first = await kindling.send(*opened("ada", 3))
    second = await kindling.client.post(
        "/v1/events",
        content=b"".join(b'{"type": "email.opened", "contact": "ben"}\n' for _ in range(3)),
        headers={"content-type": "application/x-ndjson"},
    )
    kindling.score()
    assert (await undo(kindling, request=first["request"], dry_run=False))["cancelled"] == 1
    assert statuses(kindling) == ["cancelled", "queued"]
    assert (await undo(kindling, request=second.json()["request"]))["cancelled"] == 1


async def test_an_import_is_undone(kindling: Installation, tmp_path: Path) -> None:
    await kindling.automate("new", trigger={"event": "contact.created"}, steps=STEPS)
    await kindling.automate("met", trigger={"event": "met"}, steps=STEPS)
    path = tmp_path / "met.ndjson"
    path.write_text('{"type": "met", "contact": "ada"}\n{"type": "met", "contact": "ben"}\n')
    import_file(kindling.application.events, path, name="fair")
    found = await kindling.client.post("/v1/undo", json={"import": "fair"})
    assert "no follow-ups are noted as started by the import" in found.json()["detail"]
    kindling.score()
    assert (await undo(kindling, **{"import": "fair"}))["cancelled"] == 4
    await kindling.send({"type": "met", "contact": "ada"})
    kindling.score()
    assert (await undo(kindling, **{"import": "fair", "dry_run": False}))["cancelled"] == 4
    assert sorted(statuses(kindling)) == ["cancelled"] * 4 + ["queued"]


async def test_what_records_of_a_file_or_a_call_emit_is_undone_too(
    kindling: Installation, tmp_path: Path
) -> None:
    await kindling.automate("new", trigger={"event": "contact.created"}, steps=STEPS)
    await kindling.automate("tagged", trigger={"event": "tag.added"}, steps=STEPS)
    path = tmp_path / "people.csv"
    path.write_text("key,tags\nada,fair\nben,fair\n")
    import_records(kindling.application.contacts_in_bulk, path)
    sent = await kindling.client.post(
        "/v1/contacts", json=[{"key": "cleo"}, {"key": "dora", "tags": ["fair"]}]
    )
    deals = await kindling.client.post("/v1/deals", json=[{"key": "d1", "contact": "elsa"}])
    kindling.score()
    assert (await undo(kindling, **{"import": "people.csv", "dry_run": False}))["cancelled"] == 4
    assert (await undo(kindling, request=sent.json()["request"], dry_run=False))["cancelled"] == 3
    assert (await undo(kindling, request=deals.json()["request"], dry_run=False))["cancelled"] == 1
    assert statuses(kindling) == ["cancelled"] * 8


async def test_what_a_bulk_job_starts_is_undone_by_its_id_and_its_request(kindling: Installation) -> None:
    await kindling.publish()
    await kindling.automate("hot", **AUTOMATION)
    await kindling.automate("tagged", trigger={"event": "tag.added"}, steps=STEPS)
    await kindling.client.post("/v1/contacts", json=[{"key": key} for key in ("ada", "ben")])
    kindling.score()
    adjust = {"action": "adjust", "profile": "engagement", "points": 5, "reason": "fair"}
    for request, action in (("points", adjust), ("tags", {"action": "tag", "tag": "fair"})):
        body = {**action, "contacts": {}, "request": request}
        job = (await kindling.client.post("/v1/bulk", json=body)).json()
        Worker(kindling).finish(job)
        assert (await undo(kindling, request=job["id"]))["cancelled"] == 2
        assert (await undo(kindling, request=request, dry_run=False))["cancelled"] == 2
    assert statuses(kindling) == ["cancelled"] * 4


async def test_a_list_is_undone_as_it_was_enrolled_last_or_as_its_request_says(
    kindling: Installation,
) -> None:
    await kindling.automate("met", trigger={"event": "met"}, steps=STEPS)
    for key in "ab":
        await kindling.client.put(f"/v1/contacts/{key}", json={})
    await kindling.client.put("/v1/smart-lists/a_l", json={})
    await kindling.client.put("/v1/smart-lists/abl", json={})
    requests = []
    for name in ("a_l", "a_l", "abl"):
        kindling.later(0.01)
        body = {"smart_list": name, "again": True}
        answer = await kindling.client.post("/v1/automations/met/enroll", json=body)
        requests.append(answer.json()["request"])
    assert (await undo(kindling, smart_list="a_l"))["started"]["request"] == requests[1]
    first = await undo(kindling, smart_list="a_l", request=requests[0], dry_run=False)
    assert first["cancelled"] == 2
    assert (await undo(kindling, request=requests[1], dry_run=False))["cancelled"] == 2
    assert statuses(kindling) == ["cancelled"] * 4 + ["queued"] * 2
    by_hand = await kindling.client.post(
        "/v1/automations/met/enroll", json={"contacts": ["a"], "again": True}
    )
    assert (await undo(kindling, request=by_hand.json()["request"]))["started"]["kind"] == "enroll"


@pytest.mark.parametrize(
    ("wanted", "status", "said"),
    [
        ({}, 422, "say what started the follow-ups with one of publish, import, smart_list, request"),
        ({"publish": "a", "import": "b"}, 422, "with one of"),
        ({"version": 2, "request": "x"}, 422, "a version goes with publish"),
        ({"publish": "engagment"}, 404, 'did you mean "engagement"?'),
        ({"publish": "engagement"}, 404, 'no follow-ups are noted as started by a publish of "engagement"'),
        ({"request": "x%"}, 404, 'no follow-ups are noted as started by the request "x%"'),
    ],
)
async def test_what_cannot_be_undone_is_told(
    kindling: Installation, wanted: dict[str, Any], status: int, said: str
) -> None:
    await kindling.publish()
    answer = await kindling.client.post("/v1/undo", json=wanted)
    assert answer.status_code == status, answer.text
    assert said in answer.text.replace('\\"', '"')


async def test_interrupted_it_goes_on_where_it_was(
    fired: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A chunk is one transaction: the process dies after some, and in the middle of one."""
    monkeypatch.setattr(undoing, "CHUNK", 1)
    done = 0
    end: Callable[..., None] = undoing._Chunk.end

    def dying(found: Any, connection: Connection, now: int) -> None:
        nonlocal done
        end(found, connection, now)
        done += 1
        if done == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(undoing._Chunk, "end", dying)
    with pytest.raises(KeyboardInterrupt):
        fired.application.undoing.undo({"publish": "engagement", "dry_run": False})
    assert sorted(statuses(fired)) == ["cancelled"] * 2 + ["running"] * 3
    assert sum(not tags for tags in await tags_of(fired, *"abcde")) == 2
    rest = fired.application.undoing.undo({"publish": "engagement", "dry_run": False})
    assert (rest.cancelled, rest.tasks, rest.tags, rest.over) == (3, 3, 3, {"cancelled": 2})
    events = (await fired.get("/v1/events", type="tag.removed"))["items"]
    assert len(events) == 5


async def test_the_tag_of_a_deal_is_removed_from_the_deal(kindling: Installation) -> None:
    steps = [{"add_tag": "hot", "to": "deal"}, {"add_tag": "warm"}]
    await kindling.automate("deals", trigger={"event": "offer"}, steps=steps)
    await kindling.client.put("/v1/contacts/ada", json={"tags": ["hot"]})
    await kindling.client.put("/v1/deals/d1", json={"contact": "ada", "tags": ["old"]})
    sent = await kindling.client.post("/v1/events", json={"type": "offer", "deal": "d1"})
    kindling.score()
    carry(kindling)
    kindling.score()
    assert (await kindling.get("/v1/deals/d1"))["tags"] == ["old", "hot"]
    undone = await undo(kindling, request=sent.json()["request"], dry_run=False)
    assert undone["tags"] == 2
    assert (await kindling.get("/v1/deals/d1"))["tags"] == ["old"]
    assert await tags_of(kindling, "ada") == [["hot"]]
