"""API keys: shown once, stored as hashes, revoked at once, over when they say so."""

import re

import pytest

from conditions.times import DAY, HOUR
from runtime.principals import LOCAL
from services.access.tokens import new_key
from store.access import keys as stored
from tests.api.access.principals import key_of
from tests.api.installation import Installation

PASSWORD = "tiger-lamp-42-orbit"


async def test_a_key_is_shown_once_and_only_its_hash_is_stored(kindling: Installation) -> None:
    answer = await kindling.client.post("/v1/keys", json={"name": "crm", "permissions": ["read", "ingest"]})
    assert answer.status_code == 201, answer.text
    made = answer.json()
    key = made.pop("key")
    assert re.fullmatch(r"kindling_[0-9a-f]{10}_[0-9a-f]{64}", key)
    assert key.startswith(made["prefix"])
    assert (made["name"], made["permissions"], made["made_by"]) == ("crm", ["ingest", "read"], "local")
    assert "kindling people add" in made.pop("announcement")
    bearer = {"authorization": f"Bearer {await _admin(kindling)}"}
    listed = (await kindling.client.get("/v1/keys", headers=bearer)).json()["items"]
    assert made in listed
    with kindling.database.read() as connection:
        row = stored.by_prefix(connection, made["prefix"])
    assert row is not None
    assert key.rpartition("_")[2] not in repr(dict(row))


async def _admin(kindling: Installation) -> str:
    return key_of(kindling, "admin")["authorization"].removeprefix("Bearer ")


async def test_the_first_key_closes_the_door_on_this_machine_too_and_revoking_it_does_not_open_it(
    kindling: Installation,
) -> None:
    assert (await kindling.client.get("/v1/contacts")).status_code == 200
    made = (await kindling.client.post("/v1/keys", json={"name": "a", "permissions": ["admin"]})).json()
    assert (await kindling.client.get("/v1/contacts")).status_code == 401
    bearer = {"authorization": f"Bearer {made['key']}"}
    revoked = await kindling.client.delete(f"/v1/keys/{made['id']}", headers=bearer)
    assert revoked.status_code == 200
    assert revoked.json()["revoked_at"] is not None
    assert (await kindling.client.get("/v1/session", headers=bearer)).status_code == 401
    assert (await kindling.client.get("/v1/contacts")).status_code == 401


async def test_only_the_first_is_announced(kindling: Installation) -> None:
    keys = kindling.application.access.keys
    first = keys.add({"name": "one", "permissions": ["read"]}, LOCAL)
    second = keys.add({"name": "two", "permissions": ["read"]}, LOCAL)
    assert first.announcement is not None
    assert second.announcement is None
    people = kindling.application.access.people
    assert people.add({"key": "ada", "name": "Ada", "role": "sales"}, LOCAL).announcement is None


async def test_a_key_ends_when_it_says_so(kindling: Installation) -> None:
    bearer = key_of(kindling, "read", ends_at="2d")
    assert (await kindling.client.get("/v1/contacts", headers=bearer)).status_code == 200
    kindling.now += 2 * DAY - 1
    assert (await kindling.client.get("/v1/contacts", headers=bearer)).status_code == 200
    kindling.now += 1
    assert (await kindling.client.get("/v1/contacts", headers=bearer)).status_code == 401


async def test_its_last_use_is_kept_to_the_hour_so_that_calls_write_nothing(kindling: Installation) -> None:
    bearer = key_of(kindling, "admin", "read")
    uses = []
    for after in (0, 1, HOUR // 2, HOUR):
        kindling.now += after
        await kindling.client.get("/v1/contacts", headers=bearer)
        uses.append(
            (await kindling.client.get("/v1/keys", headers=bearer)).json()["items"][0]["last_used_at"]
        )
    assert uses == ["2026-11-22T12:00:00.000000Z"] * 3 + ["2026-11-22T13:00:00.000000Z"]


@pytest.mark.parametrize(
    ("body", "pointer", "message"),
    [
        ({"permissions": ["read"]}, "/name", "missing"),
        ({"name": " ", "permissions": ["read"]}, "/name", "which system"),
        ({"name": "a", "permissions": []}, "/permissions", "not be empty"),
        ({"name": "a", "permissions": ["root"]}, "/permissions/0", "ingest"),
        ({"name": "a", "permissions": ["read"], "ends_at": "yesterday"}, "/ends_at", "time ahead"),
        ({"name": "a", "permissions": ["read"], "ends_at": "2020-01-01"}, "/ends_at", "time ahead"),
        ({"name": "a", "permissions": ["read"], "role": "x"}, "/role", "unknown key"),
        ([], "", "send a key"),
    ],
)
async def test_a_mistake_is_named_and_no_key_is_made(
    kindling: Installation, body: object, pointer: str, message: str
) -> None:
    answer = await kindling.client.post("/v1/keys", json=body)
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert error["pointer"] == pointer
    assert message in error["message"]
    assert (await kindling.client.get("/v1/keys")).json()["items"] == []


async def test_keys_are_revoked_by_name_where_one_has_it(kindling: Installation) -> None:
    keys = kindling.application.access.keys
    one = keys.add({"name": "crm", "permissions": ["read"]}, LOCAL)
    keys.add({"name": "crm", "permissions": ["read"]}, LOCAL)
    admin = key_of(kindling, "admin")
    assert (await kindling.client.delete("/v1/keys/crm", headers=admin)).status_code == 409
    assert (await kindling.client.delete("/v1/keys/nobody", headers=admin)).status_code == 404
    assert (await kindling.client.delete(f"/v1/keys/{one.prefix}", headers=admin)).status_code == 200
    assert (await kindling.client.delete("/v1/keys/crm", headers=admin)).status_code == 200


async def test_the_key_of_another_with_the_same_beginning_opens_nothing(kindling: Installation) -> None:
    made = kindling.application.access.keys.add({"name": "a", "permissions": ["read"]}, LOCAL)
    forged = made.key[:-1] + ("0" if made.key[-1] != "0" else "1")
    other = f"{made.prefix}_{new_key()[0].rpartition('_')[2]}"
    for key in (forged, other, made.prefix, made.key.upper(), f"{made.key}\x00"):
        assert kindling.application.access.of_key(key) is None, key
    assert kindling.application.access.of_key(made.key) is not None
