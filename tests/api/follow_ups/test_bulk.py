"""Bulk jobs: who is meant, what becomes of them, and that nothing is done twice."""

from typing import Any, get_args

import pytest

from activities.bulk import BulkActivities
from conditions.limits import TAGS
from engine.bulk import ACTIONS
from engine.published import PublishedCache
from runtime.statuses import BulkAction
from services.follow_ups.bulk_requests import TAKES
from tests.api.installation import Installation

PEOPLE = 250
"""More than two slices."""


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


@pytest.fixture
def worker(kindling: Installation) -> Worker:
    return Worker(kindling)


async def start(kindling: Installation, **body: Any) -> dict[str, Any]:
    answer = await kindling.client.post("/v1/bulk", json=body)
    assert answer.status_code == 202, answer.text
    job: dict[str, Any] = answer.json()
    return job


async def people(kindling: Installation, count: int = PEOPLE, **values: Any) -> None:
    body = [{"key": f"c{number:03}", "stage": "lead", **values} for number in range(count)]
    answer = await kindling.client.post("/v1/contacts", json=body)
    assert answer.status_code == 200, answer.text


async def job_of(kindling: Installation, job: dict[str, Any]) -> dict[str, Any]:
    return dict(await kindling.get(f"/v1/bulk/{job['id']}"))


def count(kindling: Installation, statement: str) -> int:
    with kindling.database.read() as connection:
        return int(connection.exec_driver_sql(statement).scalar_one())


async def test_it_counts_begins_works_and_ends(kindling: Installation, worker: Worker) -> None:
    await people(kindling)
    await kindling.client.put("/v1/contacts/other", json={"stage": "customer"})
    await kindling.client.put("/v1/contacts/c000/tags/hot", json=None)
    who = {"contacts": {"filter": {"stage": "lead"}}}
    counted = await start(kindling, action="tag", tag="hot", **who, dry_run=True)
    assert counted == {"dry_run": True, "action": "tag", "of": "contact", "smart_list": None, "total": PEOPLE}
    assert (await kindling.get("/v1/bulk"))["items"] == []
    job = await start(kindling, action="tag", tag=" hot ", **who)
    assert (job["status"], job["total"], job["done"], job["parameters"]) == (
        "running",
        PEOPLE,
        0,
        {"tag": "hot"},
    )
    assert job["workflow_url"].endswith(f"bulk-{job['id']}")
    worker.slice(job)
    assert (await job_of(kindling, job))["done"] == 100
    worker.finish(job)
    done = await job_of(kindling, job)
    assert (done["status"], done["done"], done["changed"], done["unchanged"], done["gone"]) == (
        "done",
        PEOPLE,
        PEOPLE - 1,
        1,
        0,
    )
    assert done["finished_at"] is not None
    assert (await kindling.get("/v1/bulk"))["items"] == [done]
    assert count(kindling, "SELECT count(*) FROM events WHERE type = 'tag.added'") == PEOPLE
    assert count(kindling, "SELECT count(*) FROM bulk_slices") == 0
    assert (await kindling.get("/v1/contacts/other"))["tags"] == []


async def test_who_is_meant_is_decided_at_the_beginning(kindling: Installation, worker: Worker) -> None:
    """Neither those who come later nor what the job itself changes matters."""
    await people(kindling, tags=["new"])
    job = await start(kindling, action="untag", tag="new", contacts={"filter": {"tag": "new"}})
    worker.slice(job)
    await kindling.client.put("/v1/contacts/late", json={"tags": ["new"]})
    worker.finish(job)
    assert (await job_of(kindling, job))["changed"] == PEOPLE
    assert [one["key"] for one in (await kindling.get("/v1/contacts", tag="new"))["items"]] == ["late"]


