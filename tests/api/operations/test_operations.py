import asyncio
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import insert

from store.database import Database
from store.follow_ups import holding
from store.follow_ups.alerts import DIGESTS
from store.operations import status
from store.operations.status import WorkerSelf
from tests.api.installation import BASE, Installation, opened

NDJSON = "application/x-ndjson"


async def test_status_counts_all_accepted_work(kindling: Installation) -> None:
    await kindling.publish()
    await kindling.automate()
    await kindling.send(*opened("ada", 5))
    kindling.later(1 / 86_400)
    pending = await kindling.get("/v1/status")
    assert (pending["pending_events"], pending["oldest_pending_seconds"]) == (6, 1.0)
    kindling.score()
    kindling.temporal = False
    done = await kindling.get("/v1/status")
    assert (done["pending_events"], done["follow_ups"]["queued"], done["temporal"]) == (1, 1, "down")
    assert sum(shard["unstarted"] for shard in done["shards"]) == 1
    assert (done["workers"], done["quarantined"], done["publishing"], done["held"]) == ([], 0, 0, False)


async def test_what_a_storm_limit_puts_off_is_counted_apart_from_what_is_pending(
    kindling: Installation,
) -> None:
    await kindling.publish()
    await kindling.automate(
        trigger={
            "profile": "engagement",
            "filters": {"score": {"greater_or_equal": 1}},
            "max_starts": {"times": 1, "per": "hour"},
        },
        steps=[{"add_tag": "hot"}],
    )
    for contact in ("ada", "ben", "eve"):
        await kindling.send(*opened(contact, 1))
        kindling.score()
    kindling.later(1 / 86_400)
    shown = await kindling.get("/v1/status")
    assert (shown["pending_events"], shown["oldest_pending_seconds"]) == (1, 1.0)
    assert (shown["starts_later"], shown["follow_ups"]["queued"]) == (2, 3)
    metrics = (await kindling.client.get("/metrics")).text.splitlines()
    for name, count in (("kindling_pending", 1), ("kindling_starts_later", 2)):
        assert sum(float(line.split()[-1]) for line in metrics if line.startswith(name + "{")) == count
    kindling.later(3 / 24)
    due = await kindling.get("/v1/status")
    assert (due["pending_events"], due["starts_later"]) == (3, 0)
    assert 3_600 < due["oldest_pending_seconds"] < 10_802
    with kindling.database.write() as connection:
        holding.set_held(connection, kindling.now, held=True)
    held = await kindling.get("/v1/status")
    assert (held["pending_events"], held["starts_later"]) == (0, 3)


async def test_metrics_count_events_and_time_requests_by_route(kindling: Installation) -> None:
    await kindling.send(
        {"id": "e", "type": "x", "contact": "ada"}, {"id": "e", "type": "x", "contact": "ada"}, 1
    )
    await kindling.get("/v1/contacts/ada")
    text = (await kindling.client.get("/metrics")).text
    for line in (
        'kindling_events_total{result="accepted"} 1.0',
        'kindling_events_total{result="duplicate"} 1.0',
        'kindling_events_total{result="rejected"} 1.0',
        'kindling_request_seconds_count{method="GET",route="/v1/contacts/{key}",status="200"} 1.0',
    ):
        assert line in text
    assert "ada" not in text


async def test_nothing_there_and_wrong_methods_are_problems(kindling: Installation) -> None:
    missing = await kindling.client.get("/v1/contcts")
    assert (missing.status_code, missing.json()["detail"]) == (
        404,
        "there is nothing at /v1/contcts; GET /openapi.json lists all calls",
    )
    wrong = await kindling.client.delete("/v1/status")
    assert (wrong.status_code, wrong.json()["detail"]) == (
        405,
        "DELETE is not possible at /v1/status; possible: GET",
    )
    assert wrong.headers["content-type"] == "application/problem+json"


