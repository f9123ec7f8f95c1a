"""Any id or key finds its thing, by whichever name somebody has come across it."""

from typing import Any

import pytest
from sqlalchemy import insert, select, update

from runtime.messages import PublishInput
from store.follow_ups.enrollments import ENROLLMENTS
from store.follow_ups.messages import NOTIFICATIONS, WEBHOOKS
from store.follow_ups.tasks import TASKS
from tests.api.installation import Installation, opened


async def find(kindling: Installation, text: Any) -> list[tuple[str, str, Any]]:
    """(kind, by, key or id) of what is found."""
    items = (await kindling.get("/v1/find", q=text))["items"]
    assert all(set(item) == {"kind", "by", item["kind"]} for item in items)
    found = [(item["kind"], item["by"], item[item["kind"]]) for item in items]
    return [(kind, by, one.get("key", one.get("id", one.get("shard")))) for kind, by, one in found]


async def enrolled(kindling: Installation) -> str:
    """The id of the enrollment of Ada, who has an e-mail address and a deal."""
    await kindling.publish()
    await kindling.automate()
    await kindling.client.put("/v1/contacts/ada", json={"email": "Ada@Example.com"})
    await kindling.client.put("/v1/deals/d1", json={"contact": "ada"})
    await kindling.send(*opened("ada", 5, id=None))
    kindling.score()
    (item,) = (await kindling.get("/v1/enrollments"))["items"]
    found: str = item["id"]
    return found


async def test_records_are_found_by_key_by_our_id_and_by_address(kindling: Installation) -> None:
    await enrolled(kindling)
    number = (await kindling.get("/v1/contacts/ada"))["id"]
    deal = (await kindling.get("/v1/deals/d1"))["id"]
    assert await find(kindling, "ada") == [("contact", "key", "ada")]
    assert ("contact", "id", "ada") in await find(kindling, number)
    assert await find(kindling, " ADA@example.com ") == [("contact", "email", "ada")]
    assert await find(kindling, "d1") == [("deal", "key", "d1")]
    assert ("deal", "id", "d1") in await find(kindling, deal)
    assert await find(kindling, f"deal-{deal}") == [("deal", "id", "d1")]
    assert await find(kindling, "nobody") == []
    assert await find(kindling, "9" * 18) == []


async def test_a_number_that_is_a_key_and_an_id_finds_both(kindling: Installation) -> None:
    await kindling.client.put("/v1/contacts/ada", json={})
    number = (await kindling.get("/v1/contacts/ada"))["id"]
    await kindling.client.put(f"/v1/contacts/{number}", json={})
    assert await find(kindling, number) == [("contact", "key", str(number)), ("contact", "id", "ada")]


async def test_who_was_merged_is_found_as_who_took_over_once(kindling: Installation) -> None:
    for key in ("ada", "lovelace"):
        await kindling.client.put(f"/v1/contacts/{key}", json={})
    number = (await kindling.get("/v1/contacts/lovelace"))["id"]
    await kindling.client.post("/v1/contacts/lovelace/merge", json={"into": "ada"})
    assert await find(kindling, "lovelace") == [("contact", "key", "ada")]
    assert await find(kindling, number) == [("contact", "id", "ada")]


async def test_follow_ups_are_found_as_temporal_names_them(kindling: Installation) -> None:
    enrollment = await enrolled(kindling)
    assert await find(kindling, enrollment) == [("enrollment", "id", enrollment)]
    address = "http://127.0.0.1:8000/temporal/namespaces/default/workflows"
    for named in (
        f"follow-up-{enrollment}",
        f"follow-up-{enrollment}-2",
        f"{address}/follow-up-{enrollment}",
        f"{address}/follow-up-{enrollment}/0197-run/history?x=1",
    ):
        assert await find(kindling, named) == [("enrollment", "workflow", enrollment)]
    assert await find(kindling, "follow-up-") == []


async def test_other_workflows_lead_to_the_profile_and_the_shard(kindling: Installation) -> None:
    await kindling.client.put("/v1/profiles/p", json={"rules": [{"key": "r", "on": "x", "points": 1}]})
    await kindling.client.post("/v1/profiles/p/publish")
    publish: PublishInput = kindling.publishes[0]
    assert await find(kindling, f"publish-{publish.publication_id}") == [("profile", "workflow", "p")]
    assert await find(kindling, "kindling-shard-3") == [("shard", "workflow", 3)]
    assert await find(kindling, "kindling-shard-99") == []