async def test_it_is_stopped_and_what_is_done_stays(kindling: Installation, worker: Worker) -> None:
    await people(kindling)
    job = await start(kindling, action="stage", stage="customer", contacts={})
    worker.slice(job)
    stopped = (await kindling.client.post(f"/v1/bulk/{job['id']}/stop")).json()
    assert (stopped["status"], stopped["done"], stopped["changed"]) == ("stopped", 100, 100)
    assert not worker.slice(job)
    again = await kindling.client.post(f"/v1/bulk/{job['id']}/stop")
    assert (again.status_code, again.json()["detail"]) == (
        409,
        f'the bulk job "{job["id"]}" is over already: stopped',
    )
    assert len((await kindling.get("/v1/contacts", stage="customer", limit=500))["items"]) == 100


async def test_two_workers_do_each_slice_once(kindling: Installation, worker: Worker) -> None:
    await people(kindling)
    await kindling.publish()
    job = await start(kindling, action="adjust", profile="engagement", points=5, reason="fair", contacts={})
    other = Worker(kindling)
    while worker.slice(job) and other.slice(job):
        pass
    worker.finish(job)
    assert count(kindling, "SELECT count(*) FROM adjustments") == PEOPLE
    assert (await kindling.get("/v1/contacts/c007/scores/engagement"))["score"] == 5


async def test_a_name_of_ones_own_makes_asking_twice_one_job(kindling: Installation, worker: Worker) -> None:
    await people(kindling, 3)
    asked = {"action": "tag", "tag": "hot", "contacts": {}, "request": "monday"}
    job = await start(kindling, **asked)
    worker.finish(job)
    await kindling.client.put("/v1/contacts/late", json={})
    assert (await start(kindling, **asked))["id"] == job["id"]
    other = await kindling.client.post("/v1/bulk", json={**asked, "tag": "cold"})
    assert other.status_code == 409
    assert "is that of another bulk job" in other.json()["detail"]


async def test_owner_and_stage_of_deals(kindling: Installation, worker: Worker) -> None:
    for number in range(3):
        await kindling.client.put(f"/v1/deals/d{number}", json={"contact": "ada", "value": number})
    who: dict[str, Any] = {"deals": {"filters": {"deal.value": {"greater": 0}}}}
    for body in (
        {"action": "owner", "owner": "ben"},
        {"action": "stage", "stage": "offer"},
        {"action": "tag", "tag": "q4"},
    ):
        job = await start(kindling, **body, **who)
        assert (job["of"], job["total"]) == ("deal", 2)
        worker.finish(job)
    deals = (await kindling.get("/v1/deals"))["items"]
    assert [(deal["owner"], deal["stage"], deal["tags"]) for deal in deals] == [
        (None, None, []),
        ("ben", "offer", ["q4"]),
        ("ben", "offer", ["q4"]),
    ]
    types = [event["type"] for event in (await kindling.get("/v1/events", deal="d1"))["items"]]
    assert {"deal.stage_changed", "tag.added"} <= set(types)
    worker.finish(await start(kindling, action="owner", owner=None, **who))
    assert (await kindling.get("/v1/deals/d1"))["owner"] is None


async def test_a_smart_list_is_meant_and_scores_and_triggers_follow(
    kindling: Installation, worker: Worker
) -> None:
    await people(kindling, 4)
    await kindling.publish(
        rules=[{"key": "vip", "on": "tag.added", "where": {"tag": {"equal": "vip"}}, "points": 7}]
    )
    await kindling.automate()
    filters = {"contact.key": {"one_of": ["c001", "c002"]}}
    await kindling.client.put("/v1/smart-lists/some", json={"filters": filters})
    job = await start(kindling, action="tag", tag="vip", smart_list="some")
    assert (job["smart_list"], job["total"]) == ("some", 2)
    worker.finish(job)
    enrolled = (await kindling.get("/v1/enrollments"))["items"]
    assert sorted(one["contact"] for one in enrolled) == ["c001", "c002"]


async def test_those_who_are_enrolled_are_counted_and_the_others_told(
    kindling: Installation, worker: Worker
) -> None:
    await people(kindling, 3)
    await kindling.publish()
    await kindling.automate()
    by_hand = {"contacts": ["c000"]}
    assert (await kindling.client.post("/v1/automations/hot/enroll", json=by_hand)).status_code == 200
    await kindling.client.put("/v1/smart-lists/all", json={})
    job = await start(kindling, action="enroll", automation="hot", author="ada", smart_list="all")
    worker.finish(job)
    done = await job_of(kindling, job)
    assert (done["changed"], done["unchanged"], done["skipped"]) == (2, 0, {"running": 1})
    enrolled = (await kindling.get("/v1/enrollments"))["items"]
    assert [(one["author"], one["chosen"]) for one in enrolled] == [
        ("local for ada", "list all"),
        ("local for ada", "list all"),
        ("local", "named"),
    ]