async def test_without_a_key_only_this_machine_is_served(kindling: Installation) -> None:
    for host in ("127.0.0.1:8000", "localhost:8000", "[::1]:8000"):
        assert (await kindling.client.get("/v1/status", headers={"host": host})).status_code == 200
    for host in ("evil.example", "127.0.0.1.evil.example", "[", ""):
        refused = await kindling.client.get("/v1/status", headers={"host": host})
        assert refused.status_code == 403
        assert "is not served" in refused.json()["detail"]


async def test_pages_of_other_sites_cannot_make_a_browser_call(kindling: Installation) -> None:
    foreign = {"origin": "https://evil.example"}
    refused = await kindling.client.post("/v1/profiles/p/publish", headers=foreign)
    assert refused.status_code == 403
    own = await kindling.client.post("/v1/profiles/p/publish", headers={"origin": BASE})
    assert own.status_code == 404


async def test_with_a_key_every_call_but_health_needs_it(database: Database, tmp_path: Path) -> None:
    guarded = Installation(database, str(tmp_path), KINDLING_API_KEY="s3cret")
    async with guarded.client_for("https://kindling.example") as client:
        for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": "s3cret"}):
            refused = await client.get("/v1/status", headers=headers)
            assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
        assert (await client.get("/openapi.json")).status_code == 401
        assert (await client.get("/healthz")).status_code == 200
        assert (await client.get("/readyz")).json() == {"status": "ready"}
        allowed = await client.get("/v1/status", headers={"authorization": "Bearer s3cret"})
        assert allowed.status_code == 200


async def test_the_public_address_is_served_too(database: Database, tmp_path: Path) -> None:
    public = Installation(database, str(tmp_path), KINDLING_PUBLIC_URL="https://kindling.example")
    async with public.client_for("https://kindling.example") as client:
        assert (await client.get("/v1/status")).status_code == 200


async def test_a_database_that_is_gone_makes_the_process_unready(sqlite_url: str, tmp_path: Path) -> None:
    gone = Installation(Database(sqlite_url), str(tmp_path))
    async with gone.client:
        assert (await gone.client.get("/readyz")).status_code == 200
        gone.database.close()
        file = Path(gone.database.url.database or "")
        await asyncio.to_thread(file.unlink)
        await asyncio.to_thread(file.mkdir)
        answer = await gone.client.get("/readyz")
        assert answer.status_code == 503
        assert "cannot be reached" in answer.json()["detail"]
        assert (await gone.client.get("/healthz")).status_code == 200
    gone.database.close()


async def test_the_openapi_document_resolves_and_describes_every_call(kindling: Installation) -> None:
    document = await kindling.get("/openapi.json")
    references: list[str] = []

    def walk(part: object) -> None:
        if isinstance(part, dict):
            references.extend([part["$ref"]] if isinstance(part.get("$ref"), str) else [])
            for inner in part.values():
                walk(inner)
        elif isinstance(part, list):
            for inner in part:
                walk(inner)

    walk(document)
    schemas = document["components"]["schemas"]
    assert {reference.removeprefix("#/components/schemas/") for reference in references} <= set(schemas)
    calls = [call for path in document["paths"].values() for call in path.values()]
    assert all(call.get("summary") and call.get("description") for call in calls)
    assert "requestBody" in document["paths"]["/v1/events"]["post"]


async def test_many_clients_at_once_lose_nothing(kindling: Installation) -> None:
    async def one(number: int) -> int:
        events = [
            {"id": f"{n % 40}", "type": "x", "contact": f"c{n % 5}"} for n in range(number, number + 20)
        ]
        return int((await kindling.send(*events))["accepted"])

    accepted = await asyncio.gather(*(one(number) for number in range(0, 40, 4)))
    assert sum(accepted) == 40
    assert len((await kindling.get("/v1/contacts"))["items"]) == 5


@pytest.mark.parametrize(
    "path", ["/v1/enrollments?status=runing", "/v1/tasks?status=doing", "/v1/notifications?status=x"]
)
async def test_an_unknown_status_is_refused(kindling: Installation, path: str) -> None:
    answer = await kindling.client.get(path)
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith('"status" is never')


