"""What a database knows of records and events is what definitions are held against."""

from typing import Any

import pytest

from store.database import Database
from tests.api.installation import Installation, opened

FIELDS = {"applies_to": "contact", "rules": [{"key": "r", "while": {"cityy": {"equal": "x"}}, "points": 1}]}


@pytest.fixture
def kindling(database: Database, tmp_path: Any) -> Installation:
    return Installation(database, str(tmp_path))


async def warned(kindling: Installation, **document: Any) -> dict[str, str]:
    saved = await kindling.client.put("/v1/profiles/other", json=document)
    assert saved.status_code in (200, 201), saved.text
    return {warning["pointer"]: warning["message"] for warning in saved.json().get("warnings", [])}


async def test_a_fresh_installation_claims_nothing(kindling: Installation) -> None:
    assert await warned(kindling, **FIELDS) == {}
    assert await warned(kindling, rules=[{"key": "r", "on": "email.opened", "points": 1}]) == {}
    await kindling.client.put("/v1/contacts/ada", json={"tags": ["x"]})
    assert await warned(kindling, rules=[{"key": "r", "on": "email.opened", "points": 1}]) == {}


async def test_what_records_have_and_events_were_is_known(kindling: Installation) -> None:
    await kindling.client.put("/v1/contacts/ada", json={"fields": {"city": "x"}, "tags": ["partner"]})
    await kindling.client.put("/v1/deals/d", json={"contact": "ada", "fields": {"size": 3}})
    await kindling.send(*opened("ada"))
    rules = [
        {"key": "a", "while": {"cityy": {"equal": "x"}, "city": {"equal": "x"}}, "points": 1},
        {"key": "b", "on": "email.opend", "where": {"deal.sizes": {"greater": 1}}, "points": 1},
        {"key": "c", "while": {"tags": {"has": "partnr"}}, "points": 1},
    ]
    warnings = await warned(kindling, rules=rules)
    assert {pointer: message.partition("; ")[2] for pointer, message in warnings.items()} == {
        "/rules/0/while/cityy": 'did you mean "city"?',
        "/rules/1/on": 'did you mean "email.opened"?',
        "/rules/1/where/deal.sizes": 'did you mean "size"?',
        "/rules/2/while/tags/has": 'did you mean "partner"?',
    }


async def test_names_that_most_contacts_lack_are_counted(kindling: Installation) -> None:
    automation = {"trigger": {"event": "x"}, "steps": [{"create_task": {"title": "{{ contact.name }}"}}]}
    for key in ("ada", "ben", "eve"):
        await kindling.client.put(f"/v1/contacts/{key}", json={"name": "Ada"} if key == "ada" else {})
    saved = await kindling.client.put("/v1/automations/a", json=automation)
    messages = [warning["message"] for warning in saved.json()["warnings"]]
    assert any(message.startswith("2 of 3 contacts have no name") for message in messages)


async def test_bands_are_read_in_the_order_of_their_bounds(kindling: Installation) -> None:
    bands = {"hot": 50, "cold": None, "warm": 20}
    rules = [{"key": "r", "on": "x", "points": 1}]
    await kindling.publish("p", bands=bands, rules=rules)
    assert list((await kindling.get("/v1/profiles/p"))["bands"]) == ["cold", "warm", "hot"]
    (version,) = (await kindling.get("/v1/profiles/p/versions"))["items"]
    assert list(version["definition"]["bands"]) == ["cold", "warm", "hot"]
    await kindling.client.put("/v1/profiles/p", json={"bands": {**bands, "mild": 10}, "rules": rules})
    diff = (await kindling.get("/v1/profiles/p/compare"))["diff"].splitlines()
    assert diff[4:7] == ["   cold:", "+  mild: 10", "   warm: 20"]
