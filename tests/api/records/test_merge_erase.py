"""Merging, erasing and revoking, over HTTP."""

from pathlib import Path
from typing import Any

from store.database import Database
from tests.api.installation import Installation, opened


async def test_merging_keeps_points_fields_and_opt_outs_and_the_old_key(kindling: Installation) -> None:
    await kindling.publish()
    await kindling.send(*opened("ada", 2), *opened("ben", 3))
    await kindling.client.patch("/v1/contacts/ada", json={"name": "Ada", "tags": ["x"], "dnd": ["email"]})
    await kindling.client.patch(
        "/v1/contacts/ben",
        json={"name": "Ben", "phone": "1", "tags": ["y"], "dnd": ["sms"], "fields": {"a": 1}},
    )
    kindling.score()
    merged = await kindling.client.post("/v1/contacts/ben/merge", json={"into": "ada"})
    assert merged.status_code == 200, merged.text
    assert {name: merged.json()[name] for name in ("key", "name", "phone", "tags", "dnd", "fields")} == {
        "key": "ada",
        "name": "Ada",
        "phone": "1",
        "tags": ["x", "y"],
        "dnd": ["email", "sms"],
        "fields": {"a": 1},
    }
    kindling.score()
    assert (await kindling.get("/v1/contacts/ben"))["key"] == "ada"
    await kindling.send(*opened("ben"))
    kindling.score()
    score = await kindling.get("/v1/contacts/ben/scores/engagement")
    assert (score["contact"], score["score"], score["history"][1]["cause"]) == ("ada", 6, "merge")
    assert [row["key"] for row in (await kindling.get("/v1/contacts"))["items"]] == ["ada"]
    assert (await kindling.get("/v1/status"))["pending_events"] == 0
    moments = (await kindling.get("/v1/contacts/ada/timeline"))["items"]
    changes = [moment["change"] for moment in moments if moment["kind"] == "change"]
    assert sorted(change["current"] for change in changes) == [1, 1, 2, 2, 3, 5, 6]


async def test_wrong_merges_are_refused(kindling: Installation) -> None:
    await kindling.send(*opened("ada"))
    merge = "/v1/contacts/ada/merge"
    assert (await kindling.client.post(merge, json={"into": "ada"})).status_code == 409
    assert (await kindling.client.post(merge, json={"into": "none"})).status_code == 404
    assert (await kindling.client.post("/v1/contacts/none/merge", json={"into": "ada"})).status_code == 404
    wrong: tuple[Any, ...] = ({}, {"into": 1}, {"into": "ada", "x": 1}, [])
    for body in wrong:
        assert (await kindling.client.post(merge, json=body)).status_code == 422


async def test_an_erased_contact_is_gone_with_all_that_named_it(kindling: Installation) -> None:
    await kindling.publish()
    await kindling.automate()
    await kindling.send(*opened("ada", 6), *opened("ben", 6))
    kindling.score()
    assert (await kindling.client.delete("/v1/contacts/ada")).status_code == 204
    assert (await kindling.client.get("/v1/contacts/ada")).status_code == 404
    assert (await kindling.client.delete("/v1/contacts/ada")).status_code == 404
    assert {row["contact"] for row in (await kindling.get("/v1/enrollments"))["items"]} == {"ben"}
    assert {row["contact"] for row in (await kindling.get("/v1/events"))["items"]} == {"ben"}
    await kindling.send(*opened("ada"))
    kindling.score()
    assert (await kindling.get("/v1/contacts/ada/scores"))["items"][0]["score"] == 1


async def test_an_erased_address_is_in_no_file_any_more(sqlite_url: str, tmp_path: Path) -> None:
    """Not in the database's free pages, and not in its write-ahead file either."""
    kindling = Installation(Database(sqlite_url), str(tmp_path / "home"))
    files = Path(kindling.database.url.database or "").parent
    secret = "nobody-b7c1@kindling.example"

    def holding() -> list[str]:
        paths = [path for path in files.iterdir() if path.is_file() and b"b7c1" in path.read_bytes()]
        return [path.name for path in paths]

    async with kindling.client as client:
        await kindling.publish()
        for number in range(60):
            person = f"{number}-{secret}"
            await kindling.send(*opened(person, 3, properties={"to": person}))
            answer = await client.patch(f"/v1/contacts/{person}", json={"email": person, "name": secret})
            assert answer.status_code == 200, answer.text
        kindling.score()
        assert holding() != []
        for number in range(60):
            assert (await client.delete(f"/v1/contacts/{number}-{secret}")).status_code == 204
        assert holding() == []
    kindling.database.close()


async def revoke(kindling: Installation, event_id: str) -> Any:
    answer = await kindling.client.delete(f"/v1/events/{event_id}")
    assert answer.status_code == 202, answer.text
    kindling.score()
    return answer.json()


async def test_a_revoked_event_is_shown_as_such_and_stays_a_duplicate(kindling: Installation) -> None:
    await kindling.publish()
    await kindling.send(*opened("ada", id="e-1"), *opened("ada"))
    kindling.score()
    assert (await revoke(kindling, "e-1"))["status"] == "revoked"
    assert (await revoke(kindling, "e-1"))["status"] == "revoked"
    score = await kindling.get("/v1/contacts/ada/scores/engagement")
    assert (score["score"], score["history"][0]["cause"], score["history"][0]["event"]["id"]) == (
        1,
        "revoke",
        "e-1",
    )
    assert (await kindling.send(*opened("ada", id="e-1")))["duplicates"] == 1
    assert (await kindling.client.delete("/v1/events/none")).status_code == 404
    internal = (await kindling.get("/v1/events", type="contact.created"))["items"][0]["id"]
    assert (await kindling.client.delete(f"/v1/events/{internal}")).status_code == 409


async def test_all_events_of_an_import_are_revoked_and_no_others(kindling: Installation) -> None:
    await kindling.publish()
    await kindling.send(*opened("ada"))
    events = kindling.application.events
    events.take(
        [{"type": "email.opened", "contact": "ada", "id": f"f:{n}"} for n in range(5)], source="f.csv"
    )
    events.take(
        [{"type": "email.opened", "contact": "ada", "id": f"g:{n}"} for n in range(2)], source="g.csv"
    )
    kindling.score()
    listed = (await kindling.get("/v1/imports"))["items"]
    assert [(row["name"], row["events"], row["revoked"]) for row in listed] == [
        ("f.csv", 5, 0),
        ("g.csv", 2, 0),
    ]
    answer = await kindling.client.delete("/v1/imports/f.csv")
    assert (answer.status_code, answer.json()) == (202, {"revoked": 5})
    kindling.score()
    assert (await kindling.get("/v1/contacts/ada/scores"))["items"][0]["score"] == 3
    assert (await kindling.client.delete("/v1/imports/f.csv")).json() == {"revoked": 0}
    assert (await kindling.client.delete("/v1/imports/h.csv")).status_code == 404