async def test_a_lock_of_another_program_is_answered_with_503_and_nothing_is_lost(
    sqlite_url: str, tmp_path: Path
) -> None:
    """A backup, or a shell that has begun to write: every call that writes says so and when to come again."""
    locked = Installation(Database(sqlite_url, patience=0.05), str(tmp_path))
    outsider = sqlite3.connect(locked.database.url.database or "", isolation_level=None)
    async with locked.client as client:
        await locked.send(*opened("ada"))
        outsider.execute("BEGIN IMMEDIATE")
        for method, path, body in (
            ("POST", "/v1/events", {"type": "x", "contact": "ada"}),
            ("PATCH", "/v1/contacts/ada", {"name": "Ada"}),
            ("DELETE", "/v1/contacts/ada", None),
        ):
            answer = await client.request(method, path, json=body)
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "2"), answer.text
            assert "locked by another program" in answer.json()["detail"]
        stream = await client.post(
            "/v1/events", content='{"type": "x", "contact": "ada"}', headers={"content-type": NDJSON}
        )
        assert stream.status_code == 503
        unready = await client.get("/readyz")
        assert (unready.status_code, unready.headers["retry-after"]) == (503, "2")
        assert "locked by another program" in unready.json()["detail"]
        assert (await client.get("/v1/contacts/ada")).status_code == 200
        outsider.execute("ROLLBACK")
        assert (await client.get("/readyz")).status_code == 200
        assert (await locked.send(*opened("ada")))["accepted"] == 1
        assert len((await locked.get("/v1/events", contact="ada", type="email.opened"))["items"]) == 2
    outsider.close()
    locked.database.close()


async def test_loops_that_were_stopped_are_in_the_status(kindling: Installation) -> None:
    await kindling.automate("sync", trigger={"event": "crm.updated"}, steps=[{"add_tag": "x"}])
    for contact, count in (("ada", 23), ("ben", 21), ("eve", 3)):
        await kindling.send(*({"type": "crm.updated", "contact": contact} for _ in range(count)))
    kindling.score()
    stopped = [{"automation": "sync", "contacts": 2, "skipped": 4}]
    assert (await kindling.get("/v1/status"))["loops"] == stopped
    kindling.later(2)
    assert (await kindling.get("/v1/status"))["loops"] == []


async def test_the_status_says_by_its_workers_what_becomes_of_messages(kindling: Installation) -> None:
    async def mail() -> tuple[str, str | None]:
        state = (await kindling.get("/v1/status"))["mail"]
        return state["state"], state["reason"]

    def seen(worker: WorkerSelf) -> None:
        kindling.database.run(lambda connection: status.see_worker(connection, worker, kindling.now))

    assert await mail() == ("unknown", None)
    seen(WorkerSelf("a", "host", 1, "no mail server is configured"))
    assert await mail() == ("recorded", "no mail server is configured")
    seen(WorkerSelf("b", "host", 2))
    assert await mail() == ("mixed", "no mail server is configured")
    kindling.database.run(lambda connection: status.forget_worker(connection, "a"))
    assert await mail() == ("sent", None)


async def test_digests_that_failed_for_good_are_in_the_status_for_a_week(kindling: Installation) -> None:
    values = {"opened_at": 0, "automations": {"hot": 3}, "counting": False, "next_at": 0, "held": 3}
    with kindling.database.write() as connection:
        for number, state in enumerate(("sent", "failed", "pending")):
            row = {"id": f"d{number}", "recipient": "sales", "due_at": kindling.now, "reason": "refused"}
            connection.execute(insert(DIGESTS).values(**values, **row, status=state))
    (lost,) = (await kindling.get("/v1/status"))["lost_digests"]
    assert lost == {
        "id": "d1",
        "recipient": "sales",
        "held": 3,
        "due_at": "2026-11-22T12:00:00.000000Z",
        "reason": "refused",
    }
    kindling.later(7.1)
    assert (await kindling.get("/v1/status"))["lost_digests"] == []