async def test_a_job_that_cannot_go_on_fails_and_says_why(kindling: Installation, worker: Worker) -> None:
    await people(kindling, 3)
    await kindling.publish()
    job = await start(kindling, action="adjust", profile="engagement", set_to=4, reason="x", contacts={})
    await kindling.client.post("/v1/profiles/engagement/unpublish")
    worker.finish(job)
    failed = await job_of(kindling, job)
    assert (failed["status"], failed["error"], failed["done"]) == (
        "failed",
        'the profile "engagement" of contacts is not published any more',
        0,
    )


async def test_tasks_are_given_to_others_and_closed(kindling: Installation, worker: Worker) -> None:
    await people(kindling, 2, owner="eve")
    await kindling.client.put("/v1/deals/d1", json={"contact": "c000", "owner": "kim"})
    task: dict[str, Any] = {}
    for body in (
        {"contact": "c000", "title": "a", "assign_to": "anna"},
        {"contact": "c001", "title": "b", "assign_to": "anna"},
        {"deal": "d1", "title": "c"},
        {"contact": "c001", "title": "d", "assign_to": "anna"},
    ):
        task = (await kindling.client.post("/v1/tasks", json=body)).json()
    await kindling.client.patch(f"/v1/tasks/{task['id']}", json={"status": "done"})

    async def assigned() -> dict[str, Any]:
        tasks = (await kindling.get("/v1/tasks"))["items"]
        return {task["title"]: (task["assign_to"], task["status"]) for task in tasks}

    job = await start(kindling, action="reassign_tasks", assign_to="ben", tasks={"assign_to": "anna"})
    assert (job["of"], job["total"]) == ("task", 2)
    worker.finish(job)
    assert await assigned() == {
        "a": ("ben", "open"),
        "b": ("ben", "open"),
        "c": (None, "open"),
        "d": ("anna", "done"),
    }
    worker.finish(await start(kindling, action="reassign_tasks", assign_to="owner", tasks={}))
    assert (await assigned())["c"] == ("kim", "open")
    assert (await assigned())["a"] == ("eve", "open")
    await kindling.client.put("/v1/smart-lists/first", json={"filters": {"contact.key": {"equal": "c000"}}})
    job = await start(kindling, action="close_tasks", smart_list="first")
    assert job["total"] == 2
    worker.finish(job)
    assert sorted(title for title, (_, status) in (await assigned()).items() if status == "open") == ["b"]
    assert count(kindling, "SELECT count(*) FROM events WHERE type = 'task.done'") == 3


async def test_the_erased_are_counted_and_the_merged_are_meant_where_they_are(
    kindling: Installation, worker: Worker
) -> None:
    await people(kindling, 5)
    await kindling.client.put("/v1/contacts/another", json={})
    await kindling.publish()
    job = await start(
        kindling,
        action="adjust",
        profile="engagement",
        points=1,
        reason="x",
        contacts={"filter": {"stage": "lead"}},
    )
    await kindling.client.delete("/v1/contacts/c000")
    await kindling.client.post("/v1/contacts/c001/merge", json={"into": "c002"})
    await kindling.client.post("/v1/contacts/c003/merge", json={"into": "another"})
    worker.finish(job)
    done = await job_of(kindling, job)
    assert (done["changed"], done["unchanged"], done["gone"], done["done"]) == (3, 1, 1, 5)
    for key in ("c002", "another", "c004"):
        assert (await kindling.get(f"/v1/contacts/{key}/scores/engagement"))["score"] == 1