async def test_what_happened_is_found_by_its_id_and_read_at_its_own_address(kindling: Installation) -> None:
    enrollment = await enrolled(kindling)
    kindling.later()
    about = {"enrollment_id": enrollment, "path": "0", "automation_id": 1, "created_at": kindling.now}
    with kindling.database.write() as connection:
        contact = connection.execute(select(ENROLLMENTS.c.contact_id)).scalar_one()
        about["contact_id"] = contact
        connection.execute(
            insert(TASKS).values(
                id="t1", **about, title="Call", description="", status="open", updated_at=kindling.now
            )
        )
        text = {"recipient": "sales", "targets": [], "subject": "s", "message": "m", "status": "recorded"}
        connection.execute(insert(NOTIFICATIONS).values(id="n1", **about, **text))
        call = {"method": "POST", "url": "https://a.example", "headers": {}, "body": "", "status": "recorded"}
        connection.execute(insert(WEBHOOKS).values(id="w1", **about, **call))
    await kindling.send({"id": "e1", "type": "x", "contact": "ada"})
    await kindling.client.patch("/v1/contacts/ada", json={"stage": "demo"})
    changed = (await kindling.get("/v1/events", type="stage.changed"))["items"][0]["id"]
    for kind, of, found in (
        ("task", "tasks", "t1"),
        ("notification", "notifications", "n1"),
        ("webhook", "webhooks", "w1"),
        ("event", "events", "e1"),
        ("event", "events", changed),
        ("enrollment", "enrollments", enrollment),
    ):
        assert await find(kindling, found) == [(kind, "id", found)]
        one = await kindling.get(f"/v1/{of}/{found}")
        assert (one["id"], one["contact"]) == (found, "ada")
        missing = await kindling.client.get(f"/v1/{of}/none")
        assert missing.status_code == 404
        assert f'no {kind} "none"' in missing.json()["detail"]
    assert (await kindling.get(f"/v1/events/{changed}/points"))["event"]["id"] == changed
    assert await find(kindling, "hot") == [("automation", "key", "hot")]
    assert await find(kindling, "engagement") == [("profile", "key", "engagement")]


async def test_what_is_left_of_somebody_erased_is_not_found(kindling: Installation) -> None:
    enrollment = await enrolled(kindling)
    await kindling.client.delete("/v1/contacts/ada")
    for text in ("ada", "d1", "ada@example.com", enrollment, f"follow-up-{enrollment}"):
        assert await find(kindling, text) == []
    assert (await kindling.client.get(f"/v1/enrollments/{enrollment}")).status_code == 404


async def test_a_bulk_job_is_found_by_its_id_and_its_workflow(kindling: Installation) -> None:
    begun = await kindling.client.post("/v1/bulk", json={"action": "tag", "tag": "hot", "contacts": {}})
    job = begun.json()["id"]
    assert await find(kindling, job) == [("bulk_job", "id", job)]
    assert await find(kindling, f"bulk-{job}") == [("bulk_job", "workflow", job)]
    assert await find(kindling, "bulk-x") == []


@pytest.mark.parametrize("text", ["", "a" * 1_001])
async def test_what_can_be_no_key_is_refused(kindling: Installation, text: str) -> None:
    assert (await kindling.client.get("/v1/find", params={"q": text})).status_code == 422


async def test_enrollments_that_try_again_are_listed_and_counted_apart(kindling: Installation) -> None:
    await kindling.publish()
    await kindling.automate()
    for contact in ("ada", "ben", "eve"):
        await kindling.send(*opened(contact, 5))
    kindling.score()
    ids = sorted(item["id"] for item in (await kindling.get("/v1/enrollments"))["items"])
    values: dict[str, Any] = {"status": "running", "step": "1", "started_at": kindling.now}
    with kindling.database.write() as connection:
        connection.execute(update(ENROLLMENTS).where(ENROLLMENTS.c.id.in_(ids[:2])).values(**values))
        again = {"tries": 2, "next_attempt_at": kindling.now + 60_000_000, "last_error": "refused"}
        connection.execute(update(ENROLLMENTS).where(ENROLLMENTS.c.id.in_(ids[1:])).values(**again))
    counts = (await kindling.get("/v1/status"))["follow_ups"]
    assert (counts["queued"], counts["running"], counts["retrying"]) == (1, 1, 1)
    (retrying,) = (await kindling.get("/v1/enrollments", status="retrying"))["items"]
    assert (retrying["id"], retrying["status"], retrying["retrying"]) == (ids[1], "running", True)
    assert (retrying["step"], retrying["step_place"], retrying["step_title"]) == ("1", "2", "add tag hot")
    assert retrying["next_attempt_at"] == "2026-11-22T12:01:00.000000Z"
    both = (await kindling.get("/v1/enrollments", status="running"))["items"]
    assert {item["id"]: item["retrying"] for item in both} == {ids[0]: False, ids[1]: True}
    refused = await kindling.client.get("/v1/enrollments", params={"status": "retriyng"})
    assert 'did you mean "retrying"' in refused.json()["detail"]