async def test_one_with_as_many_tags_as_are_kept_is_skipped(kindling: Installation, worker: Worker) -> None:
    await people(kindling, 2)
    full = [f"t{number}" for number in range(TAGS.most)]
    filled = await kindling.client.patch("/v1/contacts/c000", json={"tags": full})
    assert filled.status_code == 200
    job = await start(kindling, action="tag", tag="one-more", contacts={})
    worker.finish(job)
    done = await job_of(kindling, job)
    assert (done["changed"], sum(done["skipped"].values())) == (1, 1)


async def test_a_job_for_nobody_is_done(kindling: Installation) -> None:
    job = await start(kindling, action="tag", tag="hot", contacts={"filter": {"stage": "nowhere"}})
    assert (job["status"], job["total"]) == ("done", 0)


def test_every_action_is_known_everywhere() -> None:
    assert set(ACTIONS) == set(TAKES) == set(get_args(BulkAction))


WAYS = "say who with one of smart_list, contacts, deals, tasks"
TAG = {"action": "tag", "tag": "hot"}


@pytest.mark.parametrize(
    ("body", "pointer", "message"),
    [
        ({**TAG}, "", WAYS),
        ({**TAG, "contacts": {}, "smart_list": "x"}, "", WAYS),
        ({"action": "tag", "contacts": {}}, "/tag", '"tag" needs "tag"'),
        ({"action": "tagg", "tag": "x", "contacts": {}}, "/action", "did you mean"),
        ({**TAG, "owner": "ben", "contacts": {}}, "/owner", '"tag" takes no "owner"'),
        ({**TAG, "tasks": {}}, "/tasks", '"tag" acts on contacts or deals, not on tasks'),
        ({**TAG, "contacts": {"filter": {"stag": "x"}}}, "/contacts/filter/stag", "did you mean"),
        ({**TAG, "deals": {"filter": {"email": "x"}}}, "/deals/filter/email", "not a field of deals"),
        ({**TAG, "contacts": {"filters": {"contact.x": {"has": 1, "bad": 2}}}}, "", ""),
        ({**TAG, "contacts": {"filter": {"score_gte": 2}}}, "/contacts/filter/score_gte", "whose scores"),
        ({**TAG, "contacts": {"profile": "nope"}}, "/contacts/profile", 'no profile "nope"'),
        ({"action": "close_tasks", "tasks": {"overdu": True}}, "/tasks/overdu", "did you mean"),
        ({"action": "close_tasks", "tasks": {"contact": "x"}}, "/tasks/contact", 'no contact "x"'),
        ({"action": "owner", "contacts": {}}, "/owner", '"owner" needs "owner"'),
        (
            {"action": "adjust", "profile": "engagement", "reason": "x", "contacts": {}},
            "",
            'either "points" or "set_to"',
        ),
        ({"action": "reassign_tasks", "assign_to": "none", "tasks": {}}, "/assign_to", "write null"),
        ([], "", "send an action"),
    ],
)
async def test_mistakes_are_told_and_nothing_begins(
    kindling: Installation, body: Any, pointer: str, message: str
) -> None:
    answer = await kindling.client.post("/v1/bulk", json=body)
    assert answer.status_code == 422, answer.text
    found = [(one["pointer"], one["message"]) for one in answer.json()["errors"]]
    assert any(where.startswith(pointer) and message in said for where, said in found), found
    assert (await kindling.get("/v1/bulk"))["items"] == []


async def test_what_is_not_there_or_not_published_is_told(kindling: Installation) -> None:
    async def told(**body: Any) -> tuple[int, str]:
        answer = await kindling.client.post("/v1/bulk", json=body)
        return answer.status_code, answer.json()["detail"]

    assert (await told(**TAG, smart_list="x"))[0] == 404
    assert (await told(action="adjust", profile="x", points=1, reason="y", contacts={}))[0] == 404
    assert (await told(action="enroll", automation="x", contacts={}))[0] == 404
    await kindling.client.put("/v1/profiles/p", json={"rules": []})
    assert (await told(action="adjust", profile="p", points=1, reason="y", contacts={}))[0] == 409
    assert (await kindling.client.get("/v1/bulk/x")).status_code == 404
    assert (await kindling.client.post("/v1/bulk/x/stop")).status_code == 404
